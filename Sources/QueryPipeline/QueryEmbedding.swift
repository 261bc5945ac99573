internal import Catalog
internal import Crypto
internal import ImageDecoding
internal import ImageEmbedding
internal import ImageLibrary

/// What a query is searched by.
struct QueryEmbedding {
    /// Of length 1.
    var vector: [Float]
    /// Of the one picture it is made of, all of it; nil for crops, vectors and several examples.
    var perceptualHash: UInt64?
    /// SHA-256 of that picture's file; nil for images of the library.
    var contentHash: [UInt8]?
    /// Images of the library it is made of: no results of their own.
    var images: Set<ImageID> = []
    /// Whether a picture came from outside.
    var bringsPicture = false
}

/// Makes query vectors.
struct QueryEmbedder {
    let library: Library
    let embedder: ImageEmbedder
    let decoder: any PictureDecoding

    /// Embeds the examples and adds them up: Rocchio's formula with the weights given (Rocchio, 1971).
    func embedding(of request: SearchRequest, _ stopwatch: inout Stopwatch) throws -> QueryEmbedding {
        guard (1...SearchRequest.maximumExampleCount).contains(request.examples.count) else {
            throw QueryError.invalidExampleCount(request.examples.count)
        }
        for example in request.examples where !((-1...1).contains(example.weight) && example.weight != 0) {
            throw QueryError.invalidWeight(example.weight)
        }
        guard request.examples.contains(where: { $0.weight > 0 }) else {
            throw QueryError.contradictoryExamples
        }
        if request.examples.count == 1 {
            return try embedding(of: request.examples[0], for: request.examplesAudience, &stopwatch)
        }
        var whole = QueryEmbedding(vector: [Float](repeating: 0, count: embedder.model.dimension))
        for example in request.examples {
            let part = try embedding(of: example, for: request.examplesAudience, &stopwatch)
            for index in whole.vector.indices { whole.vector[index] += example.weight * part.vector[index] }
            whole.images.formUnion(part.images)
            whole.bringsPicture = whole.bringsPicture || part.bringsPicture
        }
        guard let vector = Self.unitLength(whole.vector) else { throw QueryError.contradictoryExamples }
        whole.vector = vector
        return whole
    }

    private func embedding(
        of example: QueryExample,
        for audience: Audience,
        _ stopwatch: inout Stopwatch
    ) throws -> QueryEmbedding {
        switch example.picture {
        case .file(let path):
            return try embedding(ofPictureIn: .file(path), crop: example.crop, &stopwatch)
        case .bytes(let bytes):
            return try embedding(ofPictureIn: .bytes(bytes), crop: example.crop, &stopwatch)
        case .image(let id):
            return try embedding(ofImage: id, crop: example.crop, for: audience, &stopwatch)
        case .storedFile(let path):
            let id = try library.imageID(at: path, for: audience)
            return try embedding(ofImage: id, crop: example.crop, for: audience, &stopwatch)
        case .vector(let vector):
            guard example.crop == nil, vector.count == embedder.model.dimension,
                vector.allSatisfy(\.isFinite), let unit = Self.unitLength(vector)
            else { throw QueryError.malformedVector(dimension: embedder.model.dimension) }
            return QueryEmbedding(vector: unit)
        }
    }

    private func embedding(
        ofImage id: ImageID,
        crop: Crop?,
        for audience: Audience,
        _ stopwatch: inout Stopwatch
    ) throws -> QueryEmbedding {
        guard let image = try stopwatch.time("look up", { try library.catalog.image(id, for: audience) })
        else {
            throw QueryError.unknownImage(id)
        }
        guard let crop else {
            guard let vector = try stopwatch.time("look up", { try library.index.vector(of: id) }) else {
                throw QueryError.notEmbedded(id)
            }
            return QueryEmbedding(
                vector: vector,
                perceptualHash: image.description.perceptualHash,
                images: [id]
            )
        }
        let view = try stopwatch.time("decode") { try self.view(of: image, crop: crop) }
        return QueryEmbedding(vector: stopwatch.time("embed") { embedder.embed(view.pixels) }, images: [id])
    }

    private func embedding(
        ofPictureIn source: ImageSource,
        crop: Crop?,
        _ stopwatch: inout Stopwatch
    ) throws -> QueryEmbedding {
        let (bytes, picture) = try stopwatch.time("decode") {
            let bytes = try QueryError.wrapping { () throws(ImageDecodingError) in
                try decoder.encodedBytes(of: source)
            }
            return (bytes, try view(of: .bytes(bytes), crop: crop).pixels)
        }
        return stopwatch.time("embed") {
            var query = QueryEmbedding(vector: embedder.embed(picture), bringsPicture: true)
            if crop == nil {
                query.perceptualHash = PerceptualHash(of: picture).bits
                query.contentHash = Array(SHA256.hash(data: bytes))
            }
            return query
        }
    }

    /// What the network sees of a picture.
    typealias View = (pixels: PixelImage, part: PictureRegion?)

    /// Returns the network's view of an image of the library, and the part of it that this is.
    ///
    /// - Throws: ``QueryError/imageFileGone(_:)`` when no file holds any more what was indexed.
    func view(of image: StoredImage, crop: Crop? = nil) throws(QueryError) -> View {
        do {
            return try view(of: .bytes(decoder.encodedBytes(of: image)), crop: crop)
        } catch .undecodable {
            throw .imageFileGone(image.id)
        }
    }

    /// Returns the network's view of a picture, and the part of it that this is; nil for all of it.
    ///
    /// - Throws: ``QueryError/undecodable(_:)`` or ``QueryError/malformedCrop``.
    func view(of source: ImageSource, crop: Crop? = nil) throws(QueryError) -> View {
        let size = crop.map { .longerSide(longerSide(for: $0)) } ?? embedder.thumbnailSize
        let decoded = try QueryError.wrapping { () throws(ImageDecodingError) in
            try decoder.thumbnail(of: source, size: size)
        }
        guard let crop else { return (decoded.pixels, nil) }
        guard let region = crop.region(width: decoded.header.width, height: decoded.header.height) else {
            throw .malformedCrop
        }
        return (decoded.pixels.cropped(to: region).resized(to: embedder.thumbnailSize), region)
    }

    /// How large a picture has to be decoded so that the part that counts has the pixels that the network wants, unless the
    /// picture is more than twice as long as wide. Of pixels it is not known how large a part they are.
    private func longerSide(for crop: Crop) -> Int {
        let most = 3000
        guard case .shorterSide(let wanted) = embedder.thumbnailSize, case .relative(let region) = crop,
            region.isInside
        else { return most }
        return min(most, Int(2 * Double(wanted) / min(region.width, region.height)))
    }

    static func unitLength(_ vector: [Float]) -> [Float]? {
        let length = vector.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot()
        // Examples that cancel each other leave rounding errors, which point anywhere.
        guard length > 1e-4, length.isFinite else { return nil }
        return vector.map { Float(Double($0) / length) }
    }
}

extension QueryError {
    /// Calls `body` and names a picture that cannot be read.
    static func wrapping<Value>(_ body: () throws(ImageDecodingError) -> Value) throws(QueryError) -> Value {
        do {
            return try body()
        } catch {
            throw .undecodable(error)
        }
    }
}
