/// Returns the cosine of two vectors of length 1 with as many values: their dot product, -1 to 1 but for rounding.
public func cosine(_ one: [Float], _ other: [Float]) -> Float {
    precondition(one.count == other.count, "vectors of \(one.count) and \(other.count) values")
    return one.withUnsafeBytes { one in
        other.withUnsafeBytes { other in
            // Several sums at once: one alone waits for each addition. Ranges were checked above; checked again for each
            // value they would cost more than the product, and copies are looked for among all pairs of candidates.
            var sums = SIMD16<Float>.zero
            let stride = MemoryLayout<SIMD16<Float>>.size
            let whole = one.count / stride * stride
            for offset in Swift.stride(from: 0, to: whole, by: stride) {
                // Not addProduct: without an instruction for it, as on the oldest processors, that is a call for each value.
                sums +=
                    one.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                    * other.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
            }
            var sum = sums.sum()
            for offset in Swift.stride(from: whole, to: one.count, by: MemoryLayout<Float>.size) {
                sum +=
                    one.loadUnaligned(fromByteOffset: offset, as: Float.self)
                    * other.loadUnaligned(fromByteOffset: offset, as: Float.self)
            }
            return sum
        }
    }
}
