/// Vectors by key, and the nearest of them to any query: a graph that is walked instead of reading every
/// vector.
///
/// HNSW (Malkov & Yashunin, arXiv 1603.09320) over unit vectors, similarity being their inner product, i.e.
/// their cosine. Any number of threads may search at once; a change waits for running searches and is
/// exclusive.
///
/// Equal operations in equal order give equal graphs, and equal graphs give equal answers.
public final class HNSWIndex: @unchecked Sendable {
    // @unchecked: `state` and `builder` are mutable and guarded by `lock`; the compiler cannot know. The
    // stress test "searches run beside a writer" holds it to that under the thread sanitizer.
    private let lock = ReadWriteLock()
    /// Held by whoever changes the index or needs it unchanged for long. A save holds this and not `lock`: a
    /// writer waiting for `lock` would make the searches behind it wait for the disk.
    private let changes = ReadWriteLock()
    private let contexts = SearchContextPool()
    private let state: HNSWState
    private var builder: HNSWBuilder?

    /// Components per vector.
    public let dimension: Int
    /// The settings the index was made with.
    public let parameters: HNSWParameters

    /// How far from 1 the length of a vector may be.
    public static let unitLengthTolerance: Float = 1e-3

    /// Makes an empty index.
    ///
    /// - Precondition: `dimension` is in 1...65,536.
    public init(dimension: Int, parameters: HNSWParameters = .default) {
        precondition(
            VectorStorage.dimensionRange.contains(dimension),
            "dimension \(dimension) is not in \(VectorStorage.dimensionRange)"
        )
        self.dimension = dimension
        self.parameters = parameters
        state = HNSWState(dimension: dimension, parameters: parameters)
    }

    init(state: HNSWState) {
        self.state = state
        dimension = state.vectors.dimension
        parameters = state.parameters
    }

    /// Number of items that can be found.
    public var count: Int { lock.withReading { state.keys.liveCount } }

    /// Whether an item with this key can be found.
    public func contains(_ key: UInt64) -> Bool { lock.withReading { state.keys.slot(of: key) != nil } }

    /// The vector stored for a key, nil when there is none.
    public func vector(forKey key: UInt64) -> [Float]? {
        lock.withReading { state.keys.slot(of: key).map(state.vectors.row) }
    }

    // MARK: - Changing

    /// Adds an item, or gives an existing one a new vector (INSERT, Algorithm 1).
    ///
    /// - Parameter vector: `dimension` finite components, of length 1.
    /// - Throws: ``NeighborSearchError`` when the vector is not like that, or no slot number is left; the
    ///   index is then as before.
    /// - Complexity: about efConstruction · M inner products, growing slowly with the count.
    public func insert(key: UInt64, vector: [Float]) throws(NeighborSearchError) {
        try validate(vector)
        try changing { () throws(NeighborSearchError) in
            if state.keys.slot(of: key) == nil, state.keys.freeSlots.isEmpty,
                state.graph.slotCount >= state.graph.slotCapacity
            {
                throw .full(capacity: state.graph.slotCapacity)
            }
            let builder = currentBuilder()
            removeLocked(key, builder)
            let slot = state.keys.takeFreeSlot() ?? appendSlotLocked(builder)
            state.vectors.setRow(slot, to: vector)
            state.keys.assign(slot, to: key)
            builder.insert(slot)
        }
    }

    /// Removes an item; false when there was none with this key.
    ///
    /// The links of its neighbours are mended, so that all other items remain findable; its slot is used
    /// again later.
    @discardableResult
    public func remove(key: UInt64) -> Bool {
        changing {
            guard state.keys.slot(of: key) != nil else { return false }
            removeLocked(key, currentBuilder())
            return true
        }
    }

    private func changing<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try changes.withWriting { () throws(Failure) in
            try lock.withWriting(body)
        }
    }

    private func currentBuilder() -> HNSWBuilder {
        if let builder { return builder }
        let new = HNSWBuilder(
            graph: state.graph,
            vectors: state.vectors,
            constructionBeamWidth: parameters.constructionBeamWidth
        )
        builder = new
        return new
    }

    private func appendSlotLocked(_ builder: HNSWBuilder) -> UInt32 {
        state.keys.appendSlot()
        return builder.appendSlot(level: state.levelGenerator.next(connectivity: parameters.connectivity))
    }

    private func removeLocked(_ key: UInt64, _ builder: HNSWBuilder) {
        guard let slot = state.keys.slot(of: key) else { return }
        builder.remove(slot)
        state.vectors.clearRow(slot)
        state.keys.release(key)
    }

    // MARK: - Searching

    /// Finds the items nearest to a query (K-NN-SEARCH, Algorithm 5).
    ///
    /// Small collections are compared one by one, which is both exact and faster; the answer says which it
    /// was. Never returns fewer than the wanted number while the index holds as many.
    ///
    /// While `count` ≤ `beamWidth` the walk does not depend on `count`, so the first k of a longer answer are
    /// the answer for k. For a bigger `count` the beam widens to it.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite components, of length 1.
    ///   - count: how many to find (k), 0 or more.
    ///   - beamWidth: candidates kept on the way (ef), 1...1,000,000; more finds more and takes longer. Nil
    ///     takes the parameters' value.
    /// - Throws: ``NeighborSearchError`` when an argument is not like that.
    /// - Complexity: about beamWidth · M inner products, growing slowly with the count.
    public func nearest(
        to query: [Float],
        count: Int,
        beamWidth: Int? = nil
    ) throws(NeighborSearchError) -> SearchAnswer {
        try validate(query, count: count)
        let beamWidth = beamWidth ?? parameters.beamWidth
        try HNSWParameters.check("beamWidth", beamWidth, HNSWParameters.beamWidthRange)
        return lock.withReading {
            let beam = max(beamWidth, min(count, state.keys.liveCount))
            if state.keys.liveCount <= Self.exactSearchLimit(beamWidth: beam) {
                return scanLocked(query, count)
            }
            let answer = walkLocked(query, count, beam)
            return answer.neighbors.count < min(count, state.keys.liveCount)
                ? scanLocked(query, count) : answer
        }
    }

    /// Finds the items nearest to a query by comparing it with all. O(count of the index).
    ///
    /// - Throws: ``NeighborSearchError`` for a bad query or a negative count.
    public func exactNearest(to query: [Float], count: Int) throws(NeighborSearchError) -> SearchAnswer {
        try validate(query, count: count)
        return lock.withReading { scanLocked(query, count) }
    }

    /// Walks the graph however few items there are; tests compare it with the exact answer.
    func graphNearest(to query: [Float], count: Int, beamWidth: Int) throws(NeighborSearchError)
        -> SearchAnswer
    {
        try validate(query, count: count)
        return lock.withReading {
            state.keys.liveCount == 0 ? scanLocked(query, count) : walkLocked(query, count, beamWidth)
        }
    }

    /// The biggest collection that is searched exactly.
    ///
    /// A walk meets about ten nodes for each place of the beam, and each is a jump in memory, where the scan
    /// reads on.
    static func exactSearchLimit(beamWidth: Int) -> Int { 16 * beamWidth }

    private func walkLocked(_ query: [Float], _ count: Int, _ beamWidth: Int) -> SearchAnswer {
        let context = contexts.take()
        defer { contexts.giveBack(context) }
        var statistics = SearchStatistics()
        let neighbors = state.walk(
            to: query,
            count: min(count, state.keys.liveCount),
            beamWidth: beamWidth,
            context: context,
            statistics: &statistics
        )
        return SearchAnswer(neighbors: neighbors, method: .hnsw, statistics: statistics)
    }

    private func scanLocked(_ query: [Float], _ count: Int) -> SearchAnswer {
        var statistics = SearchStatistics()
        let neighbors = state.scan(for: query, count: count, statistics: &statistics)
        return SearchAnswer(neighbors: neighbors, method: .exact, statistics: statistics)
    }

    private func validate(_ query: [Float], count: Int) throws(NeighborSearchError) {
        guard count >= 0 else { throw .negativeCount(found: count) }
        try validate(query)
    }

    private func validate(_ vector: [Float]) throws(NeighborSearchError) {
        guard vector.count == dimension else {
            throw .wrongDimension(found: vector.count, expected: dimension)
        }
        var squares: Float = 0
        for (component, value) in vector.enumerated() {
            guard value.isFinite else { throw .notFinite(component: component) }
            squares += value * value
        }
        let length = squares.squareRoot()
        guard abs(length - 1) <= Self.unitLengthTolerance else { throw .notUnitLength(found: length) }
    }

    // MARK: - Looking inside

    /// Runs `body` on everything saved, while nobody changes it; searches go on.
    func withState<Result, Failure: Error>(
        _ body: (HNSWState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try changes.withReading { () throws(Failure) in try body(state) }
    }
}

/// Contexts of finished searches, kept for the next ones.
private final class SearchContextPool: @unchecked Sendable {
    // @unchecked: `idle` is guarded by `lock`. A pthread lock and not a `Mutex`, because the thread sanitizer
    // can follow only the former and would report the contexts handed on.
    private let lock = ReadWriteLock()
    private var idle: [SearchContext] = []
    /// More searches than this at once are rare; their contexts are freed afterwards.
    private static let mostKept = 64

    func take() -> SearchContext {
        lock.withWriting { idle.popLast() } ?? SearchContext()
    }

    func giveBack(_ context: SearchContext) {
        lock.withWriting {
            if idle.count < Self.mostKept {
                idle.append(context)
            }
        }
    }
}
