/// Returns the cosine of two vectors of length 1 with as many values: their dot product, -1 to 1 but for rounding.
public func cosine(_ one: [Float], _ other: [Float]) -> Float {
    precondition(one.count == other.count, "vectors of \(one.count) and \(other.count) values")
    // Several sums at once: one alone waits for each addition.
    var sums = SIMD8<Float>.zero
    var index = 0
    while index + 8 <= one.count {
        for lane in 0..<8 { sums[lane] += one[index + lane] * other[index + lane] }
        index += 8
    }
    var sum = sums.sum()
    while index < one.count {
        sum += one[index] * other[index]
        index += 1
    }
    return sum
}
