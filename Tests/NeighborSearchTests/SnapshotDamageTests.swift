import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("damaged index file")
struct SnapshotDamageTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let queries = clusteredVectors(4, dimension: 9, seed: 46)

    /// What an index answers to some queries: the neighbours, or that it refuses.
    private func answers(_ index: HNSWIndex) throws -> [[Neighbor]?] {
        func ask(_ search: () throws(NeighborSearchError) -> SearchAnswer) throws -> [Neighbor]? {
            do throws(NeighborSearchError) {
                return try search().neighbors
            } catch {
                guard case .damaged = error else { throw error }
                return nil
            }
        }
        return try Self.queries.flatMap { query in
            [
                try ask { () throws(NeighborSearchError) in
                    try index.graphNearest(to: query, count: 3, beamWidth: 3)
                },
                try ask { () throws(NeighborSearchError) in try index.exactNearest(to: query, count: 3) },
            ]
        }
    }

    @Test(
        "of bytes damaged at 2,000 random places each is refused, and until then every answer is that of the sound file",
        arguments: 0..<8
    )
    func randomDamage(part: Int) throws {
        let sound = try IndexFileBytes.sample(part % 2 == 0 ? .cosine : .euclidean)
        let truth = try answers(sound.load(in: folder))
        #expect(truth.allSatisfy { $0?.count == 3 })
        let file = try FileDescriptor.open(folder("damaged"), .readWrite)
        defer { try? file.close() }
        // Three quarters of the damage where content is, which padding between sections outweighs.
        let content = sound.contentOffsets
        var generator = SeededGenerator(seed: UInt64(47 + part))
        for round in 0..<250 {
            let anywhere = Int.random(in: 0..<sound.bytes.count, using: &generator)
            let offset = round % 4 == 0 ? anywhere : content.randomElement(using: &generator)!
            let byte = sound.bytes[offset] ^ UInt8.random(in: 1...255, using: &generator)
            _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [byte])
            defer { _ = try? file.writeAll(toAbsoluteOffset: Int64(offset), [sound.bytes[offset]]) }
            let index: HNSWIndex
            do {
                index = try HNSWIndex.load(from: folder("damaged")).index
            } catch {
                #expect(error is SnapshotError)
                continue
            }
            for (answer, expected) in zip(try answers(index), truth) {
                #expect(answer == nil || answer == expected, "byte \(offset)")
            }
            #expect(throws: SnapshotError.self, "byte \(offset)") { try index.verify() }
        }
    }

    @Test("a file that is cut off anywhere, or longer than it says, is refused when it is loaded")
    func wrongLength() throws {
        let sound = try IndexFileBytes.sample()
        var generator = SeededGenerator(seed: 48)
        let random = (0..<60).map { _ in Int.random(in: 0..<sound.bytes.count, using: &generator) }
        for length in random + [0, 1023, 1024, 4095, 4096, sound.bytes.count - 1] {
            let path = try folder.write(Array(sound.bytes.prefix(length)), to: "damaged")
            #expect(throws: SnapshotError.self, "length \(length)") { try HNSWIndex.load(from: path) }
        }
        let longer = try folder.write(sound.bytes + [0], to: "damaged")
        #expect(throws: SnapshotError.self) { try HNSWIndex.load(from: longer) }
    }

    @Test("a damaged block is found when it is first needed, by whatever needs it, and again by the next")
    func damagedBlocks() throws {
        let sound = try IndexFileBytes.sample()
        let keys = try sound.load(in: folder).graph
        for section in [SnapshotFormat.Section.records, .lowBytes] {
            let stride = sound.length(of: section) / IndexFileBytes.count
            for block in 0..<3 {
                var damaged = sound
                damaged.bytes[sound.offset(of: section) + block * 32 * stride] ^= 1
                let index = try damaged.load(in: folder)
                let isDamage = { (error: any Error) in
                    guard
                        case .damaged(.damagedBlock(section.name, block, _, _))? = error
                            as? NeighborSearchError
                    else { return false }
                    return true
                }
                for slot in 0..<IndexFileBytes.count {
                    let key = keys.keys[slot]
                    if slot / 32 == block {
                        #expect(performing: { try index.vector(forKey: key) }, throws: isDamage)
                    } else {
                        #expect(try index.vector(forKey: key) != nil)
                    }
                }
                let query = Self.queries[0]
                for _ in 0..<2 {
                    #expect(performing: { try index.exactNearest(to: query, count: 1) }, throws: isDamage)
                    #expect(
                        performing: { try index.nearest(toEach: Self.queries, count: 1, threads: 2) },
                        throws: isDamage
                    )
                    #expect(performing: { try index.insert(key: 1, vector: query) }, throws: isDamage)
                    #expect(performing: { try index.remove(key: 1) }, throws: isDamage)
                    #expect(throws: SnapshotError.self) { try index.verify() }
                }
                // A filtered search that needs only other blocks is answered.
                let wanted = (0..<IndexFileBytes.count).first { $0 / 32 != block }!
                let answer = try index.exactNearest(to: query, count: 3) { $0 == keys.keys[wanted] }
                #expect(answer.neighbors.map(\.key) == [keys.keys[wanted]])
            }
        }
    }

    @Test(
        "a file that is copied into memory is refused for any damage when it is loaded",
        arguments: Metric.allCases
    )
    func damageInMemory(metric: Metric) throws {
        let sound = try IndexFileBytes.sample(metric)
        let file = try FileDescriptor.open(folder.write(sound.bytes, to: "damaged"), .readWrite)
        defer { try? file.close() }
        var generator = SeededGenerator(seed: 49)
        let random = (0..<300).map { _ in sound.contentOffsets.randomElement(using: &generator)! }
        let ofBlocks = [SnapshotFormat.Section.records, .lowBytes].flatMap { section in
            let (offset, length) = (sound.offset(of: section), sound.length(of: section))
            return stride(from: offset, to: offset + length, by: 32 * length / IndexFileBytes.count)
                + [offset + length - 1]
        }
        for offset in random + ofBlocks {
            let byte = sound.bytes[offset] ^ UInt8.random(in: 1...255, using: &generator)
            _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [byte])
            #expect(throws: SnapshotError.self, "byte \(offset)") {
                try HNSWIndex.load(from: folder("damaged"), residency: .memory)
            }
            _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [sound.bytes[offset]])
        }
        _ = try HNSWIndex.load(from: folder("damaged"), residency: .memory)
    }

    @Test("threads that need the same blocks at once agree on what is sound")
    func manyCheckers() throws {
        let sound = try IndexFileBytes.sample()
        for _ in 0..<20 {
            let index = try sound.load(in: folder)
            let inspector = try #require(index.graph.inspector)
            #expect(!inspector.isComplete)
            try runOnThreads((0..<4).map { _ in { @Sendable in try inspector.admitAll() } })
            #expect(inspector.isComplete)
            var damaged = sound
            damaged.bytes[sound.offset(of: .lowBytes) + sound.length(of: .lowBytes) - 1] ^= 1
            let other = try damaged.load(in: folder)
            let refusals = Guarded(0)
            try runOnThreads(
                (0..<4).map { _ in
                    { @Sendable in
                        if (try? other.graph.inspector?.admitAll()) == nil { refusals.with { $0 += 1 } }
                    }
                }
            )
            #expect(refusals.with { $0 } == 4)
            #expect(try #require(other.graph.inspector).isComplete == false)
        }
    }
}
