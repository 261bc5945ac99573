import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("forged index file")
struct SnapshotForgeryTests {
    private let folder: TemporaryFolder
    private let sound: IndexFileBytes
    private let layout = RecordLayout(dimension: 9, connectivity: 4)

    init() throws {
        folder = try TemporaryFolder()
        sound = try .sample()
    }

    /// Where the links of an item lie.
    private func links(_ item: Int) -> Int {
        sound.offset(of: .records) + item * layout.stride + layout.linksPosition
    }

    private func scale(_ item: Int) -> Int {
        sound.offset(of: .records) + item * layout.stride + layout.scalePosition
    }

    /// What is found in a file with right checksums and something wrong in it, and that it can only be looked at.
    private func fault(_ forged: IndexFileBytes) throws -> FileFault? {
        let forged = forged.resealed()
        let found = try FileFault.of(forged, in: folder)
        guard found != nil, let index = try? forged.load(in: folder) else { return found }
        let path = try folder("saved")
        let query = [1] + [Float](repeating: 0, count: index.dimension - 1)
        #expect(throws: SnapshotError.self) { try index.save(to: path, identity: IndexFileBytes.identity) }
        #expect(throws: NeighborSearchError.self) { try index.insert(key: 99, vector: query) }
        #expect(throws: NeighborSearchError.self) { try index.insert([(key: 99, vector: query)], threads: 2) }
        #expect(throws: NeighborSearchError.self) { try index.remove(key: 1) }
        #expect(index.count == IndexFileBytes.count && !index.contains(99))
        #expect(try fileNames(in: folder.path) == ["damaged"])
        return found
    }

    private func fault(storing value: UInt64, at offset: Int, width: Int = 4) throws -> FileFault? {
        try fault(sound.storing(value, at: offset, width: width))
    }

    @Test("levels that are too high, or do not fit the links, are refused when the file is loaded")
    func levels() throws {
        let levels = sound.offset(of: .levels)
        #expect(
            try fault(storing: 33, at: levels + 2, width: 1)
                == .refusedByLoad(.levelOutOfRange(slot: 2, found: 33, allowed: 32))
        )
        let size = sound.length(of: .upperLinks)
        let raised = UInt64(sound.bytes[levels + 2]) + 1
        #expect(
            try fault(storing: raised, at: levels + 2, width: 1)
                == .refusedByLoad(
                    .misplacedSection(index: 3, field: "length", found: size, expected: size + 16)
                )
        )
    }

    @Test("links of the bottom layer that lead nowhere are refused by the first search")
    func bottomLinks() throws {
        #expect(
            try fault(storing: 66, at: links(40))
                == .refusedBySearch(
                    .brokenGraph(.linkOutOfRange(slot: 40, layer: 0, found: 66, slotCount: 66))
                )
        )
        #expect(
            try fault(storing: 40, at: links(40))
                == .refusedBySearch(.brokenGraph(.linkToItself(slot: 40, layer: 0)))
        )
        #expect(
            try fault(storing: UInt64(noSlot), at: links(40))
                == .refusedBySearch(.brokenGraph(.gapInLinks(slot: 40, layer: 0)))
        )
        let first = sound.integer(at: links(40), width: 4)
        #expect(
            try fault(storing: first, at: links(40) + 4)
                == .refusedByVerify(.brokenGraph(.repeatedLink(slot: 40, layer: 0, target: Int(first))))
        )
    }

    @Test("links of the upper layers that lead nowhere are refused when the file is loaded")
    func upperLinks() throws {
        let levels = (0..<66).map { sound.bytes[sound.offset(of: .levels) + $0] }
        let upper = levels.firstIndex { $0 > 0 }!
        let ground = levels.firstIndex(of: 0)!
        let place = sound.offset(of: .upperLinks)
        #expect(
            try fault(storing: 66, at: place)
                == .refusedByLoad(
                    .brokenGraph(.linkOutOfRange(slot: upper, layer: 1, found: 66, slotCount: 66))
                )
        )
        #expect(
            try fault(storing: UInt64(ground), at: place)
                == .refusedByLoad(
                    .brokenGraph(.linkAboveLevel(slot: upper, layer: 1, target: ground, targetLevel: 0))
                )
        )
    }

    @Test(
        "scales and offsets that do not belong to the code are refused by the first search",
        arguments: Metric.allCases
    )
    func scales(metric: Metric) throws {
        let sound = try IndexFileBytes.sample(metric)
        let (scale, offset) = (
            Float(bitPattern: UInt32(sound.integer(at: scale(40), width: 4))),
            Float(bitPattern: UInt32(sound.integer(at: scale(40) + 4, width: 4)))
        )
        for wrong in [.nan, .infinity, -scale, 2e30] as [Float] {
            let found = try fault(sound.storing(UInt64(wrong.bitPattern), at: self.scale(40), width: 4))
            guard case .refusedBySearch(.invalidScale(slot: 40, _, let stored)) = found else {
                Issue.record("scale \(wrong): \(String(describing: found))")
                continue
            }
            #expect(stored == offset)
        }
        for wrong in [.nan, .infinity, -.infinity, offset - 1] as [Float] {
            let found = try fault(sound.storing(UInt64(wrong.bitPattern), at: self.scale(40) + 4, width: 4))
            guard case .refusedBySearch(.invalidScale(slot: 40, scale, _)) = found else {
                Issue.record("offset \(wrong): \(String(describing: found))")
                continue
            }
        }
        // Euclidean vectors taken for unit vectors, and the reverse.
        let other = UInt64(metric == .cosine ? Metric.euclidean.rawValue : Metric.cosine.rawValue)
        guard case .refusedBySearch(.invalidScale) = try fault(sound.storing(other, at: 24, width: 4)) else {
            Issue.record("another metric")
            return
        }
    }

    @Test("a tree that is none is refused by the first change, and by verifying")
    func tree() throws {
        func parent(_ item: Int) -> Int { sound.offset(of: .parents) + 4 * item }
        let root = Int(sound.integer(at: 84, width: 4))
        let item = (root + 20) % 66
        for wrong in [66, UInt64(item), 0x8000_0000] {
            #expect(
                try fault(storing: wrong, at: parent(item))
                    == .refusedByVerify(
                        .brokenGraph(.parentOutOfRange(slot: item, found: Int(wrong), slotCount: 66))
                    )
            )
        }
        #expect(
            try fault(storing: UInt64(noSlot), at: parent(item))
                == .refusedByVerify(.brokenGraph(.noWayToRoot(slot: item, root: root)))
        )
        #expect(
            try fault(storing: 66, at: 84)
                == .refusedByVerify(.brokenGraph(.parentOutOfRange(slot: 66, found: 66, slotCount: 66)))
        )
        // Two that call each other parent, without a way to the root.
        let above = Int(sound.integer(at: parent(item), width: 4))
        let circle = sound.storing(UInt64(item), at: parent(above == root ? item : above), width: 4)
        guard case .refusedByVerify(.brokenGraph) = try fault(circle) else {
            Issue.record("a circle")
            return
        }
        // A parent that does not link back: its last link is taken from the list.
        let last = (0..<layout.baseWidth).last {
            sound.integer(at: links(item) + 4 * $0, width: 4) != noSlot
        }!
        var cut = sound
        for place in 0...last {
            cut.store(UInt64(noSlot), at: links(item) + 4 * place, width: 4)
        }
        guard case .refusedByVerify(.brokenGraph(.parentNotLinked)) = try fault(cut) else {
            Issue.record("an item without links")
            return
        }
    }

    @Test("a key held twice, and a block checksum of another block, are refused")
    func keysAndBlocks() throws {
        let keys = sound.offset(of: .keys)
        let key = sound.integer(at: keys + 8 * 7, width: 8)
        #expect(
            try fault(storing: key, at: keys + 8 * 8, width: 8)
                == .refusedByLoad(.repeatedKey(key: key, slots: [7, 8]))
        )
        let names = ["records", "records", "records", "low bytes", "low bytes", "low bytes"]
        for (place, name) in names.enumerated() {
            var forged = sound
            forged.store(4711, at: sound.offset(of: .blockChecksums) + 8 * place, width: 8)
            forged.sealSections()
            let found = try FileFault.of(forged, in: folder)
            guard case .refusedBySearch(.damagedBlock(section: name, block: place % 3, _, 4711)) = found
            else {
                Issue.record("\(name) \(place): \(String(describing: found))")
                continue
            }
        }
    }

    @Test(
        "random bytes under right checksums are refused, or the index can be searched, changed and saved safely"
    )
    func randomContent() throws {
        var generator = SeededGenerator(seed: 44)
        var accepted = 0
        // Where content lies, so that few changes are of padding.
        let places = Array(12..<128) + Array(512..<736) + sound.contentOffsets
        for round in 0..<150 {
            var forged = sound
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let byte =
                    UInt8.random(in: 0...255, using: &generator) >> UInt8.random(in: 0...7, using: &generator)
                forged.bytes[places.randomElement(using: &generator)!] = byte
            }
            guard let index = try? forged.resealed().load(in: folder) else { continue }
            let query = generator.unitVector(index.dimension)
            // Before anything is verified: refused, or full and in order.
            if let answer = try? index.graphNearest(to: query, count: 66, beamWidth: 66) {
                expectWellFormed(answer, count: answer.neighbors.count)
            }
            if let answer = try? index.nearest(to: query, count: 66) {
                expectWellFormed(answer, count: index.count)
            }
            let isSound = (try? index.verify()) != nil
            accepted += isSound ? 1 : 0
            let path = try folder("saved")
            #expect(isSound == ((try? index.save(to: path, identity: IndexFileBytes.identity)) != nil))
            #expect(isSound == ((try? index.insert(key: 77, vector: query)) != nil))
            #expect(isSound == ((try? index.remove(key: 1)) != nil), "round \(round)")
            if isSound { try index.checkInvariants() }
        }
        // Changed keys and low bytes are not to be told from honest ones.
        #expect(accepted > 5 && accepted < 145)
    }
}
