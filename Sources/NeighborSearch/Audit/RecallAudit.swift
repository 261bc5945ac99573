import Dispatch
import Synchronization

/// Measures what an index misses, on queries of your choice, and finds out where it gets lost.
///
/// The truth is an exact search with all bits that are stored. What is found counts by its similarity: an item
/// as near as the last true neighbour is as good as that one, so copies cost nothing. From the truth to what a
/// walk finds there are three steps, each measured on its own with beam width *b*:
///
/// | step | finds the neighbours among | what is lost to |
/// |---|---|---|
/// | scan of codes | the *b* best of all items by their 8-bit codes, ranked by all bits | quantisation |
/// | undisturbed walk | what a walk keeps when removed nodes take no places in its beam | the graph |
/// | walk | what a walk keeps as ``HNSWIndex/nearest(to:count:beamWidth:where:)`` does it | deletions |
///
/// The losses are the differences in recall from step to step, so they and the recall of the walk add up to 1.
/// A loss can come out a little below 0: a walk that misses a good code may keep a worse one in its place, with a
/// nearer vector.
///
/// Nobody should change the index meanwhile; a change would look like a loss.
public struct RecallAudit: Sendable {
    /// A vector to look for.
    public struct Query: Sendable {
        /// As ``HNSWIndex/nearest(to:count:beamWidth:where:)`` wants it.
        public let vector: [Float]
        /// The item whose vector this is, left out of the truth and of every answer: that it finds itself says
        /// little. Nil for a query from outside.
        public let ownKey: UInt64?

        /// Pairs a vector with the item it belongs to.
        public init(vector: [Float], ownKey: UInt64? = nil) {
            self.vector = vector
            self.ownKey = ownKey
        }
    }

    /// How many neighbours are to be found (k).
    public static let neighborCount = 10

    let index: HNSWIndex
    private let threads: Int
    private let probes: [Probe]

    /// A query, and what it should find.
    struct Probe: Sendable {
        let number: Int
        let query: Query
        let truth: Truth
    }

    /// What an exact search found: how many, and how similar the last of them is.
    struct Truth: Sendable {
        let count: Int
        let bar: Float

        init(_ neighbors: [Neighbor]) {
            count = neighbors.count
            bar = neighbors.last?.similarity ?? .infinity
        }

        func hits(among neighbors: some Sequence<Neighbor>) -> Int {
            min(count, neighbors.count { $0.similarity >= bar })
        }
    }

    /// Finds the truth for each query. O(queries · items).
    ///
    /// - Parameter threads: How many to ask at once; at least 1.
    /// - Throws: ``NeighborSearchError`` for a bad query or a damaged file.
    public init(of index: HNSWIndex, queries: [Query], threads: Int) throws(NeighborSearchError) {
        self.index = index
        self.threads = threads
        let truths = try mapInParallel(queries, threads: threads) { query throws(NeighborSearchError) in
            Truth(
                try index.exactNearest(to: query.vector, count: Self.neighborCount) { $0 != query.ownKey }
                    .neighbors
            )
        }
        probes = zip(queries, truths).enumerated().map { number, pair in
            Probe(number: number, query: pair.0, truth: pair.1)
        }
    }

    /// How many queries there are.
    public var queryCount: Int { probes.count }

    /// The recall of walks with this beam width, however few items there are.
    public func walkRecall(beamWidth: Int) throws(NeighborSearchError) -> RecallEstimate {
        let found = try measureEach { probe throws(NeighborSearchError) in
            probe.truth.hits(among: try index.walk(for: probe.query, beamWidth: beamWidth))
        }
        return estimate(found)
    }

    func measureEach<Value: Sendable>(
        _ body: @Sendable (Probe) throws(NeighborSearchError) -> Value
    ) throws(NeighborSearchError) -> [Value] {
        try mapInParallel(probes, threads: threads, body)
    }

    func estimate(_ found: [Int]) -> RecallEstimate {
        RecallEstimate(found: found, of: probes.map(\.truth.count))
    }
}

/// Maps on several threads at once; when some elements fail, throws the error of one of them.
private func mapInParallel<Element: Sendable, Value: Sendable>(
    _ elements: [Element],
    threads: Int,
    _ body: @Sendable (Element) throws(NeighborSearchError) -> Value
) throws(NeighborSearchError) -> [Value] {
    let values = Mutex<[Int: Result<Value, NeighborSearchError>]>([:])
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, elements.count))) { _ in
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < elements.count else { return }
            let value: Result<Value, NeighborSearchError>
            do throws(NeighborSearchError) {
                value = .success(try body(elements[index]))
            } catch {
                value = .failure(error)
            }
            values.withLock { $0[index] = value }
        }
    }
    let found = values.withLock { $0 }
    var ordered: [Value] = []
    ordered.reserveCapacity(elements.count)
    for index in elements.indices { ordered.append(try found[index]!.get()) }
    return ordered
}
