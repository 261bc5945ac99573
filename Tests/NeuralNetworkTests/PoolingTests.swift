import Testing

@testable import NeuralNetwork

@Suite struct PoolingTests {
    @Test(
        "the weights of the positions sum to 1, and differ only where there is a border and a middle",
        arguments: Pooling.allCases
    )
    func sums(pooling: Pooling) {
        for (rows, columns) in [(7, 7), (3, 4), (2, 5), (1, 1), (8, 8)] {
            let weights = pooling.weights(rows: rows, columns: columns)
            #expect(weights.count == rows * columns)
            #expect(abs(weights.reduce(0, +) - 1) < 1e-5)
            let isEven = Set(weights).count == 1
            #expect(isEven == (pooling == .average || min(rows, columns) < 3), "\(rows)×\(columns)")
        }
    }

    @Test("a position of the middle counts for its share of the middle's mean as well")
    func middle() {
        let weights = Pooling.centerWeighted.weights(rows: 7, columns: 7)
        #expect(abs(weights[0] - 0.6 / 49) < 1e-7)
        #expect(abs(weights[8] - (0.6 / 49 + 0.4 / 25)) < 1e-7)
    }
}
