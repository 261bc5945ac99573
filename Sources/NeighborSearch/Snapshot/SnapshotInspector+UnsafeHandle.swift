import CKernels
import Synchronization

/// Checks the big sections of an index file block by block, each before its first use.
///
/// So a search of a mapped million vectors can begin at once, and yet nothing is believed unseen: a damaged block is
/// found by the first search that needs it.
final class SnapshotInspector: @unchecked Sendable {
    // @unchecked: `isSound` is read and written as atomic values, and a block is checked under its lock: once it
    // counts as sound nobody checks it any more, for then it may be changed.
    private let file: FileImage
    private let records: Section
    private let lowBytes: Section
    private let slotCount: Int
    private let graph: Mutex<HNSWGraph.UnsafeHandle?>
    private let metric: Metric
    private let unchecked: Atomic<Int>

    /// One of the two big sections, and what is known of its blocks.
    private struct Section {
        let kind: SnapshotFormat.Section
        let offset: Int
        let stride: Int
        let checksums: UnsafePointer<UInt64>
        let isSound: UnsafeMutablePointer<UInt8>
    }

    private let flags: FlatMemory<UInt8>
    private let locks = LockStripes()

    init(file: FileImage, header: SnapshotHeader) {
        self.file = file
        slotCount = header.slotCount
        metric = header.metric
        let blocks = SnapshotFormat.blockCount(header.slotCount)
        flags = FlatMemory(count: 2 * blocks)
        let table = file.base + header.sections[SnapshotFormat.Section.blockChecksums.rawValue].offset
        let checksums = UnsafePointer(table.assumingMemoryBound(to: UInt64.self))
        records = Section(
            kind: .records,
            offset: header.sections[SnapshotFormat.Section.records.rawValue].offset,
            stride: header.layout.stride,
            checksums: checksums,
            isSound: flags.base
        )
        lowBytes = Section(
            kind: .lowBytes,
            offset: header.sections[SnapshotFormat.Section.lowBytes.rawValue].offset,
            stride: header.layout.lowStride,
            checksums: checksums + blocks,
            isSound: flags.base + blocks
        )
        graph = Mutex(nil)
        unchecked = Atomic(2 * blocks)
    }

    /// Names the graph whose memory lies in the file; called once, before the first check.
    func attach(to graph: HNSWGraph) {
        self.graph.withLock { $0 = graph.unsafeHandle }
    }

    /// Whether every block has been found sound.
    var isComplete: Bool { unchecked.load(ordering: .acquiring) == 0 }

    /// Makes sure that the records of some slots may be read.
    ///
    /// - Throws: ``SnapshotError`` for a block that is damaged.
    func admitRecords(_ slots: UnsafePointer<UInt32>, count: Int) throws(SnapshotError) {
        try admit(UnsafeBufferPointer(start: slots, count: count), in: records)
    }

    /// Makes sure that the records and low bytes of some slots may be read.
    func admitVectors(_ slots: [UInt32]) throws(SnapshotError) {
        guard !isComplete else { return }
        try admit(slots, in: records)
        try admit(slots, in: lowBytes)
    }

    /// Checks all that has not been checked yet.
    func admitAll() throws(SnapshotError) {
        for section in [records, lowBytes] {
            for block in 0..<SnapshotFormat.blockCount(slotCount) where !isSound(block, section) {
                try check(block, of: section)
            }
        }
    }

    @inline(__always)
    private func isSound(_ block: Int, _ section: Section) -> Bool {
        lk_load_u8(section.isSound + block) != 0
    }

    private func admit(_ slots: some Collection<UInt32>, in section: Section) throws(SnapshotError) {
        let blocks = slots.lazy.map { Int($0) / SnapshotFormat.slotsPerBlock }
        guard blocks.contains(where: { !isSound($0, section) }) else { return }
        for block in blocks where !isSound(block, section) {
            file.willNeed(byteRange(of: block, in: section))
        }
        for block in blocks where !isSound(block, section) {
            try check(block, of: section)
        }
    }

    private func check(_ block: Int, of section: Section) throws(SnapshotError) {
        let outcome = locks.withLock(of: UInt32(block)) {
            Result { () throws(SnapshotError) in
                guard !isSound(block, section) else { return }
                try examine(block, of: section)
                lk_store_u8(section.isSound + block, 1)
                unchecked.subtract(1, ordering: .acquiringAndReleasing)
            }
        }
        try outcome.get()
    }

    private func examine(_ block: Int, of section: Section) throws(SnapshotError) {
        let computed = file.checksum(byteRange(of: block, in: section))
        guard computed == section.checksums[block] else {
            throw .damagedBlock(
                section: section.kind.name,
                block: block,
                found: computed,
                expected: section.checksums[block]
            )
        }
        if section.kind == .records {
            try checkRecords(in: block)
        }
    }

    /// What a walk relies on: links in range, and scales and offsets that belong to the codes.
    private func checkRecords(in block: Int) throws(SnapshotError) {
        let graph = self.graph.withLock { $0! }
        for slot in UInt32(slots(of: block).lowerBound)..<UInt32(slots(of: block).upperBound) {
            let (scale, offset) = (graph.scale(slot)[0], graph.scale(slot)[1])
            let isSound = scale >= 0 && scale <= (metric == .cosine ? 1 : .greatestFiniteMagnitude)
            guard isSound, offset.isFinite, offset == graph.offset(ofCode: slot) else {
                throw .invalidScale(slot: Int(slot), scale: scale, offset: offset)
            }
            do {
                try graph.verifyList(of: slot, atLayer: 0, slotCount: slotCount)
            } catch {
                throw .brokenGraph(error)
            }
        }
    }

    private func slots(of block: Int) -> Range<Int> {
        let first = block * SnapshotFormat.slotsPerBlock
        return first..<min(first + SnapshotFormat.slotsPerBlock, slotCount)
    }

    private func byteRange(of block: Int, in section: Section) -> Range<Int> {
        let slots = slots(of: block)
        return section.offset + slots.lowerBound * section.stride..<section.offset
            + slots.upperBound * section.stride
    }
}
