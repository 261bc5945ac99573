public import Catalog
internal import Foundation
public import ImageDecoding
public import ImageEmbedding
public import ImageLibrary
internal import NeighborSearch
public import Reranking
internal import SystemPackage

/// Answers queries: pictures → pixels → vector → neighbours → ranking → described results.
///
/// The chapter's prediction pipeline. One pipeline serves the command line, HTTP and evaluation, from any
/// number of threads at once. Every call blocks: run it on a thread of your own, not on the cooperative pool.
public final class SearchPipeline: Sendable {
    /// The most results a query gives, on all pages together.
    public static let maximumLimit = 1000

    /// The library that is searched.
    public let library: Library
    /// Embeds query pictures.
    public let embedder: ImageEmbedder
    /// Decodes query pictures.
    public let decoder: any PictureDecoding
    let ranking: RankingConfiguration
    let calibration: Calibration?
    private let queryLog: QueryLog?

    /// Creates a pipeline over an open library.
    ///
    /// - Parameters:
    ///   - library: Opened for `embedder`'s model.
    ///   - embedder: Embeds query pictures as it embedded the library's.
    ///   - decoder: Decodes query pictures, within its limits.
    ///   - ranking: The operator's wishes for the order of results.
    ///   - calibration: Turns similarities into probabilities; nil leaves them out.
    ///   - queryLog: Takes the vectors of queries that bring a picture of their own; nil keeps none.
    public init(
        library: Library,
        embedder: ImageEmbedder,
        decoder: any PictureDecoding,
        ranking: RankingConfiguration = RankingConfiguration(),
        calibration: Calibration? = nil,
        queryLog: QueryLog? = nil
    ) {
        self.library = library
        self.embedder = embedder
        self.decoder = decoder
        self.ranking = ranking
        self.calibration = calibration
        self.queryLog = queryLog
    }

    /// Finds what `request` asks for.
    ///
    /// Images that lie in no file that is there are left out, unless the filter wants them, and so are the examples that
    /// are images of the library. As many results come back as were asked for, when the library holds as many.
    ///
    /// - Throws: ``QueryError``, or an error of the catalog or the index.
    public func search(_ request: SearchRequest) throws -> SearchResponse {
        guard (1...Self.maximumLimit).contains(request.limit) else {
            throw QueryError.invalidLimit(request.limit)
        }
        guard request.leastProbability == nil || calibration != nil else { throw QueryError.notCalibrated }
        try library.catchUp()
        var stopwatch = Stopwatch()
        let query = try queryEmbedder.embedding(of: request, &stopwatch)
        let found = try rank(query, for: request, &stopwatch)
        let page = self.page(of: found.ranking, for: request)
        let explainer =
            request.explains ? stopwatch.time("explain") { Explainer(self, query.vector, request) } : nil
        let results = page.ranked.map { ranked in
            result(ranked, found.images, query, explainer, &stopwatch)
        }
        if query.bringsPicture { queryLog?.note(query.vector) }
        return SearchResponse(
            results: results,
            nextCursor: page.next?.description,
            timings: stopwatch.timings,
            method: found.method,
            searchedImageCount: try imageCount(for: request.audience),
            rules: request.explains ? found.reports : nil
        )
    }

    /// Finds the look-alikes of one picture; see ``search(_:)``.
    public func search(_ query: ImageQuery, limit: Int) throws -> SearchResponse {
        try search(SearchRequest(query, limit: limit))
    }

    /// How many images are indexed that these people may find.
    public func imageCount(for audience: Audience) throws -> Int {
        let hidden = try library.catalog.hiddenCount(model: library.index.catalogModel, for: audience)
        return max(0, library.index.count - hidden)
    }

    var queryEmbedder: QueryEmbedder {
        QueryEmbedder(library: library, embedder: embedder, decoder: decoder)
    }

    private func result(
        _ ranked: RankedCandidate,
        _ images: [ImageID: StoredImage],
        _ query: QueryEmbedding,
        _ explainer: Explainer?,
        _ stopwatch: inout Stopwatch
    ) -> SearchResult {
        let candidate = ranked.candidate
        let image = images[candidate.id]!
        let probability = calibration?.probability(ofSimilarity: candidate.bestSimilarity)
        return SearchResult(
            imageID: image.id,
            similarity: candidate.bestSimilarity,
            part: candidate.part.map { region(of: $0, in: image) },
            score: ranked.score,
            probability: probability,
            likeness: likeness(of: image, candidate.similarity, to: query, probability),
            path: image.displayedPath,
            width: image.description.width,
            height: image.description.height,
            duplicates: ranked.duplicates.map { duplicate in
                let image = images[duplicate.id]!
                return FoldedDuplicate(
                    imageID: image.id,
                    similarity: duplicate.bestSimilarity,
                    path: image.displayedPath,
                    width: image.description.width,
                    height: image.description.height
                )
            },
            explanation: explainer.map { explainer in
                stopwatch.time("explain") { explainer.explanation(of: ranked, image) }
            }
        )
    }

    func likeness(
        of image: StoredImage,
        _ similarity: Float,
        to query: QueryEmbedding,
        _ probability: Float?
    ) -> Likeness? {
        if let hash = query.contentHash, hash == image.description.contentHash { return .same }
        let hashes = (query.perceptualHash, image.description.perceptualHash)
        if ranking.duplicates.areCopies(similarity: similarity, hashes: hashes) { return .nearDuplicate }
        return probability.map { $0 >= 0.5 ? .similar : .unrelated }
    }
}

extension StoredImage {
    /// The path to show: of a file that is there, if one is; bytes that are not UTF-8 become replacement characters.
    var displayedPath: String { locations.first.map { String(decoding: $0.path) } ?? "" }
}
