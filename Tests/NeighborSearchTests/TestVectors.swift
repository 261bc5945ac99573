import TestSupport

@testable import NeighborSearch

/// A vector of length 1 in the direction of `vector`.
func normalized(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / length }
}

/// Vectors around a few centres, as embeddings of photographs are: of length 1, or, for Euclidean distance, of
/// lengths from 2 to 6.
func clusteredVectors(
    _ count: Int,
    dimension: Int,
    clusters: Int = 12,
    metric: Metric = .cosine,
    seed: UInt64
) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    let centres = (0..<clusters).map { _ in generator.unitVector(dimension) }
    return (0..<count).map { _ in
        let centre = centres.randomElement(using: &generator)!
        let noise = generator.unitVector(dimension)
        let vector = normalized(zip(centre, noise).map { $0 + 0.8 * $1 })
        guard metric == .euclidean else { return vector }
        let length = Float.random(in: 2...6, using: &generator)
        return vector.map { $0 * length }
    }
}

/// An index of vectors whose keys are their numbers.
func makeIndex(
    _ vectors: [[Float]],
    metric: Metric = .cosine,
    parameters: HNSWParameters = .default
) throws -> HNSWIndex {
    let index = HNSWIndex(dimension: vectors[0].count, metric: metric, parameters: parameters)
    for (key, vector) in vectors.enumerated() {
        try index.insert(key: UInt64(key), vector: vector)
    }
    return index
}

/// The similarity of two vectors, added up in double precision from front to back.
func naiveSimilarity(_ a: [Float], _ b: [Float], _ metric: Metric = .cosine) -> Double {
    zip(a, b).reduce(0) { sum, pair in
        let (x, y) = (Double(pair.0), Double(pair.1))
        return metric == .cosine ? sum + x * y : sum - (x - y) * (x - y)
    }
}

/// How far a similarity may be from that of the vectors that were inserted: components are rounded to 1/65,024
/// of the biggest, and the sums are of 32-bit floats.
func similarityTolerance(_ query: [Float], _ vector: [Float], _ metric: Metric) -> Double {
    let peak = Double(vector.map(abs).max() ?? 0)
    let step = peak / 65_024
    func length(_ values: [Float]) -> Double {
        (-naiveSimilarity(values, values.map { _ in 0 }, .euclidean)).squareRoot()
    }
    let components = Double(vector.count)
    let rounding = 2e-7 * (components + 10)
    switch metric {
    case .cosine:
        return length(query) * step * components.squareRoot() + rounding * length(query) * length(vector)
    case .euclidean:
        let distance = length(zip(query, vector).map { $0 - $1 })
        let error = step * components.squareRoot()
        return (2 * distance + error) * error + rounding * distance * distance
            + 4e-7 * distance * components.squareRoot() * peak
    }
}

/// The keys and similarities of all items, nearest first, equally near ones by key: the truth.
func sortedBySimilarity(
    _ items: [UInt64: [Float]],
    to query: [Float],
    _ metric: Metric = .cosine
) -> [(key: UInt64, similarity: Double)] {
    items.map { (key: $0.key, similarity: naiveSimilarity(query, $0.value, metric)) }
        .sorted { ($1.similarity, $0.key) < ($0.similarity, $1.key) }
}

/// The mean share of the ten true nearest that a graph walk finds; equally near items count as each other.
func recallAtTen(_ index: HNSWIndex, queries: [[Float]], beamWidth: Int) throws -> Double {
    try meanRecall(queries, exact: { try index.exactNearest(to: $0, count: 10) }) {
        try index.graphNearest(to: $0, count: 10, beamWidth: beamWidth)
    }
}

/// The mean share of exact answers that other answers have found.
func meanRecall(
    _ queries: [[Float]],
    exact: ([Float]) throws -> SearchAnswer,
    found: ([Float]) throws -> SearchAnswer
) throws -> Double {
    var hits = 0
    var wanted = 0
    for query in queries {
        let truth = try exact(query).neighbors
        let bar = truth.last?.similarity ?? 0
        hits += try found(query).neighbors.count { $0.similarity >= bar }
        wanted += truth.count
    }
    return Double(hits) / Double(wanted)
}
