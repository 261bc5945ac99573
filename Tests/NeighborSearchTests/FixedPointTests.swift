import CKernels
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("vectors of 16 bits per component")
struct FixedPointTests {
    private struct Quantised {
        var high: [UInt8]
        var low: [Int8]
        var scale: Float

        init(_ vector: [Float]) {
            high = [UInt8](repeating: 0, count: vector.count)
            low = [Int8](repeating: 0, count: vector.count)
            scale = lk_quantize(vector, vector.count, &high, &low)
        }

        var vector: [Float] {
            var vector = [Float](repeating: .nan, count: high.count)
            lk_dequantize(high, low, scale, high.count, &vector)
            return vector
        }

        /// The number that the two bytes stand for, in double precision.
        func component(_ index: Int) -> Double {
            Double(scale) / 256 * Double((Int(high[index]) - 128) * 256 + Int(low[index]))
        }
    }

    @Test(
        "a component comes back within 1/64,000 of the biggest, at any size",
        arguments: Array(1...130) + [256, 784]
    )
    func roundTrip(dimension: Int) {
        var generator = SeededGenerator(seed: UInt64(dimension))
        for magnitude in [1, 1e-29, 1e-6, 3e8, 1e19] as [Float] {
            let vector = generator.values(dimension).map { $0 * magnitude }
            let quantised = Quantised(vector)
            let peak = vector.map(abs).max()!
            #expect(quantised.high.allSatisfy { $0 >= 1 })
            for (index, (new, old)) in zip(quantised.vector, vector).enumerated() {
                #expect(abs(new - old) <= peak / 64_000)
                #expect(abs(Double(new) - quantised.component(index)) <= Double(peak.ulp))
                // The code alone, which the walk reads, is within half a step.
                let code = quantised.scale * Float(Int(quantised.high[index]) - 128)
                #expect(abs(code - old) <= 0.503 * quantised.scale)
            }
        }
    }

    @Test("zeros, and what is as good as zero, come back as zeros")
    func zeros() {
        for vector in [[0, 0, -0.0], [1e-31, -1e-38, .leastNonzeroMagnitude]] as [[Float]] {
            let quantised = Quantised(vector)
            #expect(quantised.scale == 0)
            #expect(quantised.vector.allSatisfy { $0 == 0 })
        }
    }

    @Test("the biggest components are met, with either sign")
    func extremes() {
        let quantised = Quantised([3, -3, 1.5, 0])
        #expect(quantised.high == [255, 1, 192, 128])
        #expect(zip(quantised.vector, [3, -3, 1.5, 0]).allSatisfy { abs($0 - $1) < 5e-5 })
    }

    @Test(
        "inner products and squared distances are those of double precision, within what floats lose",
        arguments: Array(1...130) + [256, 784]
    )
    func agreesWithDoubles(dimension: Int) {
        var generator = SeededGenerator(seed: UInt64(dimension))
        for magnitude in [1, 1e-3, 500] as [Float] {
            let query = generator.values(dimension)
            let quantised = Quantised(generator.values(dimension).map { $0 * magnitude })
            let stored = (0..<dimension).map { quantised.component($0) }
            let pairs = zip(query.map(Double.init), stored)
            let product = pairs.reduce(0) { $0 + $1.0 * $1.1 }
            let productBound = pairs.reduce(0) { $0 + abs($1.0 * $1.1) }
            let squares = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let rounding = Double(Float.ulpOfOne) * Double(dimension + 8)
            let (high, low, scale) = (quantised.high, quantised.low, quantised.scale)
            let foundProduct = Double(lk_fixed_point_inner_product(query, high, low, scale, dimension))
            let foundSquares = Double(lk_fixed_point_squared_distance(query, high, low, scale, dimension))
            #expect(abs(foundProduct - product) <= rounding * productBound)
            let largest = Double(magnitude + 1)
            #expect(
                abs(foundSquares - squares) <= rounding * (squares + Double(dimension) * largest * largest)
            )
        }
    }

    @Test("taking unvisited links copies those without the mark, in order, and marks them")
    func takesUnvisited() {
        var generator = SeededGenerator(seed: 5)
        for width in 0...40 {
            for _ in 0..<20 {
                let filled = Int.random(in: 0...width, using: &generator)
                // Links may repeat while a list is being rewritten.
                var links = (0..<filled).map { _ in UInt32.random(in: 0..<50, using: &generator) }
                links += Array(repeating: noSlot, count: width - filled)
                var marks = (0..<50).map { _ in UInt8.random(in: 6...8, using: &generator) }
                var expectedMarks = marks
                var expected: [UInt32] = []
                for link in links.prefix(filled) where expectedMarks[Int(link)] != 7 {
                    expectedMarks[Int(link)] = 7
                    expected.append(link)
                }
                var taken = [UInt32](repeating: 99, count: width + 1)
                let count = lk_take_unvisited(links, width, &marks, 7, &taken)
                #expect(Array(taken.prefix(count)) == expected)
                #expect(marks == expectedMarks)
                #expect(taken[width] == 99)
            }
        }
    }
}
