import ArgumentParser
import Foundation
import NeighborSearch
import SystemPackage

/// `lookalike-bench neighbors`: builds and searches the index alone, on vectors from a file.
struct NeighborsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neighbors",
        abstract: "Time building and searching the index on vectors from a file."
    )

    @Option(help: "Vectors to index: float32 without header, one after the other.")
    var base: String

    @Option(help: "Vectors to search with.")
    var queries: String

    @Option(help: "Components of a vector.")
    var dimension: Int

    @Option(help: "Neighbours per query.")
    var count = 10

    @Option(parsing: .upToNextOption, help: "Beam widths (ef) to search with.")
    var beamWidths: [Int] = [100]

    @Option(help: "How often to ask all queries with each beam width.")
    var rounds = 3

    @Option(
        help: "Folder for the snapshot and for neighbors-EF.u32, the keys found, best first.",
        completion: .directory
    )
    var output: String

    @Flag(help: "Use the snapshot that an earlier run left in the output folder.")
    var reuse = false

    func run() throws {
        let asked = try readVectors(queries, dimension: dimension)
        let snapshot = FilePath(output).appending("vectors.hnsw")
        var building: Cost?
        if !reuse {
            let vectors = try readVectors(base, dimension: dimension)
            let index = HNSWIndex(dimension: dimension)
            building = try measure {
                for (row, vector) in vectors.enumerated() {
                    try index.insert(key: UInt64(row), vector: vector)
                }
            }
            .cost
            try index.save(to: snapshot, identity: SnapshotIdentity(model: "bench", catalogSequence: 1))
        }
        let loading = try measure { try HNSWIndex.load(from: snapshot).index }
        let index = loading.value
        let walks = try beamWidths.map { try search(index, asked, beamWidth: $0) }
        let exact = try measure {
            for query in asked { _ = try index.exactNearest(to: query, count: count) }
        }
        try writeJSON(
            Report(
                vectors: index.count,
                dimension: dimension,
                queries: asked.count,
                defaultBeamWidth: index.parameters.beamWidth,
                connectivity: index.parameters.connectivity,
                constructionBeamWidth: index.parameters.constructionBeamWidth,
                build: building,
                snapshotBytes: try FileManager.default.attributesOfItem(atPath: snapshot.string)[.size]
                    as? Int,
                load: loading.cost,
                walks: walks,
                exact: exact.cost
            )
        )
    }

    private func search(_ index: HNSWIndex, _ asked: [[Float]], beamWidth: Int) throws -> Walk {
        var found = RawFile()
        var method = SearchMethod.exact
        var computations = 0
        for query in asked {
            let answer = try index.nearest(to: query, count: count, beamWidth: beamWidth)
            guard answer.neighbors.count == count else {
                throw ValidationError("Only \(answer.neighbors.count) of \(count) neighbours were found.")
            }
            for neighbor in answer.neighbors { found.append(UInt32(neighbor.key)) }
            method = answer.method
            computations += answer.statistics.similarityComputations
        }
        try found.write(to: "\(output)/neighbors-\(beamWidth).u32")
        let searching = try measure {
            for _ in 0..<rounds {
                for query in asked { _ = try index.nearest(to: query, count: count, beamWidth: beamWidth) }
            }
        }
        return Walk(
            beamWidth: beamWidth,
            method: method.rawValue,
            similaritiesPerQuery: Double(computations) / Double(asked.count),
            queriesPerCPUSecond: Double(rounds * asked.count) / searching.cost.cpuSeconds,
            queriesPerSecond: Double(rounds * asked.count) / searching.cost.wallSeconds
        )
    }

    private struct Walk: Encodable {
        let beamWidth: Int
        let method: String
        let similaritiesPerQuery: Double
        let queriesPerCPUSecond: Double
        let queriesPerSecond: Double
    }

    private struct Report: Encodable {
        let vectors: Int
        let dimension: Int
        let queries: Int
        let defaultBeamWidth: Int
        let connectivity: Int
        let constructionBeamWidth: Int
        let build: Cost?
        let snapshotBytes: Int?
        let load: Cost
        let walks: [Walk]
        /// All queries once, each compared with every vector.
        let exact: Cost
    }
}
