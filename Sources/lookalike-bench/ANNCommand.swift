import ArgumentParser
import Dispatch
import Foundation
import NeighborSearch
import Synchronization
import SystemPackage

/// `lookalike-bench ann`: the index as a contender of tools/bench/ann, which says what it wants line by line.
struct ANNCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ann",
        abstract: "Build, save, load and search an index as JSON lines on standard input ask for.",
        discussion: "The lines are described in tools/bench/ann/README.md."
    )

    @Option(help: "Vectors to index: float32 without header, one after the other.")
    var base: String

    @Option(help: "Components of a vector.")
    var dimension: Int

    @Option(help: "ip for the inner product of unit vectors, l2 for the Euclidean distance.")
    var metric: String

    @Option(help: "Links per node (M).")
    var connectivity = HNSWParameters.default.connectivity

    @Option(help: "Candidates kept while building (efConstruction).")
    var constructionBeamWidth = HNSWParameters.default.constructionBeamWidth

    func run() throws {
        let contender = try Contender(
            base: base,
            dimension: dimension,
            metric: metric == "l2" ? .euclidean : .cosine,
            parameters: HNSWParameters(
                connectivity: connectivity,
                constructionBeamWidth: constructionBeamWidth
            )
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        while let line = readLine() {
            let request = try JSONDecoder().decode(Contender.Request.self, from: Data(line.utf8))
            guard let answer = try contender.answer(request) else { return }
            FileHandle.standardOutput.write(try encoder.encode(answer) + Data("\n".utf8))
        }
    }
}

/// What answers the lines.
private final class Contender {
    private let base: MappedVectors
    private var index: HNSWIndex
    private let parameters: HNSWParameters
    private var queries: [String: [[Float]]] = [:]

    struct Request: Decodable {
        let `do`: String
        let threads: Int?
        let rows: Int?
        let queries: String?
        let beamWidth: Int?
        let count: Int?
        let mode: String?
        let repetitions: Int?
        let output: String?
        let path: String?
        let filter: String?
        let residency: String?
    }

    struct Answer: Encodable {
        var wallSeconds: Double?
        var cpuSeconds: Double?
        var memoryBytes: Int?
        var bytes: Int?
        var p50Microseconds: Double?
        var p99Microseconds: Double?
        var method: String?
        var similaritiesPerQuery: Double?
    }

    init(base: String, dimension: Int, metric: Metric, parameters: HNSWParameters) throws {
        self.base = try MappedVectors(path: base, dimension: dimension)
        self.parameters = parameters
        index = HNSWIndex(dimension: dimension, metric: metric, parameters: parameters)
    }

    /// Nil when there is nothing more to do.
    func answer(_ request: Request) throws -> Answer? {
        switch request.do {
        case "build": try build(rows: request.rows, threads: request.threads ?? 1)
        case "search": try search(request)
        case "save": try save(to: try required(request.path, "path"))
        case "load": try load(request)
        case "quit": nil
        default: throw ValidationError("There is no \"\(request.do)\" to do.")
        }
    }

    private func required<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw ValidationError("\"\(name)\" is missing.") }
        return value
    }

    private func build(rows: Int?, threads: Int) throws -> Answer {
        index = HNSWIndex(dimension: base.dimension, metric: index.metric, parameters: parameters)
        let before = ResidentMemory()?.anonymousBytes ?? 0
        let index = self.index
        let rows = min(rows ?? base.count, base.count)
        let cost = try measure {
            for start in stride(from: 0, to: rows, by: 1024) {
                let items = (start..<min(start + 1024, rows)).map { (key: UInt64($0), vector: base.row($0)) }
                try index.insert(items, threads: threads)
            }
        }.cost
        return Answer(
            wallSeconds: cost.wallSeconds,
            cpuSeconds: cost.cpuSeconds,
            memoryBytes: (ResidentMemory()?.anonymousBytes ?? 0) - before
        )
    }

    private func search(_ request: Request) throws -> Answer {
        let asked = try vectors(try required(request.queries, "queries"))
        let count = request.count ?? 10
        let allowed = try request.filter.map { [UInt8](try Data(contentsOf: URL(filePath: $0))) }
        let isWanted = allowed.map { allowed in { (key: UInt64) in allowed[Int(key)] != 0 } }
        let (index, threads) = (self.index, request.threads ?? 1)
        let beamWidth = request.beamWidth

        var found = RawFile()
        var answer = Answer()
        var computations = 0
        for query in asked {
            let one = try index.nearest(to: query, count: count, beamWidth: beamWidth, where: isWanted)
            for place in 0..<count {
                found.append(place < one.neighbors.count ? UInt32(one.neighbors[place].key) : .max)
            }
            answer.method = one.method.rawValue
            computations += one.statistics.similarityComputations
        }
        if let output = request.output { try found.write(to: output) }
        answer.similaritiesPerQuery = Double(computations) / Double(asked.count)

        var microseconds: [Double] = []
        let cost = try measure {
            for _ in 0..<(request.repetitions ?? 1) {
                if request.mode == "single" || isWanted != nil {
                    for query in asked {
                        let start = ContinuousClock.now
                        _ = try index.nearest(to: query, count: count, beamWidth: beamWidth, where: isWanted)
                        microseconds.append((ContinuousClock.now - start) / .microseconds(1))
                    }
                } else {
                    _ = try index.nearest(toEach: asked, count: count, beamWidth: beamWidth, threads: threads)
                }
            }
        }.cost
        answer.wallSeconds = cost.wallSeconds
        answer.cpuSeconds = cost.cpuSeconds
        if !microseconds.isEmpty {
            microseconds.sort()
            answer.p50Microseconds = microseconds[microseconds.count / 2]
            answer.p99Microseconds = microseconds[microseconds.count * 99 / 100]
        }
        return answer
    }

    private func save(to path: String) throws -> Answer {
        let cost = try measure {
            try index.save(to: FilePath(path), identity: SnapshotIdentity(model: "bench", catalogSequence: 1))
        }.cost
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return Answer(wallSeconds: cost.wallSeconds, cpuSeconds: cost.cpuSeconds, bytes: bytes)
    }

    private func load(_ request: Request) throws -> Answer {
        let path = FilePath(try required(request.path, "path"))
        let residency: Residency = request.residency == "memory" ? .memory : .mapped
        let loading = try measure { try HNSWIndex.load(from: path, residency: residency).index }
        index = loading.value
        return Answer(wallSeconds: loading.cost.wallSeconds, cpuSeconds: loading.cost.cpuSeconds)
    }

    private func vectors(_ path: String) throws -> [[Float]] {
        if let known = queries[path] { return known }
        let read = try readVectors(path, dimension: base.dimension)
        queries[path] = read
        return read
    }
}

/// Vectors in a mapped file, so that they do not count as the index's memory.
private struct MappedVectors {
    let dimension: Int
    let count: Int
    private let data: Data

    init(path: String, dimension: Int) throws {
        data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        self.dimension = dimension
        guard dimension > 0, !data.isEmpty, data.count.isMultiple(of: 4 * dimension) else {
            throw ValidationError("\(path) has \(data.count) bytes, not a multiple of \(4 * dimension).")
        }
        count = data.count / (4 * dimension)
    }

    /// The machine is little-endian, as the file is.
    func row(_ index: Int) -> [Float] {
        data.withUnsafeBytes { bytes in
            [Float](unsafeUninitializedCapacity: dimension) { row, filled in
                UnsafeMutableRawBufferPointer(row).copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: bytes[index * 4 * dimension..<(index + 1) * 4 * dimension]
                    )
                )
                filled = dimension
            }
        }
    }
}
