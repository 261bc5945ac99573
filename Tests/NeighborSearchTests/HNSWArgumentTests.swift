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
        #expect(throws: error) { try index.insert(key: 1, vector: vector) }
        #expect(throws: error) { try index.insert(key: 2, vector: vector) }
        #expect(throws: error) { try index.nearest(to: vector, count: 1) }
        #expect(throws: error) { try index.exactNearest(to: vector, count: 1) }
        #expect(index.count == 1 && index.vector(forKey: 1) == [0, 0, 1.0005])
        #expect(error.description.count > 40)
    }

    @Test("a negative count and a beam width of nothing are refused")
    func refusesBadCounts() {
        let index = HNSWIndex(dimension: 1)
        #expect(throws: NeighborSearchError.negativeCount(found: -1)) {
            try index.nearest(to: [1], count: -1)
        }
        #expect(throws: NeighborSearchError.negativeCount(found: -5)) {
            try index.exactNearest(to: [1], count: -5)
        }
        #expect(
            throws: NeighborSearchError.parameterOutOfRange(
                name: "beamWidth",
                found: 0,
                allowed: 1...1_000_000
            )
        ) {
            try index.nearest(to: [1], count: 1, beamWidth: 0)
        }
    }

    @Test("parameters outside their ranges are refused")
    func refusesBadParameters() {
        #expect(
            throws: NeighborSearchError.parameterOutOfRange(name: "connectivity", found: 1, allowed: 2...128)
        ) {
            try HNSWParameters(connectivity: 1)
        }
        #expect(throws: NeighborSearchError.self) { try HNSWParameters(connectivity: 129) }
        #expect(throws: NeighborSearchError.self) { try HNSWParameters(constructionBeamWidth: 0) }
        #expect(throws: NeighborSearchError.self) { try HNSWParameters(beamWidth: -3) }
        #expect(throws: Never.self) {
            try HNSWParameters(connectivity: 2, constructionBeamWidth: 1, beamWidth: 1)
        }
    }
}
