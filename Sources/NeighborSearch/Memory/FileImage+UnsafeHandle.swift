import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The bytes of a whole file: mapped privately, so that reads come from the page cache and writes stay in this
/// process, or copied into memory.
///
/// Shrinking the file while it is mapped would end the process with SIGBUS; snapshots are only ever replaced
/// by renaming, which leaves the mapped file as it is.
final class FileImage {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// Holds the bytes of a copy; nil where they are mapped.
    private let memory: FlatMemory<UInt8>?

    /// Maps the file, which must be a regular one with at least `minimumByteCount` (≥ 1) bytes.
    init(path: FilePath, minimumByteCount: Int) throws(SnapshotError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .cannotRead(path: path, step: "open", reason: .current) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .cannotRead(path: path, step: "stat", reason: .current)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .cannotRead(path: path, step: "map", reason: .invalidArgument)
        }
        let length = Int(status.st_size)
        guard length >= minimumByteCount else {
            throw .lengthMismatch(found: length, expected: minimumByteCount)
        }
        let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw .cannotRead(path: path, step: "map", reason: .current)
        }
        base = address
        byteCount = length
        memory = nil
    }

    /// Copies the bytes into memory that has big pages where the system grants them.
    init(copying other: FileImage) {
        let copy = FlatMemory<UInt8>(count: other.byteCount)
        other.willNeed(0..<other.byteCount)
        copy.base.update(
            from: other.base.assumingMemoryBound(to: UInt8.self),
            count: other.byteCount
        )
        base = UnsafeMutableRawPointer(copy.base)
        byteCount = other.byteCount
        memory = consume copy
    }

    func copy(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "\(range) of \(byteCount)")
        return Array(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    func checksum(_ range: Range<Int>) -> UInt64 {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "\(range) of \(byteCount)")
        return SnapshotChecksum.of(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Asks the system for parts of the file that will be read soon, so that waiting for them overlaps.
    func willNeed(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "\(range) of \(byteCount)")
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = range.lowerBound / page * page
        _ = madvise(base + start, range.upperBound - start, MADV_WILLNEED)
    }

    deinit {
        if memory == nil {
            munmap(base, byteCount)
        }
    }
}

extension Errno {
    /// The reason of the C call that has just failed.
    static var current: Errno { Errno(rawValue: errno) }
}
