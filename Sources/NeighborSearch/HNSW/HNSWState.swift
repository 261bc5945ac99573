/// All of an index that is worth saving: parameters, vectors, links, keys, and where the draw of levels
/// stands.
final class HNSWState {
    let parameters: HNSWParameters
    let vectors: VectorStorage
    let graph: HNSWGraph
    let keys: KeyDirectory
    var levelGenerator: LevelGenerator

    init(dimension: Int, parameters: HNSWParameters) {
        self.parameters = parameters
        vectors = VectorStorage(dimension: dimension)
        graph = HNSWGraph(connectivity: parameters.connectivity)
        keys = KeyDirectory()
        levelGenerator = LevelGenerator(state: parameters.seed)
    }

    init(
        parameters: HNSWParameters,
        vectors: VectorStorage,
        graph: HNSWGraph,
        keys: KeyDirectory,
        levelGenerator: LevelGenerator
    ) {
        self.parameters = parameters
        self.vectors = vectors
        self.graph = graph
        self.keys = keys
        self.levelGenerator = levelGenerator
    }

    /// Walks the graph for the nearest `count`, keeping `beamWidth` ≥ count candidates on the way.
    func walk(
        to query: [Float],
        count: Int,
        beamWidth: Int,
        context: SearchContext,
        statistics: inout SearchStatistics
    ) -> [Neighbor] {
        precondition(beamWidth >= count && graph.entryPoint != noSlot)
        context.prepare(
            slotCount: graph.slotCount,
            beamWidth: beamWidth,
            width: 2 * graph.connectivity,
            stride: vectors.stride
        )
        let searcher = HNSWSearcher(graph: graph.unsafeHandle, vectors: vectors.unsafeHandle)
        let found = searcher.nearest(
            to: query,
            entryPoint: graph.entryPoint,
            topLevel: graph.level(of: graph.entryPoint),
            beamWidth: beamWidth,
            context: context,
            statistics: &statistics
        )
        // The pool orders by similarity alone; equally near items are put in order here, before the cut.
        var neighbors = found.map { Neighbor(key: keys.key(of: $0.slot), similarity: $0.similarity) }
        neighbors.sort(by: Neighbor.isOrderedBefore)
        return Array(neighbors.prefix(count))
    }

    func scan(for query: [Float], count: Int, statistics: inout SearchStatistics) -> [Neighbor] {
        ExactSearch(vectors: vectors, graph: graph, keys: keys)
            .nearest(to: query, count: min(count, keys.liveCount), statistics: &statistics)
    }

    /// Checks the graph, and that it agrees with the keys about which slots are free.
    func verify() throws(SnapshotError) {
        do {
            try graph.verify()
        } catch {
            throw .brokenGraph(error)
        }
        for slot in keys.freeSlots where graph.isLive(slot) {
            throw .invalidFreeSlot(found: Int(slot), slotCount: graph.slotCount)
        }
        let live = (0..<UInt32(graph.slotCount)).count { graph.isLive($0) }
        guard live == keys.liveCount else {
            throw .fieldOutOfRange(field: "live count", found: keys.liveCount, allowed: live...live)
        }
    }
}
