import TestSupport
import Testing

@testable import NeighborSearch

@Suite("building a graph")
struct HNSWBuildTests {
    private func links(of index: HNSWIndex) -> [[UInt32]] {
        let handle = index.graph.unsafeHandle
        return (0..<UInt32(index.slotCount)).flatMap { slot in
            (0...handle.level(of: slot)).map { layer in
                let links = handle.links(of: slot, atLayer: layer)
                return (0..<handle.linkCount(of: slot, atLayer: layer)).map { links[$0] }
            }
        }
    }

    @Test("equal changes make equal graphs, another seed another one")
    func buildingIsDeterministic() throws {
        let vectors = clusteredVectors(400, dimension: 16, seed: 11)
        func build(seed: UInt64) throws -> HNSWIndex {
            let parameters = try HNSWParameters(connectivity: 4, constructionBeamWidth: 10, seed: seed)
            let index = try makeIndex(vectors, parameters: parameters)
            for key in UInt64(100)..<180 { try index.remove(key: key) }
            for key in UInt64(150)..<200 { try index.insert(key: key, vector: vectors[Int(key) - 150]) }
            return index
        }
        let (first, second) = (try build(seed: 1), try build(seed: 1))
        #expect(links(of: first) == links(of: second))
        #expect(links(of: first) != links(of: try build(seed: 2)))
        for query in clusteredVectors(10, dimension: 16, seed: 12) {
            let answer = try first.graphNearest(to: query, count: 10, beamWidth: 10)
            let other = try second.graphNearest(to: query, count: 10, beamWidth: 10)
            #expect(answer.neighbors == other.neighbors && answer.statistics == other.statistics)
        }
    }

    @Test("many items at once are all there, whatever the number of threads", arguments: [-1, 1, 2, 3, 900])
    func batchedInsertion(threads: Int) throws {
        let vectors = clusteredVectors(500, dimension: 8, metric: .euclidean, seed: 17)
        let parameters = try HNSWParameters(connectivity: 5, constructionBeamWidth: 20)
        let index = HNSWIndex(dimension: 8, metric: .euclidean, parameters: parameters)
        try index.insert([], threads: threads)
        let items = vectors.enumerated().map { (key: UInt64($0), vector: $1) }
        try index.insert(Array(items.prefix(300)), threads: threads)
        // Half of these are there already, and some come twice.
        try index.insert(Array(items[150...]) + Array(items[450...]), threads: threads)
        try index.checkInvariants()
        #expect(index.count == 500)
        for (key, vector) in vectors.enumerated() {
            #expect(try index.nearest(to: vector, count: 1).neighbors[0].key == UInt64(key))
        }
        let wide = try index.graphNearest(to: vectors[0], count: 500, beamWidth: index.nodeCount)
        expectWellFormed(wide, count: 500)
    }

    @Test("one node in M rises to each further layer")
    func levelsAreGeometric() {
        var generator = LevelGenerator(state: 42)
        let levels = (0..<40_000).map { _ in
            let (peeked, after) = generator.peek(connectivity: 4)
            let level = generator.next(connectivity: 4)
            #expect(peeked == level && after.state == generator.state)
            return level
        }
        for level in 1...3 {
            let expected = 40_000 / (0..<level).reduce(1) { product, _ in product * 4 }
            let found = levels.count { $0 >= level }
            // Five standard deviations of a binomial count.
            #expect(abs(Double(found - expected)) < 5 * Double(expected).squareRoot())
        }
    }

    @Test(
        "records are whole cache lines with room for what a kernel reads beyond the code",
        arguments: 3...128
    )
    func recordLayout(connectivity: Int) {
        for dimension in Array(1...130) + [256, 784, 65_536] {
            let layout = RecordLayout(dimension: dimension, connectivity: connectivity)
            #expect(layout.stride % 64 == 0 && layout.stride >= RecordLayout.roundUp(dimension, to: 64))
            #expect(layout.scalePosition >= dimension && layout.scalePosition % 4 == 0)
            #expect(layout.linksPosition == layout.scalePosition + 8)
            #expect(layout.linksPosition + 4 * layout.baseWidth <= layout.stride)
            // Selection keeps M links and a parent, and all tree links of a full list.
            #expect(layout.baseWidth > connectivity)
            #expect(layout.baseWidth > SpanningTree.childLimit(connectivity: connectivity))
        }
        #expect(RecordLayout(dimension: 256, connectivity: 24).stride == 448)
    }
}
