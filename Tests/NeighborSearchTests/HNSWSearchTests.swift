import Testing

@testable import NeighborSearch

@Suite("HNSW search")
struct HNSWSearchTests {
    @Test("a walk over a tiny collection finds exactly what comparing all finds", arguments: 1...40)
    func tinyCollectionsAreExact(count: Int) throws {
        let index = try makeIndex(clusteredVectors(count, dimension: 8, clusters: 3, seed: UInt64(count)))
        for query in clusteredVectors(4, dimension: 8, seed: 99) {
            for wanted in [1, 5, count, count + 3] {
                let exact = try index.exactNearest(to: query, count: wanted)
                let walked = try index.graphNearest(to: query, count: wanted, beamWidth: count + 3)
                #expect(walked.neighbors == exact.neighbors)
                #expect(walked.method == .hnsw)
            }
        }
    }

    @Test("finds 95 of 100 of the ten nearest at default settings")
    func recallAtDefaults() throws {
        let vectors = clusteredVectors(1560, dimension: 32, seed: 3)
        let index = try makeIndex(Array(vectors.prefix(1500)))
        try index.checkInvariants()
        let queries = Array(vectors.suffix(60))
        let recall = try recallAtTen(index, queries: queries, beamWidth: HNSWParameters.default.beamWidth)
        #expect(recall >= 0.95)
    }

    @Test("a shorter answer is the beginning of a longer one at the same beam width")
    func answersArePrefixes() throws {
        let index = try makeIndex(clusteredVectors(700, dimension: 16, seed: 5))
        for query in clusteredVectors(10, dimension: 16, seed: 6) {
            let longest = try index.nearest(to: query, count: 40, beamWidth: 40)
            #expect(longest.method == .hnsw)
            for count in [1, 2, 10, 39] {
                let shorter = try index.nearest(to: query, count: count, beamWidth: 40)
                #expect(shorter.neighbors == Array(longest.neighbors.prefix(count)))
            }
        }
    }

    @Test("answers are ordered, without repetition, and carry true similarities")
    func answersAreOrdered() throws {
        let vectors = clusteredVectors(700, dimension: 16, seed: 7)
        let index = try makeIndex(vectors)
        let answer = try index.nearest(to: vectors[3], count: 30, beamWidth: 32)
        #expect(answer.neighbors == answer.neighbors.sorted(by: Neighbor.isOrderedBefore))
        #expect(Set(answer.neighbors.map(\.key)).count == 30)
        #expect(answer.neighbors[0].key == 3)
        for neighbor in answer.neighbors {
            let truth = naiveSimilarity(vectors[3], vectors[Int(neighbor.key)])
            #expect(abs(Double(neighbor.similarity) - truth) < 1e-5)
        }
        #expect(answer.statistics.hops >= 32 && answer.statistics.similarityComputations < 700)
    }

    @Test("never answers with fewer than wanted while there are as many, however narrow the beam")
    func answersAreFull() throws {
        let index = try makeIndex(clusteredVectors(400, dimension: 8, seed: 8))
        let query = clusteredVectors(1, dimension: 8, seed: 9)[0]
        for count in [0, 1, 50, 399, 400, 401, 100_000] {
            #expect(
                try index.nearest(to: query, count: count, beamWidth: 1).neighbors.count == min(count, 400)
            )
        }
        #expect(try index.graphNearest(to: query, count: 400, beamWidth: 400).neighbors.count == 400)
    }

    @Test("small collections are searched exactly, bigger ones by the graph, and the answer says so")
    func methodDependsOnSize() throws {
        let limit = HNSWIndex.exactSearchLimit(beamWidth: 10)
        let vectors = clusteredVectors(limit + 1, dimension: 8, seed: 10)
        let index = try makeIndex(Array(vectors.dropLast()))
        #expect(try index.nearest(to: vectors[0], count: 3, beamWidth: 10).method == .exact)
        try index.insert(key: 1_000_000, vector: vectors[limit])
        #expect(try index.nearest(to: vectors[0], count: 3, beamWidth: 10).method == .hnsw)
    }

    @Test("equal insertions make equal graphs, another seed another one")
    func buildingIsDeterministic() throws {
        let vectors = clusteredVectors(400, dimension: 16, seed: 11)
        func links(seed: UInt64) throws -> [[UInt32]] {
            let parameters = try HNSWParameters(connectivity: 4, constructionBeamWidth: 10, seed: seed)
            return try makeIndex(vectors, parameters: parameters).withState { state in
                (0..<UInt32(400)).map { state.graph.links(of: $0, atLayer: 0) }
            }
        }
        #expect(try links(seed: 1) == links(seed: 1))
        #expect(try links(seed: 1) != links(seed: 2))
    }

    @Test("one node in M rises to each further layer")
    func levelsAreGeometric() {
        var generator = LevelGenerator(state: 42)
        let levels = (0..<40_000).map { _ in generator.next(connectivity: 4) }
        for level in 1...3 {
            let expected = 40_000 / (0..<level).reduce(1) { product, _ in product * 4 }
            let found = levels.count { $0 >= level }
            // Five standard deviations of a binomial count.
            #expect(abs(Double(found - expected)) < 5 * Double(expected).squareRoot())
        }
    }

    @Test("copies of one vector, four times as many as the beam is wide, are all found and hide nothing")
    func copiesHideNothing() throws {
        let others = clusteredVectors(200, dimension: 8, seed: 12)
        let copy = others[0]
        let index = HNSWIndex(dimension: 8)
        for key in UInt64(0)..<600 {
            try index.insert(key: key, vector: key % 3 == 0 ? others[Int(key / 3)] : copy)
        }
        try index.checkInvariants()
        let copies = try index.graphNearest(to: copy, count: 401, beamWidth: 401).neighbors
        #expect(copies.allSatisfy { $0.similarity > 0.9999 })
        for (number, other) in others.enumerated().dropFirst() {
            let nearest = try index.graphNearest(to: other, count: 1, beamWidth: 100).neighbors[0]
            #expect(nearest.key == UInt64(3 * number))
            let all = try index.graphNearest(to: other, count: 600, beamWidth: 600).neighbors
            #expect(all.count == 600, "a wide enough beam finds everything")
        }
    }

    @Test("a clump of copies in the middle of everything, inserted last, does not cut the collection off")
    func clumpInTheMiddle() throws {
        let vectors = clusteredVectors(660, dimension: 32, clusters: 30, seed: 13)
        let items = Array(vectors.prefix(600))
        let middle = normalized((0..<32).map { axis in items.reduce(0) { $0 + $1[axis] } })
        let index = try makeIndex(items + Array(repeating: middle, count: 300))
        try index.checkInvariants()
        #expect(try recallAtTen(index, queries: Array(vectors.suffix(60)), beamWidth: 100) >= 0.95)
    }

    @Test("an empty index answers nothing")
    func emptyIndex() throws {
        let index = HNSWIndex(dimension: 3)
        #expect(try index.nearest(to: [0, 1, 0], count: 5).neighbors.isEmpty)
        #expect(try index.exactNearest(to: [0, 1, 0], count: 5).neighbors.isEmpty)
        #expect(index.count == 0)
    }
}
