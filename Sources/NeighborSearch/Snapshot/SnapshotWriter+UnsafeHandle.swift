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
    let state: HNSWState
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
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw .cannotWrite(path: path, step: "create", reason: .current) }
        defer { close(descriptor) }
        let freeSlots = FlatMemory(state.keys.freeSlots)
        let (header, sections) = layOut(freeSlots: freeSlots)
        var position = 0
        try write(header.encoded(), to: descriptor, path, &position)
        for (entry, bytes) in zip(header.sections, sections) {
            try write([UInt8](repeating: 0, count: entry.offset - position), to: descriptor, path, &position)
            try write(bytes, to: descriptor, path, &position)
        }
        precondition(position == header.fileByteCount, "wrote \(position) bytes of \(header.fileByteCount)")
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, step: "sync", reason: .current) }
        withExtendedLifetime(freeSlots) {}
    }

    /// The sections where they lie in memory, valid as long as nobody changes `state`, and the header for
    /// them.
    private func layOut(
        freeSlots: borrowing FlatMemory<UInt32>
    ) -> (header: SnapshotHeader, sections: [UnsafeRawBufferPointer]) {
        let graph = state.graph
        let sections = [
            graph.levels.bytes, state.vectors.rows.bytes, graph.baseLinks.bytes, graph.upperLinks.bytes,
            graph.parents.bytes, state.keys.keys.bytes, freeSlots.bytes,
        ]
        var header = SnapshotHeader()
        header.dimension = state.vectors.dimension
        header.connectivity = state.parameters.connectivity
        header.constructionBeamWidth = state.parameters.constructionBeamWidth
        header.beamWidth = state.parameters.beamWidth
        header.seed = state.parameters.seed
        header.levelGeneratorState = state.levelGenerator.state
        header.slotCount = graph.slotCount
        header.liveCount = state.keys.liveCount
        header.entryPoint = graph.entryPoint
        header.root = graph.root
        header.identity = identity
        var end = SnapshotFormat.headerByteCount
        for bytes in sections {
            let offset = SnapshotFormat.alignedUp(end)
            header.sections.append(
                .init(offset: offset, byteCount: bytes.count, checksum: SnapshotChecksum.of(bytes))
            )
            end = offset + bytes.count
        }
        header.fileByteCount = end
        return (header, sections)
    }

    private func write(
        _ bytes: [UInt8],
        to descriptor: Int32,
        _ path: FilePath,
        _ position: inout Int
    ) throws(SnapshotError) {
        try bytes.withUnsafeBufferPointer { buffer throws(SnapshotError) in
            try write(UnsafeRawBufferPointer(buffer), to: descriptor, path, &position)
        }
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer,
        to descriptor: Int32,
        _ path: FilePath,
        _ position: inout Int
    ) throws(SnapshotError) {
        var written = 0
        while written < bytes.count {
            // Linux writes at most 2 GiB at once.
            #if canImport(Glibc)
            let result = Glibc.write(
                descriptor,
                bytes.baseAddress! + written,
                min(bytes.count - written, 1 << 30)
            )
            #else
            let result = Darwin.write(
                descriptor,
                bytes.baseAddress! + written,
                min(bytes.count - written, 1 << 30)
            )
            #endif
            if result < 0 {
                if errno == EINTR { continue }
                throw .cannotWrite(path: path, step: "write", reason: .current)
            }
            written += result
        }
        position += written
    }

    private func syncDirectory(_ directory: FilePath) throws(SnapshotError) {
        let path = directory.isEmpty ? FilePath(".") : directory
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .cannotWrite(path: path, step: "open", reason: .current) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, step: "sync", reason: .current) }
    }
}

extension FlatMemory {
    /// The values as bytes; valid until the next `append`, while the owner lives.
    fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}
