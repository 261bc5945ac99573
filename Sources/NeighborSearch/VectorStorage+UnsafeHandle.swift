import CKernels

/// The vectors of an index, one row per slot, and nothing about who neighbours whom.
///
/// Rows are padded with zeros to whole 64-byte lines: the kernel then has no remainder to treat and no row
/// begins in the middle of a line. Zeros add nothing to an inner product.
final class VectorStorage {
    let dimension: Int
    /// Floats from one row to the next: the dimension, rounded up to a multiple of 16.
    let stride: Int
    private(set) var rows: FlatMemory<Float>

    static let dimensionRange = 1...65_536

    init(dimension: Int) {
        self.dimension = dimension
        stride = Self.stride(forDimension: dimension)
        rows = FlatMemory()
    }

    init(dimension: Int, rows: consuming FlatMemory<Float>) {
        self.dimension = dimension
        stride = Self.stride(forDimension: dimension)
        self.rows = rows
        precondition(self.rows.count % stride == 0, "\(self.rows.count) floats in rows of \(stride)")
    }

    static func stride(forDimension dimension: Int) -> Int { (dimension + 15) / 16 * 16 }

    var count: Int { rows.count / stride }

    func appendRow() {
        rows.append(repeating: 0, count: stride)
    }

    func setRow(_ slot: UInt32, to vector: [Float]) {
        precondition(vector.count == dimension && Int(slot) < count)
        vector.withUnsafeBufferPointer { source in
            (rows.base + Int(slot) * stride).update(from: source.baseAddress!, count: dimension)
        }
    }

    func clearRow(_ slot: UInt32) {
        precondition(Int(slot) < count)
        (rows.base + Int(slot) * stride).update(repeating: 0, count: stride)
    }

    func row(_ slot: UInt32) -> [Float] {
        precondition(Int(slot) < count)
        return Array(UnsafeBufferPointer(start: rows.base + Int(slot) * stride, count: dimension))
    }

    /// Pointers for a loop that must not go through the class. Valid until a row is appended, and no longer
    /// than the storage lives.
    struct UnsafeHandle {
        let base: UnsafePointer<Float>
        let stride: Int

        @inline(__always)
        func row(_ slot: UInt32) -> UnsafePointer<Float> { base + Int(slot) * stride }

        @inline(__always)
        func similarity(_ a: UInt32, _ b: UInt32) -> Float {
            lk_inner_product(row(a), row(b), stride)
        }

        /// Scores a list of slots against `query`, which has `stride` floats.
        @inline(__always)
        func score(
            _ slots: UnsafePointer<UInt32>,
            count: Int,
            against query: UnsafePointer<Float>,
            into scores: UnsafeMutablePointer<Float>
        ) {
            lk_inner_products_of_rows(query, base, stride, stride, slots, count, scores)
        }
    }

    var unsafeHandle: UnsafeHandle { UnsafeHandle(base: UnsafePointer(rows.base), stride: stride) }
}
