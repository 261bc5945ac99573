#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A run of plain values on a 64-byte boundary that never moves: allocated, and zero until written, or lying in
/// the image of a file.
///
/// A mapped run may be written to: the mapping is private, so the kernel copies the pages touched and the file
/// stays as it is.
struct FlatMemory<Element: BitwiseCopyable>: ~Copyable {
    /// Valid for as long as the owner lives.
    let base: UnsafeMutablePointer<Element>
    let count: Int
    private let backing: Backing

    private enum Backing {
        case heap
        case pages(byteCount: Int)
        case file(FileImage)
    }

    /// Allocates `count` zeros. Pages that are never touched take no memory.
    init(count: Int) {
        let byteCount = max(count * MemoryLayout<Element>.stride, 1)
        let raw: UnsafeMutableRawPointer
        if byteCount >= Self.hugePage {
            raw = Self.mapPages(byteCount)
            backing = .pages(byteCount: byteCount)
        } else {
            raw = .allocate(byteCount: byteCount, alignment: 64)
            memset(raw, 0, byteCount)
            backing = .heap
        }
        base = raw.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    /// Allocates `count` values and copies the first of them from `other`.
    init(copying other: borrowing FlatMemory, prefix: Int, count: Int) {
        precondition(prefix <= count && prefix <= other.count, "\(prefix) of \(other.count) to \(count)")
        self.init(count: count)
        base.update(from: other.base, count: prefix)
    }

    /// Views `count` values of a file. The caller has checked that they lie within it, aligned.
    init(viewing file: FileImage, byteOffset: Int, count: Int) {
        precondition(byteOffset % 64 == 0 && count >= 0, "offset \(byteOffset), count \(count)")
        precondition(byteOffset + count * MemoryLayout<Element>.stride <= file.byteCount)
        base = (file.base + byteOffset).assumingMemoryBound(to: Element.self)
        self.count = count
        backing = .file(file)
    }

    deinit {
        switch backing {
        case .heap: UnsafeMutableRawPointer(base).deallocate()
        case .pages(let byteCount): munmap(base, byteCount)
        case .file: break
        }
    }

    var byteCount: Int { count * MemoryLayout<Element>.stride }

    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "index \(index) of \(count)")
            return base[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "index \(index) of \(count)")
            base[index] = newValue
        }
    }

    private static var hugePage: Int { 2 << 20 }

    /// Asks for 2 MiB pages: a graph search jumps about, and address translation is a good part of a miss.
    private static func mapPages(_ byteCount: Int) -> UnsafeMutableRawPointer {
        // More than is wanted, and cut down to begin on a boundary: only whole aligned pages become huge.
        let reserved = byteCount + hugePage
        let address = mmap(nil, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else {
            fatalError("no memory for \(byteCount) bytes: \(String(cString: strerror(errno)))")
        }
        let ahead = (hugePage - Int(bitPattern: address) % hugePage) % hugePage
        if ahead > 0 {
            munmap(address, ahead)
        }
        let start = address + ahead
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let end = (byteCount + page - 1) / page * page
        munmap(start + end, reserved - ahead - end)
        #if os(Linux)
        // Advice only; the kernel may refuse it and nothing changes but the speed.
        _ = madvise(start, byteCount, MADV_HUGEPAGE)
        #endif
        return start
    }
}
