import CKernels
import TestSupport
import Testing

@Suite("vector kernels")
struct VectorKernelTests {
    /// The kernels' truth: one row after the other, in double precision.
    private func naive(_ query: ArraySlice<Float>, _ row: ArraySlice<Float>) -> Double {
        zip(query, row).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test("each kernel agrees with its naive twin in every dimension, aligned or not", arguments: 1...130)
    func agreesWithTwin(dimension: Int) {
        var generator = SeededGenerator(seed: UInt64(dimension))
        for offset in [0, 1, 3] {
            let stride = dimension + offset
            let rowCount = 9
            let query = (0..<dimension + offset).map { _ in Float.random(in: -1...1, using: &generator) }
            let matrix = (0..<offset + rowCount * stride).map { _ in
                Float.random(in: -1...1, using: &generator)
            }
            let rows: [UInt32] = [8, 0, 3, 3, 7, 1]
            let expected = (0..<rowCount).map { row in
                naive(query[offset...], matrix[(offset + row * stride)..<(offset + row * stride + dimension)])
            }
            var listed = [Float](repeating: .nan, count: rows.count + 1)
            var ranged = [Float](repeating: .nan, count: rowCount + 1)
            query.withUnsafeBufferPointer { query in
                matrix.withUnsafeBufferPointer { matrix in
                    let q = query.baseAddress! + offset
                    let m = matrix.baseAddress! + offset
                    lk_inner_products_of_rows(q, m, stride, dimension, rows, rows.count, &listed)
                    lk_inner_products_of_range(q, m, stride, dimension, rowCount, &ranged)
                    for row in 0..<rowCount {
                        #expect(lk_inner_product(q, m + row * stride, dimension) == ranged[row])
                    }
                    let best = rows.map { ranged[Int($0)] }.max()!
                    #expect(
                        !lk_any_inner_product_above(q, m, stride, dimension, rows, rows.count, best)
                    )
                    #expect(
                        lk_any_inner_product_above(
                            q,
                            m,
                            stride,
                            dimension,
                            rows,
                            rows.count,
                            best.nextDown
                        )
                    )
                    #expect(!lk_any_inner_product_above(q, m, stride, dimension, rows, 0, -2000))
                }
            }
            for (score, row) in zip(listed, rows) {
                #expect(score == ranged[Int(row)], "one pair of vectors has one score")
            }
            for row in 0..<rowCount {
                #expect(abs(Double(ranged[row]) - expected[row]) < 1e-6 * Double(dimension + 10))
            }
            #expect(listed.last!.isNaN && ranged.last!.isNaN, "nothing is written behind the scores")
        }
    }
}
