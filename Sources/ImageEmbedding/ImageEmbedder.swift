public import ImageDecoding
internal import NeuralNetwork
internal import Synchronization

/// Turns pictures into embeddings: crop, normalise, run the network, project, scale to length 1.
///
/// One embedder serves any number of threads; each picture runs on the thread that brings it. Activations are
/// kept from call to call, about 4 MB for each thread that has ever embedded at the same time as others.
public final class ImageEmbedder: Sendable {
    /// The model that embeds.
    public let model: EmbeddingModel
    private let preprocessing: Preprocessing
    private let idleWorkspaces = Mutex(WorkspacePool())

    /// Creates an embedder.
    public init(model: EmbeddingModel) {
        self.model = model
        preprocessing = Preprocessing(model.manifest.input)
    }

    /// The size that pictures must be decoded to.
    public var thumbnailSize: ThumbnailSize { .shorterSide(model.manifest.input.shorterSide) }

    /// Embeds ``probePicture`` and returns the cosine to what the training tools computed for it: about 1
    /// where this machine runs the model right; ``leastProbeSimilarity`` at least.
    public func probeSimilarity() -> Float {
        let expected = model.manifest.embedding.probe.scaledToUnitLength()
        return zip(embed(probePicture), expected).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// What ``probeSimilarity()`` may fall to: products of bfloat16 round, and differ a little between processors.
    public var leastProbeSimilarity: Float { model.precision == .float32 ? 0.9999 : 0.999 }

    /// A picture that needs no file: at row y, column x, its channels are (x, y, x + y) modulo 256.
    var probePicture: PixelImage {
        let side = model.manifest.input.shorterSide
        let pixels = (0..<side * side).flatMap { position in
            let (y, x) = (position / side, position % side)
            return [UInt8(x & 255), UInt8(y & 255), UInt8((x + y) & 255)]
        }
        return PixelImage(width: side, height: side, pixels: pixels)
    }

    /// Returns the embedding of a picture decoded to ``thumbnailSize``: `model.dimension` values of length 1.
    ///
    /// Deterministic: equal pixels give equal vectors, whatever the thread.
    public func embed(_ image: PixelImage) -> [Float] {
        withWorkspace { workspace in
            preprocessing.write(image, into: &workspace.input)
            let features = model.engine.features(of: workspace.input, workspace: &workspace.activations)
            return model.projection(features).scaledToUnitLength()
        }
    }

    /// Returns the embedding position by position, for a picture decoded to ``thumbnailSize``.
    public func map(_ image: PixelImage) -> EmbeddingMap {
        withWorkspace { workspace in
            preprocessing.write(image, into: &workspace.input)
            let features = model.engine.featureMap(of: workspace.input, workspace: &workspace.activations)
            let shape = features.shape
            let all = features.values
            let vectors = (0..<shape.positionCount).map { position in
                model.projection(Array(all[position * shape.channels..<(position + 1) * shape.channels]))
            }
            return EmbeddingMap(
                rows: shape.height,
                columns: shape.width,
                vectors: vectors,
                weights: model.pooling.weights(rows: shape.height, columns: shape.width),
                seen: preprocessing.seenPart(ofPictureWithWidth: image.width, height: image.height)
            )
        }
    }

    /// How many regions of a picture can be indexed.
    public var regionCount: Int {
        let map = model.engine.mapShape
        return EmbeddingMap.regionWindows(rows: map.height, columns: map.width).count
    }

    /// Where a region lies in a picture of this size.
    ///
    /// - Parameters:
    ///   - number: Of the region, from 0, in the order of ``EmbeddingMap/regionWindows``.
    ///   - width: Width of the upright picture in pixels.
    ///   - height: Its height.
    public func region(_ number: Int, ofPictureWithWidth width: Int, height: Int) -> PictureRegion {
        let map = model.engine.mapShape
        let scale = Double(model.manifest.input.shorterSide) / Double(min(width, height))
        return EmbeddingMap.region(
            EmbeddingMap.regionWindows(rows: map.height, columns: map.width)[number],
            rows: map.height,
            columns: map.width,
            of: preprocessing.seenPart(
                ofPictureWithWidth: Int((Double(width) * scale).rounded()),
                height: Int((Double(height) * scale).rounded())
            )
        )
    }

    private func withWorkspace<Value>(_ body: (EmbeddingWorkspace) -> Value) -> Value {
        let workspace =
            idleWorkspaces.withLock { $0.take() } ?? EmbeddingWorkspace(model.engine.makeWorkspace())
        defer { idleWorkspaces.withLock { $0.give(workspace) } }
        return body(workspace)
    }
}

/// Buffers for one picture at a time; owned by whoever took it from the pool.
private final class EmbeddingWorkspace {
    var input = FeatureMap(shape: FeatureShape(height: 1, width: 1, channels: 3))
    var activations: InferenceEngine.Workspace

    init(_ activations: consuming InferenceEngine.Workspace) { self.activations = activations }
}

/// Keeps buffers that nobody uses at the moment.
///
/// `@unchecked Sendable`: a workspace is in the pool or with one thread, never both; `Mutex` guards the pool
/// itself.
private struct WorkspacePool: @unchecked Sendable {
    private var idle: [EmbeddingWorkspace] = []

    mutating func take() -> EmbeddingWorkspace? { idle.popLast() }

    mutating func give(_ workspace: EmbeddingWorkspace) {
        idle.append(workspace)
    }
}

extension [Float] {
    /// Returns the vector divided by its Euclidean length; a vector of zeros points along the first axis
    /// instead.
    func scaledToUnitLength() -> [Float] {
        let length = reduce(into: Double(0)) { $0 += Double($1) * Double($1) }.squareRoot()
        guard length > 0 else { return indices.map { $0 == 0 ? 1 : 0 } }
        return map { Float(Double($0) / length) }
    }
}
