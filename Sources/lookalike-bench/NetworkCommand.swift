import ArgumentParser
import Foundation
import ImageEmbedding
import NeuralNetwork
import SystemPackage

/// `lookalike-bench network`: the network as a contender of tools/bench/network, which says what it wants line by line.
struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Run the network on given pixels as JSON lines on standard input ask for.",
        discussion: "The lines are described in tools/bench/network/README.md."
    )

    @Option(help: "Folder of the model.", completion: .directory)
    var model: String

    @Option(
        help:
            "Pictures of the network's size: bytes without header, height × width × RGB, one after the other."
    )
    var pixels: String

    @Option(
        help: "A precision, for the fastest kernels that keep it, or a version of the kernels such as avx2."
    )
    var kernels = "float32"

    func run() throws {
        guard
            let kernels = EngineKernels.all.first(where: {
                [$0.precision.rawValue, $0.name].contains(kernels)
            })
        else {
            let known = EngineKernels.all.map(\.description).joined(separator: ", ")
            throw ValidationError("This machine runs no kernels \"\(kernels)\"; it runs \(known).")
        }
        let network = try BareNetwork(folder: FilePath(model), kernels: kernels)
        let contender = NetworkContender(network: network, pictures: try network.pictures(in: pixels))
        try answerLines(contender.answer)
    }
}

/// What answers the lines.
private struct NetworkContender {
    let network: BareNetwork
    let pictures: [Picture]

    struct Request: Decodable {
        let `do`: String
        let batch: Int?
        let threads: Int?
        let seconds: Double?
        let output: String?
    }

    struct Preparation: Encodable {
        let version: String
    }

    /// Nil when there is nothing more to do.
    func answer(_ request: Request) throws -> (any Encodable)? {
        switch request.do {
        case "prepare": return Preparation(version: network.engine.kernels.description)
        case "embed":
            guard let output = request.output else { throw ValidationError("\"output\" is missing.") }
            try embed(to: output)
            return Done()
        case "measure":
            return measure(
                batch: request.batch ?? 1,
                threads: request.threads ?? 1,
                seconds: request.seconds ?? 1
            )
        case "quit": return nil
        default: throw ValidationError("There is no \"\(request.do)\" to do.")
        }
    }

    private func embed(to path: String) throws {
        var vectors = RawFile()
        var workspace = network.engine.makeWorkspace()
        for picture in pictures { vectors.append(network.embedding(of: picture, workspace: &workspace)) }
        try vectors.write(to: path)
    }

    /// Each thread embeds pictures of its own, one after the other; a batch is how many it takes at a time.
    private func measure(batch: Int, threads: Int, seconds: Double) -> Throughput {
        throughput(threads: threads, seconds: seconds) { [network, pictures] thread in
            let worker = Worker(network: network)
            _ = worker.embed(pictures[0])
            var next = thread * pictures.count / threads
            return {
                for _ in 0..<batch {
                    _ = worker.embed(pictures[next % pictures.count])
                    next += 1
                }
                return batch
            }
        }
    }
}

/// A network with the memory of one thread.
private final class Worker {
    private let network: BareNetwork
    private var workspace: InferenceEngine.Workspace

    init(network: BareNetwork) {
        self.network = network
        workspace = network.engine.makeWorkspace()
    }

    func embed(_ picture: Picture) -> [Float] { network.embedding(of: picture, workspace: &workspace) }
}

/// Normalised pixels, shared by all threads.
private final class Picture: Sendable {
    let map: FeatureMap

    init(shape: FeatureShape, values: [Float]) { map = FeatureMap(shape: shape, values: values) }
}

/// What `ImageEmbedder` does after normalising pixels: the network, the projection, unit length.
private struct BareNetwork: Sendable {
    let engine: InferenceEngine
    private let projection: LinearProjection
    private let input: ModelManifest.Input

    init(folder: FilePath, kernels: EngineKernels) throws {
        let manifest = try EmbeddingModel(folder: folder, kernels: kernels).manifest
        let file = URL(filePath: folder.appending(manifest.weights.file).string)
        let weights = try WeightsFile(contents: try Data(contentsOf: file))
        input = manifest.input
        engine = try InferenceEngine(
            weights: weights,
            height: input.height,
            width: input.width,
            kernels: kernels
        )
        projection = try LinearProjection(
            weights: weights,
            name: "projection.weight",
            inputCount: EfficientNetLite.featureCount,
            outputCount: manifest.embedding.dimension
        )
    }

    /// Reads and normalises the pictures of a file without header.
    func pictures(in path: String) throws -> [Picture] {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let count = engine.input.valueCount
        guard !bytes.isEmpty, bytes.count.isMultiple(of: count) else {
            throw ValidationError("\(path) has \(bytes.count) bytes, not a multiple of \(count).")
        }
        return stride(from: 0, to: bytes.count, by: count).map { start in
            let values = (0..<count).map { index in
                (Float(bytes[start + index]) - input.mean[index % 3]) / input.standardDeviation[index % 3]
            }
            return Picture(shape: engine.input, values: values)
        }
    }

    func embedding(of picture: Picture, workspace: inout InferenceEngine.Workspace) -> [Float] {
        var embedding = projection(engine.features(of: picture.map, workspace: &workspace))
        let length = embedding.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for index in embedding.indices { embedding[index] /= length }
        return embedding
    }
}
