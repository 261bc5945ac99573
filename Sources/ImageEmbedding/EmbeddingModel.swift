internal import Crypto
internal import Dispatch
internal import Foundation
public import NeuralNetwork
internal import Synchronization
public import SystemPackage

/// Holds a model ready to run: its manifest, its network and its projection.
///
/// Immutable, and shared by every thread that embeds.
public struct EmbeddingModel: Sendable {
    /// What the model is.
    public let manifest: ModelManifest
    /// Names the vectors this model makes: the model's name and a digest of everything that changes a vector.
    ///
    /// Vectors are comparable exactly when their identities are equal.
    public let identity: String
    let engine: InferenceEngine
    let projection: LinearProjection

    /// Loads the model from `folder`, which holds `manifest.json` and the weights.
    ///
    /// - Parameters:
    ///   - folder: The model's.
    ///   - precision: What the network multiplies; nil for the fastest that this processor has. Vectors of
    ///     different precision are comparable: docs/embedding.md tells how near they are.
    /// - Throws: ``ModelError`` when a file is missing or damaged, is not the one the manifest names, or asks
    ///   for something that this program does not do.
    public init(folder: FilePath, precision: Precision? = nil) throws(ModelError) {
        try self.init(folder: folder, kernels: precision.map(EngineKernels.best) ?? EngineKernels.best)
    }

    /// Loads the model to run on certain kernels; for tests and measurements.
    ///
    /// - Throws: ``ModelError``, as ``init(folder:precision:)`` does.
    public init(folder: FilePath, kernels: EngineKernels) throws(ModelError) {
        let (model, digest) = try Self.opening(folder: folder, kernels: kernels)
        try digest.check()
        self = model
    }

    /// Loads the model without waiting for its weights' digest, for a caller that has other things to do until it needs
    /// to know: nothing that the model says may leave the program before ``WeightsDigest/check()`` has passed.
    ///
    /// The digest takes about as long as a query.
    ///
    /// - Throws: ``ModelError``, as ``init(folder:precision:)`` does, except for damage that the digest alone shows.
    public static func opening(
        folder: FilePath,
        precision: Precision? = nil
    ) throws(ModelError) -> (model: EmbeddingModel, digest: WeightsDigest) {
        try opening(folder: folder, kernels: precision.map(EngineKernels.best) ?? EngineKernels.best)
    }

    private static func opening(
        folder: FilePath,
        kernels: EngineKernels
    ) throws(ModelError) -> (model: EmbeddingModel, digest: WeightsDigest) {
        let manifest = try Self.readManifest(folder.appending("manifest.json"))
        try manifest.checkSupported()
        let weightsPath = folder.appending(manifest.weights.file)
        let contents = try Self.read(weightsPath)
        try Self.checkLength(contents, at: weightsPath, against: manifest.weights)
        do {
            let weights = try WeightsFile(contents: contents)
            let engine = try InferenceEngine(
                weights: weights,
                height: manifest.input.height,
                width: manifest.input.width,
                pooling: Pooling(rawValue: manifest.pooling)!,
                kernels: kernels
            )
            let projection = try LinearProjection(
                weights: weights,
                name: "projection.weight",
                inputCount: EfficientNetLite.featureCount,
                outputCount: manifest.embedding.dimension
            )
            // Begun here and not before the weights are packed: both cores have enough to do until then.
            let digest = WeightsDigest(of: contents, at: weightsPath, expected: manifest.weights.sha256)
            return (EmbeddingModel(manifest: manifest, engine: engine, projection: projection), digest)
        } catch {
            // Damage is what the weights are wrong for, if there is any.
            try WeightsDigest(of: contents, at: weightsPath, expected: manifest.weights.sha256).check()
            throw .unusableWeights(reason: String(describing: error))
        }
    }

    /// How the network's last map becomes one vector.
    var pooling: Pooling { Pooling(rawValue: manifest.pooling)! }

    private init(manifest: ModelManifest, engine: InferenceEngine, projection: LinearProjection) {
        self.manifest = manifest
        self.engine = engine
        self.projection = projection
        identity = Self.identity(of: manifest)
    }

    /// The identity of the model in `folder`, as its manifest has it; weights are not looked at.
    ///
    /// - Throws: ``ModelError`` when the manifest is missing or malformed.
    public static func identity(folder: FilePath) throws(ModelError) -> String {
        identity(of: try readManifest(folder.appending("manifest.json")))
    }

    /// What the network multiplies on this processor.
    public var precision: Precision { engine.kernels.precision }

    /// The instruction set that multiplies.
    public var kernelsName: String { engine.kernels.name }

    /// Values of an embedding.
    public var dimension: Int { manifest.embedding.dimension }

    private static func readManifest(_ path: FilePath) throws(ModelError) -> ModelManifest {
        let json = try read(path)
        do {
            return try JSONDecoder().decode(ModelManifest.self, from: json)
        } catch let error as DecodingError {
            throw .malformedManifest(path: path.string, reason: error.explanation)
        } catch {
            throw .malformedManifest(path: path.string, reason: error.localizedDescription)
        }
    }

    private static func checkLength(
        _ weights: Data,
        at path: FilePath,
        against expected: ModelManifest.Weights
    ) throws(ModelError) {
        guard weights.count == expected.byteCount else {
            throw .wrongWeights(
                path: path.string,
                found: "\(weights.count) bytes",
                expected: "\(expected.byteCount)"
            )
        }
    }

    private static func read(_ path: FilePath) throws(ModelError) -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path.string), options: .alwaysMapped)
        } catch {
            throw .unreadable(path: path.string, reason: error.localizedDescription)
        }
    }

    private static func identity(of manifest: ModelManifest) -> String {
        let input = manifest.input
        let contract =
            [
                manifest.architecture, manifest.weights.sha256, manifest.pooling,
                "\(input.width)×\(input.height)", "\(input.shorterSide)", input.crop, input.resize,
                input.channelOrder, "\(input.mean)", "\(input.standardDeviation)",
                "\(manifest.embedding.dimension)", manifest.embedding.metric,
            ]
            .joined(separator: "\n")
        return "\(manifest.name):\(SHA256.hash(data: Data(contract.utf8)).hexadecimal.prefix(16))"
    }
}

/// Computes the SHA-256 of a model's weights on a thread of the system's.
public final class WeightsDigest: Sendable {
    private let path: FilePath
    private let expected: String
    private let result = Mutex("")
    private let group = DispatchGroup()

    init(of contents: Data, at path: FilePath, expected: String) {
        self.path = path
        self.expected = expected
        DispatchQueue.global(qos: .utility).async(group: group) { [self] in
            let digest = SHA256.hash(data: contents).hexadecimal
            result.withLock { $0 = digest }
        }
    }

    /// Waits for the digest.
    ///
    /// - Throws: ``ModelError/wrongWeights(path:found:expected:)`` when it is not the one in the manifest.
    public func check() throws(ModelError) {
        group.wait()
        let digest = result.withLock { $0 }
        guard digest == expected else {
            throw .wrongWeights(
                path: path.string,
                found: "SHA-256 \(digest.prefix(12))…",
                expected: "\(expected.prefix(12))…"
            )
        }
    }
}

extension SHA256.Digest {
    fileprivate var hexadecimal: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        .joined()
    }
}

extension DecodingError {
    /// One line that names the field.
    fileprivate var explanation: String {
        switch self {
        case .keyNotFound(let key, _): "it lacks \"\(key.stringValue)\""
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not JSON"
                : "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" has an unexpected value"
        @unknown default: "it is not as expected"
        }
    }
}
