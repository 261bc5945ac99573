import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes an index file so that at every moment the path holds either the old file or the whole new one.
///
/// Temporary file beside the path, sync, rename, sync of the directory: after `save` returns, a power cut
/// finds the new file.
struct SnapshotWriter {
    /// Holds live items only, and nobody changes it.
    let graph: HNSWGraph
    let parameters: HNSWParameters
    let levelGenerator: LevelGenerator
    let identity: SnapshotIdentity

    func save(to path: FilePath) throws(SnapshotError) {
        let modelLength = identity.model.utf8.count
        guard modelLength <= SnapshotFormat.modelCapacity else {
            throw .modelTooLong(byteCount: modelLength, allowed: SnapshotFormat.modelCapacity)
        }
        guard path.lastComponent != nil else {
            throw .cannotWrite(path: path, step: "create", reason: .isDirectory)
        }
        let directory = path.removingLastComponent()
        let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
        let temporary = directory.appending(".lookalike-index-\(suffix).tmp")
        do throws(SnapshotError) {
            try write(to: temporary)
            let result = temporary.withPlatformString { source in
                path.withPlatformString { target in rename(source, target) }
            }
            guard result == 0 else { throw .cannotWrite(path: path, step: "rename to", reason: .current) }
        } catch {
            _ = temporary.withPlatformString { unlink($0) }
            throw error
        }
        try syncDirectory(directory)
    }

    private func write(to path: FilePath) throws(SnapshotError) {
        let stream = try SnapshotStream(creating: path)
        try stream.appendZeros(to: SnapshotFormat.headerByteCount)
        let order = SnapshotOrder(of: graph)
        var sections: [SnapshotHeader.SectionEntry] = []
        var blocks: [UInt64] = []
        for section in SnapshotFormat.Section.allCases {
            try stream.appendZeros(to: SnapshotFormat.alignedUp(stream.position))
            let start = stream.position
            var checksum: UInt64 = 0
            if section.isBlocked {
                blocks += try writeBlocks(of: section, order, to: stream)
            } else {
                let content = content(of: section, order, blocks: blocks)
                checksum = SnapshotChecksum.of(content)
                try append(content, to: stream)
            }
            sections.append(.init(offset: start, byteCount: stream.position - start, checksum: checksum))
        }
        var header = header(order)
        header.sections = sections
        header.fileByteCount = stream.position
        try stream.finish(header: header.encoded())
    }

    private func header(_ order: SnapshotOrder) -> SnapshotHeader {
        var header = SnapshotHeader()
        header.metric = graph.metric
        header.dimension = graph.layout.dimension
        header.connectivity = parameters.connectivity
        header.constructionBeamWidth = parameters.constructionBeamWidth
        header.beamWidth = parameters.beamWidth
        header.seed = parameters.seed
        header.levelGeneratorState = levelGenerator.state
        header.slotCount = order.slots.count
        header.entryPoint = order.number(of: graph.entryPoint)
        header.root = order.number(of: graph.root)
        header.identity = identity
        return header
    }

    /// One of the small sections, as it will lie in the file.
    private func content(
        of section: SnapshotFormat.Section,
        _ order: SnapshotOrder,
        blocks: [UInt64]
    ) -> [UInt8] {
        let handle = graph.unsafeHandle
        switch section {
        case .levels: return order.slots.map { UInt8(handle.level(of: $0)) }
        case .parents: return bytes(order.slots.map { order.number(of: graph.parents[Int($0)]) })
        case .keys: return bytes(order.slots.map { graph.keys[Int($0)] })
        case .blockChecksums: return bytes(blocks)
        case .upperLinks:
            return bytes(
                order.slots.flatMap { slot in
                    (0..<handle.level(of: slot) * handle.connectivity).map { place in
                        order.number(of: handle.links(of: slot, atLayer: 1)[place])
                    }
                }
            )
        case .records, .lowBytes: preconditionFailure("\(section) is written in blocks")
        }
    }

    /// Writes one of the big sections, and returns the checksum of each block.
    private func writeBlocks(
        of section: SnapshotFormat.Section,
        _ order: SnapshotOrder,
        to stream: SnapshotStream
    ) throws(SnapshotError) -> [UInt64] {
        var checksums: [UInt64] = []
        var block: [UInt8] = []
        for first in stride(from: 0, to: order.slots.count, by: SnapshotFormat.slotsPerBlock) {
            block.removeAll(keepingCapacity: true)
            for slot in order.slots[first..<min(first + SnapshotFormat.slotsPerBlock, order.slots.count)] {
                if section == .records {
                    appendRecord(of: slot, order, to: &block)
                } else {
                    let row = UnsafeRawBufferPointer(
                        start: graph.unsafeHandle.lowRow(slot),
                        count: graph.layout.lowStride
                    )
                    block.append(contentsOf: row)
                }
            }
            checksums.append(SnapshotChecksum.of(block))
            try append(block, to: stream)
        }
        return checksums
    }

    private func appendRecord(of slot: UInt32, _ order: SnapshotOrder, to block: inout [UInt8]) {
        let layout = graph.layout
        let record = UnsafeRawBufferPointer(start: graph.unsafeHandle.record(slot), count: layout.stride)
        block.append(contentsOf: record[..<layout.linksPosition])
        let links = graph.unsafeHandle.links(of: slot, atLayer: 0)
        for place in 0..<layout.baseWidth {
            withUnsafeBytes(of: order.number(of: links[place]).littleEndian) { block.append(contentsOf: $0) }
        }
        let end = layout.linksPosition + 4 * layout.baseWidth
        block.append(contentsOf: repeatElement(0, count: layout.stride - end))
    }

    private func bytes(_ values: [some FixedWidthInteger]) -> [UInt8] {
        values.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }

    private func append(_ bytes: [UInt8], to stream: SnapshotStream) throws(SnapshotError) {
        try bytes.withUnsafeBufferPointer { buffer throws(SnapshotError) in
            try stream.append(UnsafeRawBufferPointer(buffer))
        }
    }

    private func syncDirectory(_ directory: FilePath) throws(SnapshotError) {
        let path = directory.isEmpty ? FilePath(".") : directory
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .cannotWrite(path: path, step: "open", reason: .current) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, step: "sync", reason: .current) }
    }
}

/// The numbers that items get in the file: neighbours near each other, and only live ones.
///
/// Breadth first along the links of the bottom layer from the entry point. A walk then finds many of a node's
/// neighbours on pages that it has read already.
struct SnapshotOrder {
    /// Old slots in their new order.
    let slots: [UInt32]
    private let numbers: [UInt32]

    init(of graph: HNSWGraph) {
        let handle = graph.unsafeHandle
        var numbers = [UInt32](repeating: noSlot, count: graph.slotCount)
        var slots: [UInt32] = []
        slots.reserveCapacity(graph.slotCount)
        if graph.entryPoint != noSlot {
            numbers[Int(graph.entryPoint)] = 0
            slots.append(graph.entryPoint)
        }
        var next = 0
        while next < slots.count {
            let links = handle.links(of: slots[next], atLayer: 0)
            next += 1
            for place in 0..<handle.baseWidth {
                let link = links[place]
                guard link != noSlot else { break }
                if numbers[Int(link)] == noSlot {
                    numbers[Int(link)] = UInt32(slots.count)
                    slots.append(link)
                }
            }
        }
        self.slots = slots
        self.numbers = numbers
    }

    func number(of slot: UInt32) -> UInt32 { slot == noSlot ? noSlot : numbers[Int(slot)] }
}
