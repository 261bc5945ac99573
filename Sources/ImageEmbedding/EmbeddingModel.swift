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
        let manifest = try Self.readManifest(folder.appending("manifest.json"))
        try manifest.checkSupported()
        let weightsPath = folder.appending(manifest.weights.file)
        let contents = try Self.read(weightsPath)
        try Self.checkLength(contents, at: weightsPath, against: manifest.weights)
        // The digest takes as long as packing the weights, on another core.
        let digest = DigestInBackground(of: contents)
        do {
            let weights = try WeightsFile(contents: contents)
            engine = InferenceEngine(
                try EfficientNetLite(weights: weights),
                height: manifest.input.height,
                width: manifest.input.width,
                kernels: kernels
            )
            projection = try LinearProjection(
                weights: weights,
                name: "projection.weight",
                inputCount: EfficientNetLite.featureCount,
                outputCount: manifest.embedding.dimension
            )
        } catch {
            // Damage is what the weights are wrong for, if there is any.
            try Self.checkDigest(digest.value, at: weightsPath, against: manifest.weights)
            throw .unusableWeights(reason: String(describing: error))
        }
        try Self.checkDigest(digest.value, at: weightsPath, against: manifest.weights)
        self.manifest = manifest
        identity = Self.identity(of: manifest)
        MatrixLibrary.useOneThreadPerProduct()
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

    private static func checkDigest(
        _ digest: String,
        at path: FilePath,
        against expected: ModelManifest.Weights
    ) throws(ModelError) {
        guard digest == expected.sha256 else {
            throw .wrongWeights(
                path: path.string,
                found: "SHA-256 \(digest.prefix(12))…",
                expected: "\(expected.sha256.prefix(12))…"
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

/// Computes the SHA-256 of some bytes on a thread of the system's.
private final class DigestInBackground: Sendable {
    private let result = Mutex("")
    private let group = DispatchGroup()

    init(of contents: Data) {
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
            let digest = SHA256.hash(data: contents).hexadecimal
            result.withLock { $0 = digest }
        }
    }

    /// The digest in hexadecimal; waits for it.
    var value: String {
        group.wait()
        return result.withLock { $0 }
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
