import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file being written from front to back through a buffer.
final class SnapshotStream {
    private let descriptor: Int32
    private let path: FilePath
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 20
    /// How many bytes have been appended.
    private(set) var position = 0

    /// Creates the file, which must not exist.
    init(creating path: FilePath) throws(SnapshotError) {
        self.path = path
        descriptor = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw .cannotWrite(path: path, step: "create", reason: .current) }
        buffer.reserveCapacity(Self.bufferSize)
    }

    deinit {
        close(descriptor)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
        buffer.append(contentsOf: bytes)
        position += bytes.count
        if buffer.count >= Self.bufferSize {
            try flush()
        }
    }

    func appendZeros(to offset: Int) throws(SnapshotError) {
        precondition(offset >= position, "at \(position), not before \(offset)")
        buffer.append(contentsOf: repeatElement(0, count: offset - position))
        position = offset
    }

    /// Writes the beginning anew, and makes sure that all is on disk.
    func finish(header: [UInt8]) throws(SnapshotError) {
        try flush()
        guard lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw .cannotWrite(path: path, step: "seek", reason: .current)
        }
        buffer = header
        try flush()
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, step: "sync", reason: .current) }
    }

    private func flush() throws(SnapshotError) {
        var written = 0
        while written < buffer.count {
            let result = buffer.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw .cannotWrite(path: path, step: "write", reason: .current)
            }
            written += result
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
