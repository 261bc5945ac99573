import TestSupport
import Testing

@testable import NeighborSearch

@Suite("HNSW search")
struct HNSWSearchTests {
    @Test("a walk over a tiny collection finds exactly what comparing all finds", arguments: 1...40)
    func tinyCollectionsAreExact(count: Int) throws {
        let metric: Metric = count % 2 == 0 ? .cosine : .euclidean
        let vectors = clusteredVectors(count, dimension: 8, clusters: 3, metric: metric, seed: UInt64(count))
        let index = try makeIndex(vectors, metric: metric)
        for query in clusteredVectors(4, dimension: 8, metric: metric, seed: 99) {
            for wanted in [1, 5, count, count + 3] {
                let exact = try index.exactNearest(to: query, count: wanted)
                let walked = try index.graphNearest(to: query, count: wanted, beamWidth: count + 3)
                #expect(walked.neighbors == exact.neighbors)
                #expect(walked.method == .hnsw)
            }
        }
    }

    @Test(
        "a shorter answer is the beginning of a longer one at the same beam width",
        arguments: Metric.allCases
    )
    func answersArePrefixes(metric: Metric) throws {
        let index = try makeIndex(
            clusteredVectors(1000, dimension: 12, metric: metric, seed: 5),
            metric: metric
        )
        for query in clusteredVectors(10, dimension: 12, metric: metric, seed: 6) {
            let longest = try index.nearest(to: query, count: 40, beamWidth: 40)
            #expect(longest.method == .hnsw)
            for count in [1, 2, 10, 39] {
                let shorter = try index.nearest(to: query, count: count, beamWidth: 40)
                #expect(shorter.neighbors == Array(longest.neighbors.prefix(count)))
            }
        }
    }

    @Test("a shorter answer is the beginning of a longer one also where many items were removed")
    func answersArePrefixesBesideRemoved() throws {
        let parameters = try HNSWParameters(connectivity: 3, constructionBeamWidth: 5)
        let index = try makeIndex(clusteredVectors(1000, dimension: 12, seed: 5), parameters: parameters)
        let query = clusteredVectors(1, dimension: 12, seed: 6)[0]
        for neighbor in try index.exactNearest(to: query, count: 60).neighbors where neighbor.key % 2 == 0 {
            try index.remove(key: neighbor.key)
        }
        let longest = try index.nearest(to: query, count: 40, beamWidth: 40).neighbors
        for count in [5, 20, 39] {
            let shorter = try index.nearest(to: query, count: count, beamWidth: 40).neighbors
            #expect(shorter == Array(longest.prefix(count)))
        }
    }

    @Test("answers are ordered, without repetition, and carry true similarities", arguments: Metric.allCases)
    func answersAreOrdered(metric: Metric) throws {
        let vectors = clusteredVectors(1000, dimension: 12, metric: metric, seed: 7)
        let index = try makeIndex(vectors, metric: metric)
        let answer = try index.nearest(to: vectors[3], count: 30, beamWidth: 32)
        expectWellFormed(answer, count: 30)
        #expect(answer.method == .hnsw && answer.neighbors[0].key == 3)
        for neighbor in answer.neighbors {
            let vector = vectors[Int(neighbor.key)]
            let truth = naiveSimilarity(vectors[3], vector, metric)
            let tolerance = similarityTolerance(vectors[3], vector, metric)
            #expect(abs(Double(neighbor.similarity) - truth) <= tolerance)
        }
        #expect(answer.statistics.hops >= 32 && answer.statistics.similarityComputations < 1000)
    }

    @Test("never answers with fewer than wanted while there are as many, however narrow the beam")
    func answersAreFull() throws {
        let index = try makeIndex(clusteredVectors(500, dimension: 8, seed: 8))
        for key in UInt64(0)..<30 { try index.remove(key: key) }
        #expect(index.nodeCount == 500, "30 removed nodes are passed through")
        let query = clusteredVectors(1, dimension: 8, seed: 9)[0]
        for count in [0, 1, 10, 29, 50, 469, 470, 471, 100_000] {
            for width in [1, 20] {
                let answer = try index.nearest(to: query, count: count, beamWidth: width)
                expectWellFormed(answer, count: min(count, 470))
                let filtered = try index.nearest(to: query, count: count, beamWidth: width) { $0 % 3 == 0 }
                expectWellFormed(filtered, count: min(count, 157))
            }
        }
        #expect(try index.graphNearest(to: query, count: 470, beamWidth: 500).neighbors.count == 470)
    }

    @Test("small collections are searched exactly, bigger ones by the graph, and the answer says so")
    func methodDependsOnSize() throws {
        let vectors = clusteredVectors(400, dimension: 8, seed: 10)
        let index = try makeIndex([vectors[0]])
        var methods: [SearchMethod] = []
        for (key, vector) in vectors.enumerated() {
            try index.insert(key: UInt64(key), vector: vector)
            methods.append(try index.nearest(to: vectors[0], count: 3, beamWidth: 10).method)
        }
        let crossover = methods.firstIndex(of: .hnsw)!
        #expect(crossover >= 10 && methods[crossover...].allSatisfy { $0 == .hnsw })
        // A beam too wide for the flat pool, and one asked for by count, are answered exactly.
        #expect(try index.nearest(to: vectors[0], count: 300, beamWidth: 10).method == .exact)
        #expect(try index.nearest(to: vectors[0], count: 1, beamWidth: 1_000_000).method == .exact)
    }

    @Test("many queries at once are answered as one by one, in their order", arguments: [1, 2, 5, 1000])
    func batchedSearch(threads: Int) throws {
        let index = try makeIndex(clusteredVectors(600, dimension: 8, seed: 14))
        let queries = clusteredVectors(37, dimension: 8, seed: 15)
        let answers = try index.nearest(toEach: queries, count: 7, beamWidth: 12, threads: threads)
        #expect(answers.count == 37)
        for (query, answer) in zip(queries, answers) {
            let single = try index.nearest(to: query, count: 7, beamWidth: 12)
            #expect(answer.neighbors == single.neighbors)
            #expect(answer.method == single.method && answer.statistics == single.statistics)
        }
        #expect(try index.nearest(toEach: [], count: 7, threads: threads).isEmpty)
    }

    @Test("copies of one vector, four times as many as the beam is wide, are all found and hide nothing")
    func copiesHideNothing() throws {
        let others = clusteredVectors(200, dimension: 8, seed: 12)
        let copy = others[0]
        let parameters = try HNSWParameters(constructionBeamWidth: 100)
        let index = HNSWIndex(dimension: 8, parameters: parameters)
        for key in UInt64(0)..<600 {
            try index.insert(key: key, vector: key % 3 == 0 ? others[Int(key / 3)] : copy)
        }
        try index.checkInvariants()
        let copies = try index.graphNearest(to: copy, count: 401, beamWidth: 401).neighbors
        #expect(copies.allSatisfy { $0.similarity > 0.9999 })
        for (number, other) in others.enumerated().dropFirst() {
            let nearest = try index.graphNearest(to: other, count: 1, beamWidth: 100).neighbors[0]
            #expect(nearest.key == UInt64(3 * number))
            guard number % 10 == 0 else { continue }
            let all = try index.graphNearest(to: other, count: 600, beamWidth: 600).neighbors
            #expect(all.count == 600, "a wide enough beam finds everything")
        }
    }

    @Test(
        "Euclidean vectors of very different lengths are found, the longest and the shortest that are allowed"
    )
    func extremeLengths() throws {
        var generator = SeededGenerator(seed: 16)
        for magnitude in [1e-12, 1, 1e9, 2e18] as [Float] {
            let vectors = (0..<80).map { number in
                generator.unitVector(6).map { $0 * magnitude * Float(number + 1) / 40 }
            }
            let index = try makeIndex(vectors, metric: .euclidean)
            try index.checkInvariants()
            for (number, vector) in vectors.enumerated() {
                let answer = try index.graphNearest(to: vector, count: 80, beamWidth: 80).neighbors
                #expect(answer.count == 80 && answer[0].key == UInt64(number))
                #expect(answer.allSatisfy { $0.similarity.isFinite && $0.similarity <= 0 })
            }
        }
        let longest = HNSWIndex(dimension: 1, metric: .euclidean)
        // Whatever is accepted must be comparable: the squared distance of two opposite ones is four times as big.
        for key in UInt64(0)..<40 {
            let vector = [1.8e19 * pow2(-Int(key) / 2) * (key % 2 == 0 ? 1 : -1)]
            do throws(NeighborSearchError) {
                try longest.insert(key: key, vector: vector)
            } catch {
                #expect(error == .tooLong)
                continue
            }
            let nearest = try longest.graphNearest(to: vector, count: 1, beamWidth: 40).neighbors[0]
            #expect(nearest.key == key && nearest.similarity.isFinite)
        }
        #expect(longest.count > 30)
    }

    private func pow2(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }

    @Test("an empty index answers nothing", arguments: Metric.allCases)
    func emptyIndex(metric: Metric) throws {
        let index = HNSWIndex(dimension: 3, metric: metric)
        #expect(try index.nearest(to: [0, 1, 0], count: 5).neighbors.isEmpty)
        #expect(try index.nearest(to: [0, 1, 0], count: 5) { _ in true }.neighbors.isEmpty)
        #expect(try index.graphNearest(to: [0, 1, 0], count: 5, beamWidth: 5).neighbors.isEmpty)
        #expect(try index.exactNearest(to: [0, 1, 0], count: 5).neighbors.isEmpty)
        #expect(try index.vector(forKey: 1) == nil)
        #expect(try index.remove(key: 1) == false)
        #expect(index.count == 0)
    }
}
