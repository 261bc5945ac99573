internal import Catalog
internal import Crypto
internal import ImageDecoding
internal import ImageEmbedding
internal import ImageLibrary
internal import NeuralNetwork
internal import SystemPackage

/// Finds out what one file holds: read → digest → known? → decode → embed.
struct FileProcessor: Sendable {
    /// What a file turned out to be.
    struct Result: Sendable {
        let outcome: FileOutcome
        /// Why the file is not indexed, also when it was refused in an earlier scan and has not changed.
        let refused: RefusedFile?
        /// Whether the file holds what it held before.
        let isUnchanged: Bool

        init(outcome: FileOutcome, refused: RefusedFile?, isUnchanged: Bool = false) {
            self.outcome = outcome
            self.refused = refused
            self.isUnchanged = isUnchanged
        }
    }

    let library: Library
    let embedder: ImageEmbedder
    let decoder: any PictureDecoding

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
        let model = library.index.catalogModel
        let known = try library.catalog.knownFile(at: path, model: model)
        if let known, known.stamp == stamp {
            if known.isEmbedded { return Result(outcome: .unchanged(fileID: known.id), refused: nil) }
            if let refusal = known.refusal, !Self.passingReasons.contains(refusal.reason) {
                return Result(
                    outcome: .unchanged(fileID: known.id),
                    refused: RefusedFile(path: path, refusal: refusal)
                )
            }
        }
        do {
            let bytes = try times.measure(.read) { () throws(ImageDecodingError) in
                try decoder.encodedBytes(of: .fileWithoutLinks(path))
            }
            let hash = times.measure(.digest) { Array(SHA256.hash(data: bytes)) }
            if let image = try library.catalog.embeddedImage(contentHash: hash, model: model) {
                return Result(
                    outcome: .known(path: path, stamp: stamp, imageID: image),
                    refused: nil,
                    isUnchanged: known?.imageID == image
                )
            }
            let decoded = try times.measure(.decode) { () throws(ImageDecodingError) in
                try decoder.thumbnail(of: .bytes(bytes), size: embedder.thumbnailSize)
            }
            let vector = times.measure(.embed) { embedder.embed(decoded.pixels) }
            let image = ImageDescription(
                contentHash: hash,
                format: decoded.header.format.rawValue,
                width: decoded.header.width,
                height: decoded.header.height,
                byteCount: Int64(bytes.count)
            )
            return Result(
                outcome: .embedded(
                    path: path,
                    stamp: stamp,
                    image: image,
                    vector: vector,
                    precision: embedder.model.precision.rawValue
                ),
                refused: nil
            )
        } catch let error as ImageDecodingError {
            return refusal(path, stamp, Refusal(reason: error.reason.rawValue, message: error.message))
        } catch let error as CatalogError {
            throw error
        } catch {
            preconditionFailure("only the decoder and the catalog throw, not \(error)")
        }
    }

    /// Turns a refusal of the scanner's into a result.
    func refusal(_ path: FilePath, _ stamp: FileStamp, _ refusal: Refusal) -> Result {
        Result(
            outcome: .refused(path: path, stamp: stamp, refusal: refusal),
            refused: RefusedFile(path: path, refusal: refusal)
        )
    }
}
