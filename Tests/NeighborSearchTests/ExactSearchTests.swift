import NeighborSearch
import Testing

@Suite("exact search")
struct ExactSearchTests {
    @Test("finds what sorting all similarities finds", arguments: [1, 8, 10, 33])
    func agreesWithSorting(dimension: Int) throws {
        let vectors = clusteredVectors(150, dimension: dimension, seed: 1)
        let index = try makeIndex(vectors)
        for query in clusteredVectors(5, dimension: dimension, seed: 2) {
            let answer = try index.exactNearest(to: query, count: 150)
            let sorted = vectors.map { naiveSimilarity(query, $0) }.sorted(by: >)
            #expect(answer.method == .exact)
            #expect(answer.statistics.similarityComputations == 150)
            #expect(Set(answer.neighbors.map(\.key)).count == 150)
            for (neighbor, similarity) in zip(answer.neighbors, sorted) {
                #expect(abs(Double(neighbor.similarity) - similarity) < 1e-5)
                #expect(abs(naiveSimilarity(query, vectors[Int(neighbor.key)]) - similarity) < 1e-5)
            }
            let ten = try index.exactNearest(to: query, count: 10)
            #expect(ten.neighbors == Array(answer.neighbors.prefix(10)))
        }
    }

    @Test("equally near items come by ascending key, also where the answer is cut")
    func breaksTiesByKey() throws {
        let index = HNSWIndex(dimension: 4)
        for key in (UInt64(0)..<400).reversed() {
            try index.insert(key: key, vector: key % 2 == 0 ? [1, 0, 0, 0] : [0, 1, 0, 0])
        }
        let keys = try index.exactNearest(to: [1, 0, 0, 0], count: 150).neighbors.map(\.key)
        #expect(keys == (0..<150).map { UInt64(2 * $0) })
    }
}
