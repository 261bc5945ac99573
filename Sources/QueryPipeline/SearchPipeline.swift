public import Catalog
internal import Foundation
public import ImageDecoding
public import ImageEmbedding
public import ImageLibrary
internal import NeighborSearch
internal import SystemPackage

/// Answers queries: picture → pixels → vector → neighbours → described results.
///
/// The chapter's prediction pipeline. One pipeline serves the command line, HTTP and evaluation, from any
/// number of threads at once. Every call blocks: run it on a thread of your own, not on the cooperative pool.
public final class SearchPipeline: Sendable {
    /// The most results a query gives.
    public static let maximumLimit = 1000

    private let library: Library
    private let embedder: ImageEmbedder
    private let decoder: any PictureDecoding
    private let queryLog: QueryLog?

    /// Creates a pipeline over an open library.
    ///
    /// - Parameters:
    ///   - library: Opened for `embedder`'s model.
    ///   - embedder: Embeds query pictures as it embedded the library's.
    ///   - decoder: Decodes query pictures, within its limits.
    ///   - queryLog: Takes the vectors of queries that bring a picture of their own; nil keeps none.
    public init(
        library: Library,
        embedder: ImageEmbedder,
        decoder: any PictureDecoding,
        queryLog: QueryLog? = nil
    ) {
        self.library = library
        self.embedder = embedder
        self.decoder = decoder
        self.queryLog = queryLog
    }

    /// Finds the look-alikes of `query`.
    ///
    /// Images whose files are all missing are left out, and so is the query itself when it is an image of the
    /// library. As many results come back as were asked for, when the library holds as many.
    ///
    /// - Parameter limit: How many results, 1 to ``maximumLimit``.
    /// - Throws: ``QueryError``, or an error of the catalog or the index.
    public func search(_ query: ImageQuery, limit: Int) throws -> SearchResponse {
        guard (1...Self.maximumLimit).contains(limit) else { throw QueryError.invalidLimit(limit) }
        try library.index.catchUp()
        var stopwatch = Stopwatch()
        let vector = try embedding(of: query, &stopwatch)
        let (results, method) = try presentNeighbors(of: vector, query, limit: limit, &stopwatch)
        if query.bringsPicture { queryLog?.note(vector) }
        return SearchResponse(
            results: results,
            timings: stopwatch.timings,
            method: method,
            searchedImageCount: library.index.count
        )
    }

    /// Returns what the library knows of an image, or nil when it has none with this number.
    public func image(id: ImageID) throws -> ImageRecord? {
        try library.catalog.image(id).map(ImageRecord.init)
    }

    /// Returns a JPEG of an image, upright, at most `longerSide` pixels on its longer side; nil when there is
    /// no such image.
    ///
    /// - Throws: ``QueryError/imageFileGone(_:)`` when none of the image's files can be decoded.
    public func thumbnail(id: ImageID, longerSide: Int) throws -> [UInt8]? {
        guard let image = try library.catalog.image(id) else { return nil }
        for location in image.locations {
            let decoded = try? decoder.thumbnail(of: .file(location.path), size: .longerSide(longerSide))
            if let decoded { return try decoded.pixels.jpegData(quality: 82) }
        }
        throw QueryError.imageFileGone(id)
    }

    /// Keeps what was shown and opened; false when the library has no such query, or none of the results.
    public func keep(_ interaction: Interaction) throws -> Bool { try library.catalog.keep(interaction) }

    /// Shows that the catalog can be read and the index searched; throws when not.
    public func readiness() throws -> Readiness {
        try library.index.catchUp()
        return Readiness(model: embedder.model.identity, indexedImageCount: library.index.count)
    }

    private func embedding(of query: ImageQuery, _ stopwatch: inout Stopwatch) throws -> [Float] {
        switch query {
        case .file(let path): try embedding(ofPictureIn: .file(path), &stopwatch)
        case .bytes(let bytes): try embedding(ofPictureIn: .bytes(bytes), &stopwatch)
        case .image(let id):
            try stopwatch.time("look up") {
                if let vector = try library.index.vector(of: id) { return vector }
                throw try library.catalog.image(id) == nil
                    ? QueryError.unknownImage(id) : QueryError.notEmbedded(id)
            }
        }
    }

    private func embedding(ofPictureIn source: ImageSource, _ stopwatch: inout Stopwatch) throws -> [Float] {
        let decoded = try stopwatch.time("decode") {
            do throws(ImageDecodingError) {
                return try decoder.thumbnail(of: source, size: embedder.thumbnailSize)
            } catch {
                throw QueryError.undecodable(error)
            }
        }
        return stopwatch.time("embed") { embedder.embed(decoded.pixels) }
    }

    /// Asks for more neighbours until `limit` of them can be shown, or there are no more; describes each but
    /// once.
    private func presentNeighbors(
        of vector: [Float],
        _ query: ImageQuery,
        limit: Int,
        _ stopwatch: inout Stopwatch
    ) throws -> (results: [SearchResult], method: String) {
        var results: [SearchResult] = []
        var described: Set<UInt64> = []
        var wanted = limit + 8
        while true {
            let answer = try stopwatch.time("search") {
                try library.index.nearest(to: vector, count: wanted)
            }
            var fresh = answer.neighbors.filter { !described.contains($0.key) }[...]
            try stopwatch.time("describe") {
                while !fresh.isEmpty, results.count < limit {
                    let portion = fresh.prefix(Catalog.maximumImagesPerQuery)
                    fresh = fresh.dropFirst(portion.count)
                    described.formUnion(portion.map(\.key))
                    results += try describe(portion, leavingOut: query)
                }
            }
            if results.count >= limit || answer.neighbors.count < wanted {
                let best = results.sorted { ($1.similarity, $0.imageID) < ($0.similarity, $1.imageID) }
                return (Array(best.prefix(limit)), answer.method.rawValue)
            }
            wanted *= 2
        }
    }

    private func describe(_ neighbors: some Collection<Neighbor>, leavingOut query: ImageQuery) throws
        -> [SearchResult]
    {
        let images = try library.catalog.images(neighbors.map { ImageID($0.key) })
        let imagesByID = Dictionary(uniqueKeysWithValues: images.map { ($0.id, $0) })
        return neighbors.compactMap { neighbor in
            if case .image(ImageID(neighbor.key)) = query { return nil }
            guard let image = imagesByID[ImageID(neighbor.key)],
                let location = image.locations.first, location.missingSince == nil
            else { return nil }
            return SearchResult(
                imageID: image.id,
                similarity: neighbor.similarity,
                path: String(decoding: location.path),
                width: image.description.width,
                height: image.description.height
            )
        }
    }
}

extension ImageQuery {
    fileprivate var bringsPicture: Bool {
        switch self {
        case .file, .bytes: true
        case .image: false
        }
    }
}

extension ImageRecord {
    fileprivate init(_ image: StoredImage) {
        self.init(
            id: image.id,
            contentHash: image.description.contentHash.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined(),
            format: image.description.format,
            width: image.description.width,
            height: image.description.height,
            byteCount: image.description.byteCount,
            addedAt: image.addedAt,
            locations: image.locations.map {
                Location(path: String(decoding: $0.path), missing: $0.missingSince != nil)
            }
        )
    }
}
