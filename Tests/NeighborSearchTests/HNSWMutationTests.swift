import TestSupport
import Testing

@testable import NeighborSearch

@Suite("changing an index")
struct HNSWMutationTests {
    @Test(
        "after every random insertion, replacement and removal the graph is sound and holds what a dictionary holds",
        arguments: [(2, 1), (2, 10), (3, 5), (4, 20), (16, 50)]
    )
    func randomChanges(connectivity: Int, beamWidth: Int) throws {
        let parameters = try HNSWParameters(
            connectivity: connectivity,
            constructionBeamWidth: beamWidth,
            beamWidth: beamWidth,
            seed: UInt64(connectivity)
        )
        let index = HNSWIndex(dimension: 8, parameters: parameters)
        var oracle: [UInt64: [Float]] = [:]
        var generator = SeededGenerator(seed: UInt64(100 * connectivity + beamWidth))
        for round in 0..<260 {
            let key = UInt64.random(in: 0..<60, using: &generator)
            // Grows, then shrinks, then grows; every tenth vector is one that is already there.
            let removes = (round / 90 == 1) ? 7 : 3
            if Int.random(in: 0..<10, using: &generator) < removes {
                #expect(index.remove(key: key) == (oracle.removeValue(forKey: key) != nil))
            } else {
                var vector = generator.unitVector(8)
                if round % 10 == 0, let other = oracle.min(by: { $0.key < $1.key })?.value { vector = other }
                try index.insert(key: key, vector: vector)
                oracle[key] = vector
            }
            try index.checkInvariants()
            #expect(index.count == oracle.count)
            if round % 20 == 0 {
                try expectSameContent(index, oracle)
            }
        }
        for key in oracle.keys.sorted() {
            #expect(index.remove(key: key))
            try index.checkInvariants()
        }
        #expect(index.count == 0)
        #expect(try index.nearest(to: [1, 0, 0, 0, 0, 0, 0, 0], count: 3).neighbors.isEmpty)
        try index.insert(key: 5, vector: [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(
            try index.graphNearest(to: [1, 0, 0, 0, 0, 0, 0, 0], count: 3, beamWidth: 3).neighbors.map(\.key)
                == [5]
        )
    }

    private func expectSameContent(_ index: HNSWIndex, _ oracle: [UInt64: [Float]]) throws {
        for key in 0..<60 as Range<UInt64> {
            #expect(index.vector(forKey: key) == oracle[key])
            #expect(index.contains(key) == (oracle[key] != nil))
        }
        guard let query = oracle.first?.value else { return }
        // A beam as wide as the collection finds every item, because every item can be reached.
        let all = try index.graphNearest(to: query, count: oracle.count, beamWidth: oracle.count).neighbors
        #expect(Set(all.map(\.key)) == Set(oracle.keys))
        #expect(all == (try index.exactNearest(to: query, count: oracle.count).neighbors))
    }

    @Test("removing half and inserting it again, over and over, costs no recall and no slots")
    func recallSurvivesTurnover() throws {
        let all = clusteredVectors(330, dimension: 16, seed: 21)
        let vectors = Array(all.prefix(300))
        let queries = Array(all.suffix(30))
        let index = try makeIndex(
            vectors,
            parameters: HNSWParameters(connectivity: 8, constructionBeamWidth: 40)
        )
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<4 {
            let half = (0..<300).shuffled(using: &generator).prefix(150)
            for key in half {
                index.remove(key: UInt64(key))
            }
            try index.checkInvariants()
            #expect(try recallAtTen(index, queries: queries, beamWidth: 30) >= 0.95)
            for key in half.reversed() {
                try index.insert(key: UInt64(key), vector: vectors[key])
            }
            try index.checkInvariants()
            #expect(try recallAtTen(index, queries: queries, beamWidth: 30) >= 0.95)
        }
        #expect(index.withState { $0.graph.slotCount } == 300)
    }

    @Test("inserting an existing key replaces its vector")
    func insertReplaces() throws {
        let index = try makeIndex(clusteredVectors(50, dimension: 8, seed: 23))
        let new = clusteredVectors(1, dimension: 8, seed: 24)[0]
        try index.insert(key: 7, vector: new)
        #expect(index.count == 50)
        #expect(index.vector(forKey: 7) == new)
        #expect(try index.nearest(to: new, count: 1).neighbors[0].key == 7)
        try index.checkInvariants()
    }

    @Test("removing the node where every search begins leaves the others findable, until none is left")
    func removingEntryPoints() throws {
        let index = try makeIndex(
            clusteredVectors(80, dimension: 8, seed: 25),
            parameters: HNSWParameters(connectivity: 3)
        )
        while index.count > 0 {
            let (entry, root) = index.withState { state in
                (state.keys.key(of: state.graph.entryPoint), state.keys.key(of: state.graph.root))
            }
            #expect(index.remove(key: entry))
            #expect(index.remove(key: root) == (root != entry))
            try index.checkInvariants()
        }
    }

    @Test("each kind of broken graph is noticed")
    func invariantsNotice() throws {
        func fault(_ damage: (HNSWGraph) -> Void) throws -> GraphFault? {
            let index = try makeIndex(
                clusteredVectors(60, dimension: 8, seed: 26),
                parameters: HNSWParameters(connectivity: 4)
            )
            index.remove(key: 9)
            return index.withState { state -> GraphFault? in
                damage(state.graph)
                do throws(GraphFault) {
                    try state.graph.verify()
                    return nil
                } catch {
                    return error
                }
            }
        }
        #expect(try fault { _ in } == nil)
        #expect(
            try fault { $0.baseLinks[0] = 60 } == .linkOutOfRange(slot: 0, layer: 0, found: 60, slotCount: 60)
        )
        #expect(try fault { $0.baseLinks[8] = 1 } == .linkToItself(slot: 1, layer: 0))
        #expect(try fault { $0.baseLinks[8] = 9 } == .linkToFreeSlot(slot: 1, layer: 0, target: 9))
        #expect(try fault { $0.baseLinks[1] = $0.baseLinks[0] } != nil)
        #expect(try fault { $0.baseLinks[0] = noSlot } == .gapInLinks(slot: 0, layer: 0))
        #expect(try fault { $0.baseLinks[9 * 8] = 1 } == .freeSlotWithLinks(slot: 9))
        #expect(try fault { $0.parents[3] = 61 } == .parentOutOfRange(slot: 3, found: 61, slotCount: 60))
        #expect(try fault { $0.entryPoint = 9 } == .invalidEntryPoint(found: 9))
        #expect(try fault { $0.entryPoint = noSlot } == .invalidEntryPoint(found: Int(noSlot)))
        #expect(
            try fault { graph in
                let low = (0..<UInt32(60)).first { graph.level(of: $0) == 0 }!
                graph.entryPoint = low
            } != nil
        )
        #expect(
            try fault { graph in
                let child = (0..<60).first { graph.parents[$0] != noSlot && graph.parents[$0] != graph.root }!
                graph.parents[Int(graph.parents[child])] = UInt32(child)
            } != nil
        )
        #expect(
            try fault { graph in
                let upper = (0..<60).first { graph.level(of: UInt32($0)) > 0 && graph.isLive(UInt32($0)) }!
                let ground = (0..<60).first { graph.level(of: UInt32($0)) == 0 && graph.isLive(UInt32($0)) }!
                graph.upperLinks[Int(graph.firstUpperLists[upper]) * 4] = UInt32(ground)
            } != nil
        )
    }
}
