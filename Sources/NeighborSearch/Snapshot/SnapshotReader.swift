import SystemPackage

/// Reads an index file that may be torn, damaged, foreign or forged: it is mapped, and nothing in it is used
/// before it has been checked.
struct SnapshotReader {
    private let file: FileImage
    private let header: SnapshotHeader
    private let residency: Residency

    /// Maps a file and checks its frame: header, length, section table, padding, and the checksums of all but
    /// the two big sections.
    ///
    /// A file to be copied is copied when its header has been checked, so that its length is one that an index
    /// has; everything else is checked in the copy.
    init(path: FilePath, residency: Residency) throws(SnapshotError) {
        let mapped = try FileImage(path: path, minimumByteCount: SnapshotFormat.headerByteCount)
        header = try SnapshotHeader(
            decoding: mapped.copy(0..<SnapshotFormat.headerByteCount),
            fileByteCount: mapped.byteCount
        )
        file = residency == .mapped ? mapped : FileImage(copying: mapped)
        self.residency = residency
        try checkSections()
    }

    var identity: SnapshotIdentity { header.identity }

    /// Takes the content into use, in place, after checking what the blocks' own checks do not cover; of a copy the
    /// blocks as well.
    func index() throws(SnapshotError) -> HNSWIndex {
        let states = FlatMemory<UInt8>(count: header.slotCount)
        let upperStarts = FlatMemory<UInt32>(count: header.slotCount)
        try readLevels(into: states, upperStarts)
        let inspector = SnapshotInspector(file: file, header: header)
        let graph = HNSWGraph(
            layout: header.layout,
            metric: header.metric,
            records: view(.records),
            lowBytes: view(.lowBytes),
            states: states,
            keys: view(.keys),
            parents: view(.parents),
            upperStarts: upperStarts,
            upperLinks: view(.upperLinks),
            entryPoint: header.entryPoint,
            root: header.root,
            inspector: inspector
        )
        inspector.attach(to: graph)
        try checkTop(of: graph)
        if residency == .memory {
            try inspector.admitAll()
        }
        return try HNSWIndex(
            graph: graph,
            parameters: readParameters(),
            levelGenerator: LevelGenerator(state: header.levelGeneratorState)
        )
    }

    private func readParameters() -> HNSWParameters {
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
            if let index = file.copy(end..<entry.offset).firstIndex(where: { $0 != 0 }) {
                throw .paddingNotZero(offset: end + index)
            }
            end = entry.offset + entry.byteCount
            guard !section.isBlocked else { continue }
            let computed = file.checksum(entry.offset..<end)
            guard computed == entry.checksum else {
                throw .damagedSection(name: section.name, found: computed, expected: entry.checksum)
            }
        }
    }

    /// Every item of a file is live; the levels say how many upper lists there must be.
    private func readLevels(
        into states: borrowing FlatMemory<UInt8>,
        _ upperStarts: borrowing FlatMemory<UInt32>
    ) throws(SnapshotError) {
        let levels: FlatMemory<UInt8> = view(.levels)
        var lists = 0
        for slot in 0..<levels.count {
            let level = Int(levels.base[slot])
            guard level <= LevelGenerator.highestLevel else {
                throw .levelOutOfRange(slot: slot, found: level, allowed: LevelGenerator.highestLevel)
            }
            states.base[slot] = UInt8(level) | SlotState.linked
            upperStarts.base[slot] = UInt32(truncatingIfNeeded: lists)
            lists += level
        }
        let section = SnapshotFormat.Section.upperLinks.rawValue
        let (found, expected) = (header.sections[section].byteCount, lists * header.connectivity * 4)
        guard found == expected else {
            throw .misplacedSection(index: section, field: "length", found: found, expected: expected)
        }
    }

    /// Checks the upper layers, where every walk begins.
    private func checkTop(of graph: HNSWGraph) throws(SnapshotError) {
        do {
            let handle = graph.unsafeHandle
            for slot in 0..<UInt32(graph.slotCount) {
                let level = handle.level(of: slot)
                guard level > 0 else { continue }
                for layer in 1...level {
                    try handle.verifyList(of: slot, atLayer: layer, slotCount: graph.slotCount)
                }
            }
            try graph.verifyEntryPoint()
        } catch {
            throw .brokenGraph(error)
        }
    }

    /// The header's checks make this safe: sections lie within the file, on 4,096-byte boundaries.
    private func view<Element>(_ section: SnapshotFormat.Section) -> FlatMemory<Element> {
        let entry = header.sections[section.rawValue]
        return FlatMemory(
            viewing: file,
            byteOffset: entry.offset,
            count: entry.byteCount / MemoryLayout<Element>.stride
        )
    }
}
