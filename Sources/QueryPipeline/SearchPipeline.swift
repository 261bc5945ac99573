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
    /// How many candidates a search that spreads its results chooses from.
    static let diversityPool = 300

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
        try library.catchUp()
        var stopwatch = Stopwatch()
        let query = try queryEmbedder.embedding(of: request, &stopwatch)
        let found = try rank(query, for: request, &stopwatch)
        let page = self.page(of: found.ranking, for: request)
        let results = try page.ranked.map { ranked in
            try result(ranked, found.images, query, request, &stopwatch)
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

    /// What a ranking is made of.
    private struct Found {
        var ranking: [RankedCandidate] = []
        var reports: [RuleReport] = []
        var images: [ImageID: StoredImage] = [:]
        var method = ""
    }

    /// Asks for more neighbours until enough of them can be shown, or there are no more; describes each but once.
    private func rank(
        _ query: QueryEmbedding,
        for request: SearchRequest,
        _ stopwatch: inout Stopwatch
    ) throws -> Found {
        let rules = ranking.rules(for: request, calibration: calibration)
        let place = (request.cursor?.offset ?? 0) + request.limit
        // What a filter leaves is asked for by number; without one nearly all images are wanted.
        let wantedIDs =
            try request.filter.isTrivial
            ? nil
            : stopwatch.time("filter") {
                try library.catalog.imageIDs(matching: request.filter, for: request.audience)
            }
        let regions = request.searchesRegions ? library.regions : nil
        var found = Found()
        var candidates: [Candidate] = []
        var seen: Set<ImageID> = []
        var wanted = max(place + place / 2 + 8, request.diversity > 0 ? Self.diversityPool : 0)
        while true {
            let answer = try stopwatch.time("search") {
                try library.index.nearest(to: query.vector, count: wanted, among: wantedIDs)
            }
            let parts =
                try regions.map { regions in
                    try stopwatch.time("regions") {
                        try regions.nearestParts(to: query.vector, count: wanted, among: wantedIDs)
                    }
                } ?? []
            let fresh =
                answer.neighbors.map { (image: ImageID($0.key), similarity: Float?($0.similarity)) }
                + parts.map { (image: $0.image, similarity: nil) }
            try stopwatch.time("describe") {
                candidates += try describe(
                    fresh.filter { seen.insert($0.image).inserted },
                    query,
                    request,
                    &found.images
                )
            }
            candidates.takeParts(parts)
            (found.ranking, found.reports) = stopwatch.time("rank") { rules.rank(candidates) }
            found.method = answer.method.rawValue
            // Nothing that has not been met is more alike than this.
            let rest = max(
                answer.neighbors.count < wanted ? -1 : answer.neighbors.last?.similarity ?? -1,
                parts.count < wanted ? -1 : parts.last?.similarity ?? -1
            )
            // Beyond it others may wait that a rule would lift to a better place.
            let deepest = rest + rules.greatestGain
            let isComplete =
                found.ranking.count { $0.candidate.bestSimilarity >= rest } >= place
                && (rules.greatestGain == 0 || found.ranking[place - 1].score >= deepest)
            let isExhausted = rest == -1 || request.leastSimilarity.map { rest < $0 } == true
            if isComplete || isExhausted { return found }
            wanted *= 2
        }
    }

    /// Describes images that have been met for the first time. The similarity of one that was met by a part alone is
    /// computed here.
    private func describe(
        _ met: [(image: ImageID, similarity: Float?)],
        _ query: QueryEmbedding,
        _ request: SearchRequest,
        _ images: inout [ImageID: StoredImage]
    ) throws -> [Candidate] {
        var candidates: [Candidate] = []
        var rest = met.filter { !query.images.contains($0.image) }[...]
        while !rest.isEmpty {
            let portion = rest.prefix(Catalog.maximumImagesPerQuery)
            rest = rest.dropFirst(portion.count)
            for image in try library.catalog.images(portion.map(\.image), matching: request.filter) {
                images[image.id] = image
            }
            for (id, similarity) in portion {
                guard let image = images[id], let vector = try library.index.vector(of: id) else { continue }
                let similarity = similarity ?? cosine(query.vector, vector)
                candidates.append(Candidate(image, similarity: similarity, vector: vector))
            }
        }
        return candidates
    }

    /// Cuts out what was asked for: the results after the cursor's last one.
    private func page(
        of ranking: [RankedCandidate],
        for request: SearchRequest
    ) -> (ranked: [RankedCandidate], next: SearchCursor?) {
        var start = 0
        if let cursor = request.cursor {
            // A spread ranking has no order of scores; there the place has to do.
            start =
                request.diversity > 0
                ? min(cursor.offset, ranking.count)
                : ranking.firstIndex {
                    $0.score == cursor.score ? $0.candidate.id > cursor.image : $0.score < cursor.score
                } ?? ranking.count
        }
        let page = ranking[start...].prefix(request.limit)
        let end = start + page.count
        guard let last = page.last, end < ranking.count, end < Self.maximumLimit else {
            return (Array(page), nil)
        }
        return (Array(page), SearchCursor(offset: end, score: last.score, image: last.candidate.id))
    }

    private func result(
        _ ranked: RankedCandidate,
        _ images: [ImageID: StoredImage],
        _ query: QueryEmbedding,
        _ request: SearchRequest,
        _ stopwatch: inout Stopwatch
    ) throws -> SearchResult {
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
            explanation: request.explains
                ? stopwatch.time("explain") { explanation(of: ranked, image, query, request) } : nil
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

extension [Candidate] {
    /// Notes the parts that are more like the query than their images.
    mutating func takeParts(_ parts: [NearestPart]) {
        guard !parts.isEmpty else { return }
        let best = Dictionary(uniqueKeysWithValues: parts.map { ($0.image, $0) })
        for index in indices {
            guard let part = best[self[index].id], part.similarity > self[index].similarity else { continue }
            self[index].part = Candidate.Part(number: part.part, similarity: part.similarity)
        }
    }
}

extension Candidate {
    init(_ image: StoredImage, similarity: Float, vector: [Float]) {
        self.init(
            id: image.id,
            similarity: similarity,
            vector: vector,
            perceptualHash: image.description.perceptualHash,
            access: Access(rawValue: image.visibility.rawValue) ?? .blocked,
            paths: image.locations.filter { $0.missingSince == nil }.map { String(decoding: $0.path) },
            tags: Set(image.tags),
            addedAt: image.addedAt
        )
    }
}

extension StoredImage {
    /// The path to show: of a file that is there, if one is; bytes that are not UTF-8 become replacement characters.
    var displayedPath: String { locations.first.map { String(decoding: $0.path) } ?? "" }
}
