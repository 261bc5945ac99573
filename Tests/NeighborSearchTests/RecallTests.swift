import TestSupport
import Testing

@testable import NeighborSearch

@Suite("recall")
struct RecallTests {
    /// Small enough for debug builds, thin enough that the graph can lose something.
    private static func parameters() throws -> HNSWParameters {
        try HNSWParameters(connectivity: 6, constructionBeamWidth: 30)
    }

    @Test("finds 95 of 100 of the ten nearest with a beam of 40", arguments: Metric.allCases)
    func floor(metric: Metric) throws {
        let vectors = clusteredVectors(1260, dimension: 24, metric: metric, seed: 3)
        let index = try makeIndex(Array(vectors.prefix(1200)), metric: metric, parameters: Self.parameters())
        try index.checkInvariants()
        let recall = try recallAtTen(index, queries: Array(vectors.suffix(60)), beamWidth: 40)
        #expect(recall >= 0.95)
        #expect(try recallAtTen(index, queries: Array(vectors.suffix(60)), beamWidth: 400) >= 0.995)
    }

    @Test("a clump of copies in the middle of everything, inserted last, does not cut the collection off")
    func clumpInTheMiddle() throws {
        let vectors = clusteredVectors(660, dimension: 32, clusters: 30, seed: 13)
        let items = Array(vectors.prefix(600))
        let middle = normalized((0..<32).map { axis in items.reduce(0) { $0 + $1[axis] } })
        let parameters = try HNSWParameters(constructionBeamWidth: 60)
        let index = try makeIndex(items + Array(repeating: middle, count: 300), parameters: parameters)
        try index.checkInvariants()
        #expect(try recallAtTen(index, queries: Array(vectors.suffix(60)), beamWidth: 100) >= 0.95)
    }

    @Test("removing half and inserting it again, ten times, costs no more than 0.01 recall, and few slots")
    func turnover() throws {
        let vectors = clusteredVectors(950, dimension: 16, seed: 21)
        let items = vectors.prefix(750).enumerated().map { (key: UInt64($0), vector: $1) }
        let queries = Array(vectors.suffix(200))
        let parameters = try HNSWParameters(connectivity: 8, constructionBeamWidth: 40)
        func recall(_ index: HNSWIndex) throws -> Double {
            try meanRecall(queries, exact: { try index.exactNearest(to: $0, count: 10) }) {
                let answer = try index.nearest(to: $0, count: 10, beamWidth: 30)
                #expect(answer.method == .hnsw)
                return answer
            }
        }
        let index = HNSWIndex(dimension: 16, parameters: parameters)
        try index.insert(items, threads: 1)
        let freshRecall = try recall(index)
        var generator = SeededGenerator(seed: 22)
        for round in 0..<10 {
            let half = items.shuffled(using: &generator).prefix(375)
            for item in half {
                try index.remove(key: item.key)
            }
            expectWellFormed(try index.nearest(to: queries[0], count: 375, beamWidth: 10), count: 375)
            try index.insert(Array(half), threads: 1)
            if round % 3 == 0 { #expect(try recall(index) >= freshRecall - 0.01) }
        }
        try index.checkInvariants()
        // Those that wait for a consolidation, an eighth, are all that is held beyond the items.
        #expect(index.slotCount <= 750 + 750 / 8 + 1)
    }

    @Test("two threads build a graph that finds as much as one thread's, with every item in it")
    func threads() throws {
        let vectors = clusteredVectors(1300, dimension: 16, seed: 23)
        let items = vectors.prefix(1200).enumerated().map { (key: UInt64($0), vector: $1) }
        let queries = Array(vectors.suffix(100))
        let recalls = try [1, 2].map { threads in
            let index = HNSWIndex(dimension: 16, parameters: try Self.parameters())
            try index.insert(items, threads: threads)
            try index.checkInvariants()
            return try recallAtTen(index, queries: queries, beamWidth: 30)
        }
        #expect(recalls[1] >= recalls[0] - 0.01)
    }

    @Test("a filtered search finds 95 of 100, from every second item to one in a thousand")
    func filtered() throws {
        let vectors = clusteredVectors(2050, dimension: 12, seed: 24)
        let parameters = try HNSWParameters(connectivity: 8, constructionBeamWidth: 30, beamWidth: 40)
        let index = try makeIndex(Array(vectors.prefix(2000)), parameters: parameters)
        var methods: Set<SearchMethod> = []
        for modulus in [2, 10, 100, 1000] as [UInt64] {
            let isWanted = { (key: UInt64) in key % modulus == modulus / 3 }
            let queries = Array(vectors.suffix(50))
            for query in queries {
                let answer = try index.nearest(to: query, count: 10, where: isWanted)
                expectWellFormed(answer, count: min(10, Int(2000 / modulus)))
                #expect(answer.neighbors.allSatisfy { isWanted($0.key) })
                methods.insert(answer.method)
            }
            let recall = try meanRecall(
                queries,
                exact: { try index.exactNearest(to: $0, count: 10, where: isWanted) },
                found: { try index.nearest(to: $0, count: 10, where: isWanted) }
            )
            #expect(recall >= 0.95, "one in \(modulus)")
        }
        #expect(methods == [.exact, .hnsw])
    }

    @Test("a filtered search finds what it should when the wanted items are all far from the query")
    func filteredFarAway() throws {
        let vectors = clusteredVectors(1500, dimension: 8, clusters: 6, seed: 25)
        let parameters = try HNSWParameters(connectivity: 8, constructionBeamWidth: 30, beamWidth: 20)
        let index = try makeIndex(vectors, parameters: parameters)
        for query in vectors.prefix(20) {
            let ranked = try index.exactNearest(to: query, count: 1500).neighbors
            let far = Set(ranked.suffix(300).map(\.key))
            let answer = try index.nearest(to: query, count: 10) { far.contains($0) }
            #expect(answer.neighbors == Array(ranked.suffix(300).prefix(10)))
        }
    }
}
