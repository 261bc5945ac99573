import NeighborSearch
import Testing

@Suite("arguments of the index")
struct HNSWArgumentTests {
    @Test(
        "a vector that is not a finite unit vector of the right dimension is refused, as item and as query",
        arguments: [
            ([1, 0], .wrongDimension(found: 2, expected: 3)),
            ([], .wrongDimension(found: 0, expected: 3)),
            ([0, .nan, 1], .notFinite(component: 1)),
            ([0, 0, -.infinity], .notFinite(component: 2)),
            ([0, 0, 0], .notUnitLength(found: 0)),
            ([0, 0, 2], .notUnitLength(found: 2)),
            ([0, 0, 1.01], .notUnitLength(found: 1.01)),
        ] as [([Float], NeighborSearchError)]
    )
    func refusesBadVectors(vector: [Float], error: NeighborSearchError) throws {
        let index = HNSWIndex(dimension: 3)
        try index.insert(key: 1, vector: [0, 0, 1.0005])
        expectRefusal(of: vector, with: error, by: index)
        #expect(try index.vector(forKey: 1) == [0, 0, 1.0005])
    }

    @Test(
        "Euclidean vectors may have any length whose square is a number, zero included",
        arguments: [
            ([1, 0], .wrongDimension(found: 2, expected: 3)),
            ([0, .nan, 1], .notFinite(component: 1)),
            ([1e30, 0, 0], .tooLong),
            ([1.8e19, -1.8e19, 1.8e19], .tooLong),
        ] as [([Float], NeighborSearchError)]
    )
    func refusesBadEuclideanVectors(vector: [Float], error: NeighborSearchError) throws {
        let index = HNSWIndex(dimension: 3, metric: .euclidean)
        try index.insert(key: 1, vector: [0, 0, 0])
        expectRefusal(of: vector, with: error, by: index)
        #expect(try index.vector(forKey: 1) == [0, 0, 0])
    }

    /// Expects that nothing takes the vector, and that an index of the item 1 stays as it is.
    private func expectRefusal(of vector: [Float], with error: NeighborSearchError, by index: HNSWIndex) {
        #expect(throws: error) { try index.insert(key: 1, vector: vector) }
        #expect(throws: error) { try index.insert(key: 2, vector: vector) }
        let good: [Float] = [0, 0, 1]
        #expect(throws: error) {
            try index.insert([(key: 2, vector: good), (key: 3, vector: vector)], threads: 2)
        }
        #expect(throws: error) { try index.nearest(to: vector, count: 1) }
        #expect(throws: error) { try index.nearest(to: vector, count: 1) { _ in true } }
        #expect(throws: error) { try index.nearest(toEach: [good, vector], count: 1, threads: 2) }
        #expect(throws: error) { try index.exactNearest(to: vector, count: 1) }
        #expect(index.count == 1 && index.contains(1) && !index.contains(2))
        #expect(error.description.count > 40)
    }

    @Test("a negative count and a beam width of nothing are refused")
    func refusesBadCounts() {
        let index = HNSWIndex(dimension: 1)
        let negative = NeighborSearchError.negativeCount(found: -1)
        #expect(throws: negative) { try index.nearest(to: [1], count: -1) }
        #expect(throws: negative) { try index.nearest(toEach: [[1]], count: -1, threads: 1) }
        #expect(throws: negative) { try index.exactNearest(to: [1], count: -1) }
        for width in [0, -1, 1_000_001] {
            let error = NeighborSearchError.parameterOutOfRange(
                name: "beamWidth",
                found: width,
                allowed: 1...1_000_000
            )
            #expect(throws: error) { try index.nearest(to: [1], count: 1, beamWidth: width) }
            #expect(throws: error) {
                try index.nearest(toEach: [[1]], count: 1, beamWidth: width, threads: 1)
            }
        }
    }

    @Test("parameters outside their ranges are refused")
    func refusesBadParameters() {
        #expect(
            throws: NeighborSearchError.parameterOutOfRange(name: "connectivity", found: 2, allowed: 3...128)
        ) {
            try HNSWParameters(connectivity: 2)
        }
        #expect(throws: NeighborSearchError.self) { try HNSWParameters(connectivity: 129) }
        #expect(throws: NeighborSearchError.self) { try HNSWParameters(constructionBeamWidth: 0) }
        #expect(throws: NeighborSearchError.self) { try HNSWParameters(beamWidth: -3) }
        #expect(throws: Never.self) {
            try HNSWParameters(connectivity: 3, constructionBeamWidth: 1, beamWidth: 1)
        }
    }
}
