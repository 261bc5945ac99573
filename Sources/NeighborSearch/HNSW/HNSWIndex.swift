import Synchronization

/// Vectors by key, and the nearest of them to any query: a graph that is walked instead of reading every
/// vector.
///
/// HNSW (Malkov & Yashunin, arXiv 1603.09320). Vectors are kept with 16 bits per component and one scale each;
/// walks read the upper 8, and what they find is ranked by all 16.
///
/// Any number of threads may search, insert and remove at once. A search never waits for a change, and sees the
/// items as they were when it began.
///
/// Equal operations in equal order on one thread give equal graphs, and equal graphs give equal answers.
public final class HNSWIndex: @unchecked Sendable {
    // @unchecked: `builder` is guarded by `gate`, `directory` by `directoryLock`, `graph` by both: whoever
    // replaces it holds both, whoever reads it one. The stress tests hold it to that under the thread sanitizer.

    /// Components per vector.
    public let dimension: Int
    /// How vectors are compared.
    public let metric: Metric
    /// The settings the index was made with.
    public let parameters: HNSWParameters

    /// How far from 1 the length of a vector may be, where the metric wants length 1.
    public static let unitLengthTolerance: Float = 1e-3

    /// The biggest square of a vector's length, where the metric does not want length 1. The squared distance of two
    /// such vectors is up to four times as big, and what their codes say of it may be two and a half times that.
    static let largestSquaredLength = Float.greatestFiniteMagnitude / 16

    let sessions: SearchSessions
    /// Many insert and remove at once; who grows, mends or saves the graph is alone. Searches pass by.
    let gate = ReadWriteLock()
    let directoryLock = ReadWriteLock()
    var graph: HNSWGraph
    var builder: HNSWBuilder?
    var directory: SlotDirectory
    var levelGenerator: LevelGenerator
    let workspaces = WorkspacePool()
    let liveCount: Atomic<Int>
    /// Nodes of removed items that are still passed through.
    let removedCount = Atomic(0)

    /// Makes an empty index.
    ///
    /// - Precondition: `dimension` is in 1...65,536.
    public init(dimension: Int, metric: Metric = .cosine, parameters: HNSWParameters = .default) {
        precondition(
            RecordLayout.dimensionRange.contains(dimension),
            "dimension \(dimension) is not in \(RecordLayout.dimensionRange)"
        )
        self.dimension = dimension
        self.metric = metric
        self.parameters = parameters
        let layout = RecordLayout(dimension: dimension, connectivity: parameters.connectivity)
        graph = HNSWGraph(layout: layout, metric: metric, capacity: Self.firstCapacity)
        sessions = SearchSessions(graph: graph)
        directory = SlotDirectory()
        levelGenerator = LevelGenerator(state: parameters.seed)
        liveCount = Atomic(0)
    }

    /// Takes over a graph from a snapshot.
    init(
        graph: HNSWGraph,
        parameters: HNSWParameters,
        levelGenerator: LevelGenerator
    ) throws(SnapshotError) {
        dimension = graph.layout.dimension
        metric = graph.metric
        self.parameters = parameters
        self.graph = graph
        sessions = SearchSessions(graph: graph)
        let directory = try SlotDirectory(of: graph)
        liveCount = Atomic(directory.count)
        self.directory = directory
        self.levelGenerator = levelGenerator
    }

    static let firstCapacity = 64

    /// Number of items that can be found.
    public var count: Int { liveCount.load(ordering: .acquiring) }

    /// Whether an item with this key can be found.
    public func contains(_ key: UInt64) -> Bool {
        directoryLock.withReading { directory.slot(of: key, in: graph) != nil }
    }

    /// The vector stored for a key, nil when there is none.
    ///
    /// Components are rounded to 16 bits: they differ from what was inserted by at most 1/64,000 of the biggest.
    ///
    /// - Throws: ``NeighborSearchError/damaged(_:)``.
    public func vector(forKey key: UInt64) throws(NeighborSearchError) -> [Float]? {
        // While the session lasts, the slot is not used again.
        let session = sessions.begin()
        defer { sessions.end(session) }
        let (graph, found) = directoryLock.withReading {
            (self.graph, directory.slot(of: key, in: self.graph))
        }
        guard let slot = found else { return nil }
        do {
            try graph.inspector?.admitVectors([slot])
        } catch {
            throw .damaged(error)
        }
        return graph.unsafeHandle.vector(slot)
    }

    func validate(_ vector: [Float]) throws(NeighborSearchError) {
        guard vector.count == dimension else {
            throw .wrongDimension(found: vector.count, expected: dimension)
        }
        var squares: Float = 0
        for (component, value) in vector.enumerated() {
            guard value.isFinite else { throw .notFinite(component: component) }
            squares += value * value
        }
        switch metric {
        case .cosine:
            let length = squares.squareRoot()
            guard abs(length - 1) <= Self.unitLengthTolerance else { throw .notUnitLength(found: length) }
        case .euclidean:
            guard squares <= Self.largestSquaredLength else { throw .tooLong }
        }
    }
}

/// Workspaces of finished insertions, kept for the next ones.
final class WorkspacePool: @unchecked Sendable {
    // @unchecked: `idle` is guarded by `lock`.
    private let lock = ReadWriteLock()
    private var idle: [HNSWWorkspace] = []

    func with<Result>(_ body: (HNSWWorkspace) -> Result) -> Result {
        let workspace = lock.withWriting { idle.popLast() } ?? HNSWWorkspace()
        defer { lock.withWriting { idle.append(workspace) } }
        return body(workspace)
    }
}
