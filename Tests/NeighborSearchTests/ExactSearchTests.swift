import TestSupport
import Testing

@testable import NeighborSearch

@Suite("exact search")
struct ExactSearchTests {
    @Test(
        "finds what sorting all similarities finds, with and without a filter",
        arguments: Metric.allCases,
        [1, 8, 10, 33]
    )
    func agreesWithSorting(metric: Metric, dimension: Int) throws {
        let vectors = clusteredVectors(150, dimension: dimension, metric: metric, seed: 1)
        let index = try makeIndex(vectors, metric: metric)
        let items = Dictionary(uniqueKeysWithValues: vectors.enumerated().map { (UInt64($0), $1) })
        for query in clusteredVectors(5, dimension: dimension, metric: metric, seed: 2) {
            for count in [0, 1, 10, 149, 150, 400] {
                let answer = try index.exactNearest(to: query, count: count)
                expectExact(answer, items, to: query, count: count, metric)
                #expect(answer.method == .exact && answer.statistics.hops == 0)
                #expect(count == 0 || answer.statistics.similarityComputations == 150)
                for modulus in [2, 7, 60, 1000] as [UInt64] {
                    let answer = try index.exactNearest(to: query, count: count) { $0 % modulus == 1 }
                    let wanted = items.filter { $0.key % modulus == 1 }
                    expectExact(answer, wanted, to: query, count: count, metric)
                }
                #expect(try index.exactNearest(to: query, count: count) { _ in false }.neighbors.isEmpty)
            }
            let ten = try index.exactNearest(to: query, count: 10).neighbors
            #expect(ten == Array(try index.exactNearest(to: query, count: 150).neighbors.prefix(10)))
        }
    }

    @Test(
        "equally near items come by ascending key, also where the answer is cut",
        arguments: Metric.allCases
    )
    func breaksTiesByKey(metric: Metric) throws {
        let index = HNSWIndex(dimension: 4, metric: metric)
        for key in (UInt64(0)..<400).reversed() {
            try index.insert(key: key, vector: key % 2 == 0 ? [1, 0, 0, 0] : [0, 1, 0, 0])
        }
        let keys = try index.exactNearest(to: [1, 0, 0, 0], count: 150).neighbors.map(\.key)
        #expect(keys == (0..<150).map { UInt64(2 * $0) })
    }

    @Test("items that get new vectors while they are compared do not push others out of the answer")
    func staysFullDuringReplacements() throws {
        let index = HNSWIndex(dimension: 2)
        for key in UInt64(0)..<60 {
            try index.insert(key: key, vector: key < 20 ? [1, 0] : [0.6, 0.8])
        }
        var isFirst = true
        let answer = try index.exactNearest(to: [1, 0], count: 30) { key in
            // When the last one is looked at, the first twenty lie in new slots behind it.
            if key == 59, isFirst {
                isFirst = false
                for replaced in UInt64(0)..<20 {
                    do { try index.insert(key: replaced, vector: [1, 0]) } catch { Issue.record(error) }
                }
            }
            return true
        }
        expectWellFormed(answer, count: 30)
    }

    @Test("an item that gets a new vector during the search is found, with its old vector or the new")
    func findsReplacedItems() throws {
        let index = HNSWIndex(dimension: 2)
        for key in UInt64(0)..<100 {
            try index.insert(key: key, vector: [0.6, 0.8])
        }
        for key in UInt64(0)..<40 {
            try index.remove(key: key)
        }
        index.consolidate()
        var isFirst = true
        let answer = try index.exactNearest(to: [1, 0], count: 60) { _ in
            // The new vector takes one of the first slots, which this search has passed.
            if isFirst {
                isFirst = false
                do { try index.insert(key: 99, vector: [1, 0]) } catch { Issue.record(error) }
            }
            return true
        }
        expectWellFormed(answer, count: 60)
        #expect(answer.neighbors.contains { $0.key == 99 })
    }
}
