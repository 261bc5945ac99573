internal import NeuralNetwork
internal import SystemPackage

/// Describes a model: everything that embedding a picture has in common with the training of the weights.
///
/// Read from `manifest.json` in the model's folder. Whatever changes a vector stands in here, so two models
/// whose manifests agree make comparable vectors.
public struct ModelManifest: Codable, Hashable, Sendable {
    /// How a picture becomes the network's input.
    public struct Input: Codable, Hashable, Sendable {
        /// Columns of the network's input, in pixels.
        public let width: Int
        /// Rows of the network's input, in pixels.
        public let height: Int
        /// What the picture's shorter side is scaled to before the centre is cut out, in pixels.
        public let shorterSide: Int
        /// Which part is cut out; `center` is the only one there is.
        public let crop: String
        /// The resampling filter; `bicubic` is the only one there is.
        public let resize: String
        /// Order of the channels; `RGB` is the only one there is.
        public let channelOrder: String
        /// Subtracted from each channel's values of 0–255.
        public let mean: [Float]
        /// What each channel is divided by after that.
        public let standardDeviation: [Float]
    }

    /// What comes out.
    public struct Embedding: Codable, Hashable, Sendable {
        /// Values of a vector.
        public let dimension: Int
        /// How vectors are compared; `cosine` is the only way there is.
        public let metric: String
        /// Whether vectors have length 1.
        public let normalized: Bool
        /// The embedding of ``ImageEmbedder/probePicture``, as the training tools computed it.
        public let probe: [Float]
    }

    /// Where the weights are, and how to know them.
    public struct Weights: Codable, Hashable, Sendable {
        /// Name of the safetensors file, beside the manifest.
        public let file: String
        /// Its length in bytes.
        public let byteCount: Int
        /// Its SHA-256 in hexadecimal.
        public let sha256: String
    }

    /// One step in the making of the weights.
    public struct LineageStep: Codable, Hashable, Sendable {
        /// What was done or taken.
        public let step: String
        /// What it was taken from or done by.
        public let source: String
        /// SPDX identifier of the source's licence, where it differs from the model's or is of interest.
        public let licence: String?
        /// What else one should know.
        public let note: String?
    }

    /// Version of this format; 1 is what this program reads.
    public let formatVersion: Int
    /// What people call the model.
    public let name: String
    /// The network that the weights belong to.
    public let architecture: String
    /// How a picture becomes the network's input.
    public let input: Input
    /// How the last feature map becomes one vector: `average` or `center-weighted`.
    public let pooling: String
    /// What comes out.
    public let embedding: Embedding
    /// Where the weights are.
    public let weights: Weights
    /// SPDX identifier of the weights' licence.
    public let licence: String
    /// How the weights came about, first step first.
    public let lineage: [LineageStep]
}

/// Tells why a model cannot be used.
public enum ModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No folder with a manifest was found.
    case notFound(searched: [String])
    /// A file of the model could not be read.
    case unreadable(path: String, reason: String)
    /// The manifest is not the JSON that is expected.
    case malformedManifest(path: String, reason: String)
    /// The manifest asks for something that this program does not do.
    case unsupported(field: String, found: String, supported: String)
    /// The weights are not the ones that the manifest names.
    case wrongWeights(path: String, found: String, expected: String)
    /// The weights do not fit the architecture.
    case unusableWeights(reason: String)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .notFound(let searched):
            "no model found in \(searched.joined(separator: ", ")); name its folder with --model"
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .malformedManifest(let path, let reason):
            "the model manifest \(path) is malformed: \(reason)"
        case .unsupported(let field, let found, let supported):
            "the model manifest asks for \(field) \(found); this lookalike knows \(supported)"
        case .wrongWeights(let path, let found, let expected):
            "\(path) has \(found), but the manifest names \(expected); fetch the model again"
        case .unusableWeights(let reason):
            reason
        }
    }
}

extension ModelManifest {
    /// Checks that this program does everything the manifest asks for.
    func checkSupported() throws(ModelError) {
        let demands: [(field: String, found: String, supported: String)] = [
            ("format version", String(formatVersion), "1"),
            ("architecture", architecture, "efficientnet-lite0"),
            ("crop", input.crop, "center"),
            ("resize", input.resize, "bicubic"),
            ("channel order", input.channelOrder, "RGB"),
            ("metric", embedding.metric, "cosine"),
            ("normalized", String(embedding.normalized), "true"),
        ]
        guard Pooling(rawValue: pooling) != nil else {
            let known = Pooling.allCases.map(\.rawValue).joined(separator: " and ")
            throw .unsupported(field: "pooling", found: pooling, supported: known)
        }
        for demand in demands where demand.found != demand.supported {
            throw .unsupported(field: demand.field, found: demand.found, supported: demand.supported)
        }
        guard (1...65_536).contains(embedding.dimension) else {
            throw .unsupported(
                field: "dimension",
                found: String(embedding.dimension),
                supported: "1 to 65536"
            )
        }
        guard embedding.probe.count == embedding.dimension else {
            throw .unsupported(
                field: "probe",
                found: "\(embedding.probe.count) values",
                supported: "as many as dimensions, \(embedding.dimension)"
            )
        }
        let extents = [input.width, input.height, input.shorterSide]
        guard extents.allSatisfy((32...2048).contains), input.shorterSide >= max(input.width, input.height)
        else {
            throw .unsupported(
                field: "input size",
                found: "\(input.width)×\(input.height) cut from \(input.shorterSide)",
                supported: "32 to 2048 pixels, cut from a shorter side at least as long"
            )
        }
        guard input.mean.count == 3, input.standardDeviation.count == 3,
            input.standardDeviation.allSatisfy({ $0 > 0 })
        else {
            throw .unsupported(
                field: "normalisation",
                found: "mean \(input.mean), standard deviation \(input.standardDeviation)",
                supported: "three values each, the latter above 0"
            )
        }
        guard FilePath(weights.file).components.count == 1, FilePath(weights.file).isRelative else {
            throw .unsupported(
                field: "weights file",
                found: weights.file,
                supported: "a name in the same folder"
            )
        }
    }
}
