import SystemPackage

/// Reads an index file that may be torn, damaged, foreign or forged: it is mapped, and believed once all is
/// checked.
struct SnapshotReader {
    private let file: MappedFile
    private let header: SnapshotHeader

    /// Maps a file and checks its frame: header, length, section table, padding and checksums.
    init(path: FilePath) throws(SnapshotError) {
        file = try MappedFile(path: path, minimumByteCount: SnapshotFormat.headerByteCount)
        header = try SnapshotHeader(
            decoding: file.copy(0..<SnapshotFormat.headerByteCount),
            fileByteCount: file.byteCount
        )
        try checkSections()
    }

    var identity: SnapshotIdentity { header.identity }

    /// Takes the content into use, in place, after checking that it can be walked without further checks.
    func state() throws(SnapshotError) -> HNSWState {
        let parameters = try readParameters()
        let slotLimit = Int(UInt32.max - 1) / (2 * header.connectivity)
        guard header.slotCount <= slotLimit else {
            throw .fieldOutOfRange(field: "slot count", found: header.slotCount, allowed: 0...slotLimit)
        }
        let levels: FlatMemory<UInt8> = view(.levels)
        try checkLevels(levels)
        let graph = HNSWGraph(
            connectivity: header.connectivity,
            levels: levels,
            baseLinks: view(.baseLinks),
            upperLinks: view(.upperLinks),
            parents: view(.parents),
            entryPoint: header.entryPoint,
            root: header.root
        )
        let keys = try KeyDirectory(keys: view(.keys), freeSlots: freeSlots())
        let state = HNSWState(
            parameters: parameters,
            vectors: VectorStorage(dimension: header.dimension, rows: view(.vectors)),
            graph: graph,
            keys: keys,
            levelGenerator: LevelGenerator(state: header.levelGeneratorState)
        )
        try state.verify()
        try checkVectors(of: state)
        return state
    }

    private func readParameters() throws(SnapshotError) -> HNSWParameters {
        do {
            return try HNSWParameters(
                connectivity: header.connectivity,
                constructionBeamWidth: header.constructionBeamWidth,
                beamWidth: header.beamWidth,
                seed: header.seed
            )
        } catch {
            // The header has been checked against the same ranges.
            preconditionFailure("\(error)")
        }
    }

    private func checkSections() throws(SnapshotError) {
        var end = SnapshotFormat.headerByteCount
        for (section, entry) in zip(SnapshotFormat.Section.allCases, header.sections) {
            for (index, byte) in file.copy(end..<entry.offset).enumerated() where byte != 0 {
                throw .paddingNotZero(offset: end + index)
            }
            end = entry.offset + entry.byteCount
            let computed = file.checksum(entry.offset..<end)
            guard computed == entry.checksum else {
                throw .damagedSection(name: section.name, found: computed, expected: entry.checksum)
            }
        }
    }

    private func checkLevels(_ levels: borrowing FlatMemory<UInt8>) throws(SnapshotError) {
        var lists = 0
        for slot in 0..<levels.count {
            let level = Int(levels[slot])
            guard level <= LevelGenerator.highestLevel else {
                throw .levelOutOfRange(slot: slot, found: level, allowed: LevelGenerator.highestLevel)
            }
            lists += level
        }
        let listLimit = Int(UInt32.max - 1) / header.connectivity
        guard lists <= listLimit else {
            throw .fieldOutOfRange(field: "sum of levels", found: lists, allowed: 0...listLimit)
        }
        let section = SnapshotFormat.Section.upperLinks.rawValue
        let expected = lists * header.connectivity * 4
        guard header.sections[section].byteCount == expected else {
            throw .misplacedSection(
                index: section,
                field: "length",
                found: header.sections[section].byteCount,
                expected: expected
            )
        }
    }

    /// Every live vector has length 1, which no vector with a NaN or an infinity has; every free one is zero.
    private func checkVectors(of state: HNSWState) throws(SnapshotError) {
        for slot in 0..<UInt32(state.graph.slotCount) {
            let length = state.vectors.unsafeHandle.similarity(slot, slot).squareRoot()
            let expected: Float = state.graph.isLive(slot) ? 1 : 0
            // A little more than at insertion, where the sum was rounded in another order.
            guard abs(length - expected) <= HNSWIndex.unitLengthTolerance + 1e-4 else {
                throw .invalidVector(slot: Int(slot), length: length)
            }
        }
    }

    private func freeSlots() -> [UInt32] {
        let slots: FlatMemory<UInt32> = view(.freeSlots)
        return (0..<slots.count).map { slots[$0] }
    }

    /// The header's checks make this safe: sections lie within the file, on 64-byte boundaries.
    private func view<Element>(_ section: SnapshotFormat.Section) -> FlatMemory<Element> {
        let entry = header.sections[section.rawValue]
        return FlatMemory(
            mapping: file,
            byteOffset: entry.offset,
            count: entry.byteCount / MemoryLayout<Element>.stride
        )
    }
}
