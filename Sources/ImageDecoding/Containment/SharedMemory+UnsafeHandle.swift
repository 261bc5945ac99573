internal import CSandbox
internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Memory that two processes have mapped, known by a descriptor.
///
/// Grows by `reserve`; what is written into it costs memory, what is only reserved does not.
struct SharedMemory: ~Copyable {
    let descriptor: FileDescriptor
    private(set) var byteCount = 0
    private var base: UnsafeMutableRawPointer?

    /// Makes new memory of no bytes.
    init() throws(Errno) {
        let made = csandbox_shared_memory()
        guard made >= 0 else { throw Errno(rawValue: errno) }
        descriptor = FileDescriptor(rawValue: made)
    }

    /// Takes over the descriptor of memory that another process has made.
    init(adopting descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        if let base { munmap(base, byteCount) }
        try? descriptor.close()
    }

    /// Makes the memory at least so large. The side that made it calls this.
    mutating func reserve(_ wanted: Int) throws(Errno) {
        guard wanted > byteCount else { return }
        let rounded = (wanted + (1 << 20) - 1) & ~((1 << 20) - 1)
        guard ftruncate(descriptor.rawValue, rounded) == 0 else { throw Errno(rawValue: errno) }
        try map(rounded)
    }

    /// Maps as many bytes as the other side says there are; fails when there are fewer, which would be fatal to touch.
    mutating func map(_ wanted: Int) throws(Errno) {
        guard wanted != byteCount else { return }
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        guard wanted > 0, status.st_size >= wanted else { throw .invalidArgument }
        let mapped = mmap(nil, wanted, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.rawValue, 0)
        guard let mapped, mapped != MAP_FAILED else { throw Errno(rawValue: errno) }
        if let base { munmap(base, byteCount) }
        (base, byteCount) = (mapped, wanted)
    }

    /// Gives the memory back to the system; the next `reserve` brings it anew, holding zeros.
    mutating func release() {
        if let base { munmap(base, byteCount) }
        (base, byteCount) = (nil, 0)
        ftruncate(descriptor.rawValue, 0)
    }

    /// Copies bytes in.
    func write(_ bytes: [UInt8], at offset: Int) {
        precondition(
            offset >= 0 && offset + bytes.count <= byteCount,
            "\(bytes.count) bytes at \(offset) do not fit into \(byteCount)"
        )
        guard let base, !bytes.isEmpty else { return }
        bytes.withUnsafeBytes { (base + offset).copyMemory(from: $0.baseAddress!, byteCount: bytes.count) }
    }

    /// Copies bytes out.
    func read(_ count: Int, at offset: Int) -> [UInt8] {
        precondition(
            offset >= 0 && count >= 0 && offset + count <= byteCount,
            "\(count) bytes at \(offset) are not among \(byteCount)"
        )
        guard let base else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: base + offset, count: count))
    }
}
