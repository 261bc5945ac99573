internal import Catalog
internal import Crypto
internal import ImageDecoding
internal import ImageEmbedding
internal import ImageLibrary
internal import NeuralNetwork
internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Finds out what one file holds: known or moved? → read → digest → known content? → decode → embed.
struct FileProcessor: Sendable {
    /// What a file turned out to be.
    struct Result: Sendable {
        let path: FilePath
        let outcome: FileOutcome
        /// Why the file is not indexed, also when it was refused in an earlier run and has not changed.
        var refusal: Refusal?
        /// Whether the file holds what it held before.
        var isUnchanged = false
    }

    let library: Library
    let embedder: ImageEmbedder
    let decoder: any PictureDecoding
    /// Whether files that were refused are tried again although they have not changed.
    let retriesRefused: Bool

    /// Reasons that lie in the surroundings rather than in the file: such a file is tried again although it
    /// is unchanged.
    private static let passingReasons: Set<String> = [
        ImageDecodingError.Reason.unreadable.rawValue, ImageDecodingError.Reason.unavailable.rawValue,
    ]

    /// Processes a file; its stamp was taken before, so that a change meanwhile is noticed in the next scan.
    ///
    /// - Throws: `CatalogError` only; what is wrong with the file is an outcome.
    func process(
        _ path: FilePath,
        _ stamp: FileStamp,
        _ times: inout StageTimes
    ) throws(CatalogError) -> Result {
        let (model, regions) = (library.index.catalogModel, library.regions?.catalogModel)
        let known = try library.catalog.knownFile(at: path, model: model, regions: regions)
        if let known, known.stamp == stamp {
            let unchanged = FileOutcome.unchanged(fileID: known.id, wasMissing: known.isMissing)
            if known.isEmbedded { return Result(path: path, outcome: unchanged, isUnchanged: true) }
            if let refusal = known.refusal, !retriesRefused, !Self.passingReasons.contains(refusal.reason) {
                return Result(path: path, outcome: unchanged, refusal: refusal, isUnchanged: true)
            }
        } else if let other = try library.catalog.files(
            like: stamp,
            movedTo: path,
            model: model,
            regions: regions
        ).first {
            // Still there under the other name, it has two; else it has been moved.
            let isThere = other.path.withPlatformString { access($0, F_OK) } == 0
            let outcome: FileOutcome =
                isThere
                ? .known(path: path, stamp: stamp, imageID: other.imageID)
                : .moved(from: other, to: path, stamp: stamp)
            return Result(path: path, outcome: outcome)
        }
        do {
            let bytes = try times.measure(.read) { () throws(ImageDecodingError) in
                try decoder.encodedBytes(of: .fileWithoutLinks(path))
            }
            let hash = times.measure(.digest) { Array(SHA256.hash(data: bytes)) }
            if let image = try library.catalog.embeddedImage(
                contentHash: hash,
                model: model,
                regions: regions
            ) {
                return Result(
                    path: path,
                    outcome: .known(path: path, stamp: stamp, imageID: image),
                    isUnchanged: known?.imageID == image
                )
            }
            let decoded = try times.measure(.decode) { () throws(ImageDecodingError) in
                try decoder.thumbnail(of: .bytes(bytes), size: embedder.thumbnailSize)
            }
            let embedding = times.measure(.embed) { self.embedding(of: decoded.pixels) }
            let capture = CaptureMetadata(of: bytes, format: decoded.header.format)
            let image = ImageDescription(
                contentHash: hash,
                format: decoded.header.format.rawValue,
                width: decoded.header.width,
                height: decoded.header.height,
                byteCount: Int64(bytes.count),
                perceptualHash: PerceptualHash(of: decoded.pixels).bits,
                takenAt: capture.takenAt,
                camera: capture.camera
            )
            return Result(
                path: path,
                outcome: .embedded(path: path, stamp: stamp, image: image, embedding: embedding)
            )
        } catch let error as ImageDecodingError {
            return refusal(path, stamp, Refusal(reason: error.reason.rawValue, message: error.message))
        } catch let error as CatalogError {
            throw error
        } catch {
            preconditionFailure("only the decoder and the catalog throw, not \(error)")
        }
    }

    private func embedding(of pixels: PixelImage) -> NewEmbedding {
        let precision = embedder.model.precision.rawValue
        guard library.regions != nil else {
            return NewEmbedding(vector: embedder.embed(pixels), precision: precision)
        }
        // One pass of the network makes both.
        let map = embedder.map(pixels)
        return NewEmbedding(
            vector: map.embedding(of: map.whole),
            regions: map.regionWindows.flatMap { map.embedding(of: $0) },
            precision: precision
        )
    }

    /// Turns a refusal of the scanner's into a result.
    func refusal(_ path: FilePath, _ stamp: FileStamp, _ refusal: Refusal) -> Result {
        Result(
            path: path,
            outcome: .refused(path: path, stamp: stamp, refusal: refusal),
            refusal: refusal
        )
    }
}
