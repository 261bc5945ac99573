import Synchronization
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("changing an index")
struct HNSWMutationTests {
    @Test(
        "after every random insertion, replacement and removal the graph is sound and holds what a dictionary holds",
        arguments: [(3, 1), (3, 10), (4, 20), (16, 50)],
        Metric.allCases
    )
    func randomChanges(settings: (connectivity: Int, beamWidth: Int), metric: Metric) throws {
        let parameters = try HNSWParameters(
            connectivity: settings.connectivity,
            constructionBeamWidth: settings.beamWidth,
            beamWidth: settings.beamWidth,
            seed: UInt64(settings.connectivity)
        )
        let index = HNSWIndex(dimension: 8, metric: metric, parameters: parameters)
        var oracle: [UInt64: [Float]] = [:]
        var generator = SeededGenerator(seed: UInt64(100 * settings.connectivity + settings.beamWidth))
        for round in 0..<300 {
            let key = UInt64.random(in: 0..<60, using: &generator)
            // Grows, then shrinks, then grows; every tenth vector is one that is already there.
            let removes = (round / 100 == 1) ? 7 : 3
            if Int.random(in: 0..<10, using: &generator) < removes {
                #expect(try index.remove(key: key) == (oracle.removeValue(forKey: key) != nil))
            } else {
                var vector = generator.unitVector(8)
                if round % 10 == 0, let other = oracle.min(by: { $0.key < $1.key })?.value { vector = other }
                try index.insert(key: key, vector: vector)
                oracle[key] = vector
            }
            // Consolidations come by themselves too, once 32 nodes wait for one.
            if round % 37 == 36 { index.consolidate() }
            try index.checkInvariants()
            #expect(index.count == oracle.count)
            let query = generator.unitVector(8)
            let answer = try index.nearest(to: query, count: 7, beamWidth: 7)
            expectWellFormed(answer, count: min(7, oracle.count))
            #expect(answer.neighbors.allSatisfy { oracle[$0.key] != nil })
            if round % 20 == 0 {
                try expectSameContent(index, oracle, query)
            }
        }
        try emptyAndBeginAnew(index, oracle)
    }

    private func expectSameContent(_ index: HNSWIndex, _ oracle: [UInt64: [Float]], _ query: [Float]) throws {
        for key in 0..<60 as Range<UInt64> {
            #expect(index.contains(key) == (oracle[key] != nil))
            guard let vector = oracle[key] else {
                #expect(try index.vector(forKey: key) == nil)
                continue
            }
            let stored = try #require(try index.vector(forKey: key))
            let bound = vector.map(abs).max()! / 64_000
            #expect(zip(stored, vector).allSatisfy { abs($0 - $1) <= bound })
        }
        // A beam as wide as the graph finds every item, because every node can be reached.
        let width = max(1, index.nodeCount)
        let all = try index.graphNearest(to: query, count: oracle.count, beamWidth: width)
        let exact = try index.exactNearest(to: query, count: oracle.count)
        #expect(all.neighbors == exact.neighbors)
        expectExact(exact, oracle, to: query, count: oracle.count, index.metric)
    }

    private func emptyAndBeginAnew(_ index: HNSWIndex, _ oracle: [UInt64: [Float]]) throws {
        let first: [Float] = [1, 0, 0, 0, 0, 0, 0, 0]
        for consolidates in [false, true] {
            for key in oracle.keys.sorted() {
                #expect(try index.remove(key: key))
                #expect(try index.remove(key: key) == false)
                try index.checkInvariants()
            }
            if consolidates { index.consolidate() }
            try index.checkInvariants()
            #expect(index.count == 0)
            #expect(try index.nearest(to: first, count: 3).neighbors.isEmpty)
            #expect(try index.graphNearest(to: first, count: 3, beamWidth: 3).neighbors.isEmpty)
            for (key, vector) in oracle.sorted(by: { $0.key < $1.key }) {
                try index.insert(key: key, vector: vector)
                try index.checkInvariants()
                #expect(try index.nearest(to: vector, count: 1).neighbors.count == 1)
            }
            try expectSameContent(index, oracle, first)
        }
    }

    @Test("inserting an existing key replaces its vector", arguments: Metric.allCases)
    func insertReplaces(metric: Metric) throws {
        let index = try makeIndex(
            clusteredVectors(50, dimension: 8, metric: metric, seed: 23),
            metric: metric
        )
        for new in clusteredVectors(100, dimension: 8, metric: metric, seed: 24) {
            try index.insert(key: 7, vector: new)
            #expect(index.count == 50)
            let all = try index.graphNearest(to: new, count: 50, beamWidth: index.nodeCount)
            expectWellFormed(all, count: 50)
            #expect(all.neighbors[0].key == 7)
            #expect(try index.nearest(to: new, count: 1).neighbors[0].key == 7)
        }
        try index.checkInvariants()
        #expect(index.slotCount <= 50 + 33, "replaced nodes are taken out and their slots used again")
    }

    @Test("removing the node where every search begins leaves the others findable, until none is left")
    func removingEntryPoints() throws {
        let vectors = clusteredVectors(80, dimension: 8, seed: 25)
        for consolidates in [true, false] {
            let index = try makeIndex(vectors, parameters: HNSWParameters(connectivity: 3))
            while index.count > 0 {
                let graph = index.graph
                for slot in [graph.entryPoint, graph.root] {
                    try index.remove(key: graph.keys[Int(slot)])
                }
                // Without consolidations the entry point stays, and others must go for the loop to end.
                if consolidates { index.consolidate() } else { try index.remove(key: UInt64(index.count)) }
                if let other = (UInt64(0)..<80).first(where: index.contains), !consolidates {
                    try index.remove(key: other)
                }
                try index.checkInvariants()
                let found = try index.graphNearest(
                    to: vectors[0],
                    count: 80,
                    beamWidth: max(1, index.nodeCount)
                )
                expectWellFormed(found, count: index.count)
            }
        }
    }

    @Test("taking out most of the nodes at once leaves a graph in which the others are found")
    func bigConsolidation() throws {
        let vectors = clusteredVectors(400, dimension: 8, seed: 26)
        for kept in [1, 2, 10, 100] {
            let index = try makeIndex(
                vectors,
                parameters: HNSWParameters(connectivity: 4, constructionBeamWidth: 20)
            )
            var generator = SeededGenerator(seed: UInt64(kept))
            let keys = (UInt64(0)..<400).shuffled(using: &generator)
            // Without the public method, which would consolidate in between.
            for key in keys.dropFirst(kept) { index.markRemovedForTest(key) }
            index.consolidate()
            try index.checkInvariants()
            #expect(index.count == kept && index.nodeCount == kept)
            for key in keys.prefix(kept) {
                let found = try index.graphNearest(to: vectors[Int(key)], count: kept, beamWidth: kept)
                expectWellFormed(found, count: kept)
                #expect(found.neighbors[0].key == key)
            }
        }
    }
}

extension HNSWIndex {
    /// Removes an item and leaves the consolidation to the caller.
    fileprivate func markRemovedForTest(_ key: UInt64) {
        guard let slot = directory.remove(key, in: graph) else { return }
        liveCount.subtract(1, ordering: .relaxed)
        graph.lifetimes[Int(slot)] = Lifetime.went(at: graph.now + 1).rawValue
        graph.now += 1
        removedCount.add(1, ordering: .relaxed)
    }
}
