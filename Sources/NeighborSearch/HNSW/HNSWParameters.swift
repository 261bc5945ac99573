/// The settings of an HNSW graph (Malkov & Yashunin, arXiv 1603.09320).
public struct HNSWParameters: Hashable, Sendable {
    /// Links a new node makes per layer (M). On the bottom layer a node may have 2M − 2 or a few more. More costs memory and
    /// building time, and finds more on hard data.
    public let connectivity: Int
    /// Candidates kept while looking for a new node's neighbours (efConstruction).
    public let constructionBeamWidth: Int
    /// Candidates kept while answering a query (ef), when the query names no other number.
    public let beamWidth: Int
    /// Seeds the draw of levels: equal seeds and equal operations give equal graphs.
    public let seed: UInt64

    /// M 24, efConstruction 200, ef 100. What they find and cost: docs/nearest-neighbours.md.
    public static let `default` = HNSWParameters(
        connectivity: 24,
        constructionBeamWidth: 200,
        beamWidth: 100,
        uncheckedSeed: 0x1603_09320
    )

    static let connectivityRange = 3...128
    /// What a beam width can be.
    public static let beamWidthRange = 1...1_000_000

    /// Checks and stores the settings.
    ///
    /// - Throws: ``NeighborSearchError/parameterOutOfRange(name:found:allowed:)`` for a connectivity outside
    ///   3...128 or a beam width outside 1...1,000,000.
    public init(
        connectivity: Int = 24,
        constructionBeamWidth: Int = 200,
        beamWidth: Int = 100,
        seed: UInt64 = HNSWParameters.default.seed
    ) throws(NeighborSearchError) {
        try Self.check("connectivity", connectivity, Self.connectivityRange)
        try Self.check("constructionBeamWidth", constructionBeamWidth, Self.beamWidthRange)
        try Self.check("beamWidth", beamWidth, Self.beamWidthRange)
        self.init(
            connectivity: connectivity,
            constructionBeamWidth: constructionBeamWidth,
            beamWidth: beamWidth,
            uncheckedSeed: seed
        )
    }

    private init(connectivity: Int, constructionBeamWidth: Int, beamWidth: Int, uncheckedSeed: UInt64) {
        self.connectivity = connectivity
        self.constructionBeamWidth = constructionBeamWidth
        self.beamWidth = beamWidth
        self.seed = uncheckedSeed
    }

    static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(NeighborSearchError) {
        guard range.contains(value) else {
            throw .parameterOutOfRange(name: name, found: value, allowed: range)
        }
    }
}
