import TestSupport

@testable import NeighborSearch

/// A vector of length 1 in the direction of `vector`.
func normalized(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / length }
}

/// Unit vectors around a few centres, as embeddings of photographs are.
func clusteredVectors(_ count: Int, dimension: Int, clusters: Int = 12, seed: UInt64) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    let centres = (0..<clusters).map { _ in generator.unitVector(dimension) }
    return (0..<count).map { _ in
        let centre = centres.randomElement(using: &generator)!
        let noise = generator.unitVector(dimension)
        return normalized(zip(centre, noise).map { $0 + 0.8 * $1 })
    }
}

func makeIndex(_ vectors: [[Float]], parameters: HNSWParameters = .default) throws -> HNSWIndex {
    let index = HNSWIndex(dimension: vectors[0].count, parameters: parameters)
    for (key, vector) in vectors.enumerated() {
        try index.insert(key: UInt64(key), vector: vector)
    }
    return index
}

/// The mean share of the ten true nearest that a graph walk finds; equally near items count as each other.
func recallAtTen(_ index: HNSWIndex, queries: [[Float]], beamWidth: Int) throws -> Double {
    var found = 0
    var wanted = 0
    for query in queries {
        let exact = try index.exactNearest(to: query, count: 10).neighbors
        let walked = try index.graphNearest(to: query, count: 10, beamWidth: beamWidth).neighbors
        let bar = exact.last.map(\.similarity) ?? 0
        found += walked.count { $0.similarity >= bar }
        wanted += exact.count
    }
    return Double(found) / Double(wanted)
}

/// The similarity of two vectors, added up in double precision from front to back.
func naiveSimilarity(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

extension HNSWIndex {
    /// Checks all invariants, the reachability of every item included.
    func checkInvariants() throws {
        try withState { state in
            try state.verify()
            try state.graph.verifyReachability()
        }
    }
}
