#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A growable run of plain values on a 64-byte boundary, either allocated or lying in a mapped file.
///
/// A mapped run is written to in place: the mapping is private, so the kernel copies the pages touched and
/// the file stays as it is. Growing moves a mapped run into memory of its own.
struct FlatMemory<Element: BitwiseCopyable>: ~Copyable {
    /// Valid until the next `append` and for as long as the owner lives.
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int
    private var mapping: MappedFile?

    init() {
        capacity = 0
        base = Self.allocate(capacity: 1)
    }

    init(_ values: [Element]) {
        self.init()
        reserve(values.count)
        values.withUnsafeBufferPointer { source in
            if let first = source.baseAddress {
                base.initialize(from: first, count: source.count)
            }
        }
        count = values.count
    }

    /// Views `count` values in a mapped file. The caller has checked that they lie within it, aligned.
    init(mapping: MappedFile, byteOffset: Int, count: Int) {
        precondition(byteOffset % 64 == 0 && count >= 0, "offset \(byteOffset), count \(count)")
        precondition(byteOffset + count * MemoryLayout<Element>.stride <= mapping.byteCount)
        base = (mapping.base + byteOffset).assumingMemoryBound(to: Element.self)
        self.count = count
        capacity = count
        self.mapping = mapping
    }

    deinit {
        if mapping == nil {
            UnsafeMutableRawPointer(base).deallocate()
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

    mutating func append(repeating value: Element, count added: Int) {
        reserve(count + added)
        (base + count).initialize(repeating: value, count: added)
        count += added
    }

    private mutating func reserve(_ needed: Int) {
        guard needed > capacity else { return }
        let newCapacity = max(needed, capacity + capacity / 2, 64)
        let newBase = Self.allocate(capacity: newCapacity)
        newBase.initialize(from: base, count: count)
        if mapping == nil {
            UnsafeMutableRawPointer(base).deallocate()
        }
        mapping = nil
        base = newBase
        capacity = newCapacity
    }

    /// Big runs ask for 2 MiB pages: a graph search jumps about, and address translation is a good part of a
    /// miss.
    private static func allocate(capacity: Int) -> UnsafeMutablePointer<Element> {
        let hugePage = 2 << 20
        let bytes = capacity * MemoryLayout<Element>.stride
        let isHuge = bytes >= 4 * hugePage
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isHuge ? hugePage : 64)
        #if os(Linux)
        if isHuge {
            // Advice only; the kernel may refuse it and nothing changes but the speed.
            _ = madvise(raw, bytes, MADV_HUGEPAGE)
        }
        #endif
        return raw.bindMemory(to: Element.self, capacity: capacity)
    }
}
