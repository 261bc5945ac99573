internal import Catalog
internal import ImageLibrary
internal import NeighborSearch
internal import Reranking
internal import SystemPackage

extension SearchPipeline {
    /// How many of the best results are spread where variety is wished for; the others follow in their order. The same for
    /// all pages, so that no page moves what an earlier one has shown.
    static let diversityPool = 300

    /// What a ranking is made of.
    struct Found {
        var ranking: [RankedCandidate] = []
        var reports: [RuleReport] = []
        var images: [ImageID: StoredImage] = [:]
        var method = ""
    }

    /// Asks for more neighbours until all that the page needs is settled, or there are no more; describes each but once.
    func rank(
        _ query: QueryEmbedding,
        for request: SearchRequest,
        _ stopwatch: inout Stopwatch
    ) throws -> Found {
        let rules = ranking.rules(for: request, calibration: calibration)
        // One more than is shown: it says whether there is a next page.
        let place = (request.cursor?.offset ?? 0) + request.limit + 1
        let pool = request.diversity > 0 ? Self.diversityPool : 0
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
        var wanted = max(place, pool) * 3 / 2 + 8
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
            candidates.take(parts)
            (found.ranking, found.reports) = stopwatch.time("rank") { rules.rank(candidates) }
            found.method = answer.method.rawValue
            let depth = SearchDepth(
                rest: max(
                    answer.neighbors.count < wanted ? -1 : answer.neighbors.last?.similarity ?? -1,
                    parts.count < wanted ? -1 : parts.last?.similarity ?? -1
                )
            )
            let needed = max(
                start(of: request.cursor, in: found.ranking, request) + request.limit + 1,
                pool
            )
            let isComplete = depth.settledCount(found.ranking, greatestGain: rules.greatestGain) >= needed
            if isComplete || depth.exhausts(request, calibration) { break }
            wanted *= 2
        }
        if request.diversity > 0 {
            let spread = Diversity(weight: request.diversity, count: place, pool: pool)
            let moved = stopwatch.time("rank") { spread.apply(to: &found.ranking) }
            found.reports.append(RuleReport(rule: spread.name, changed: moved))
        }
        return found
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
    func page(
        of ranking: [RankedCandidate],
        for request: SearchRequest
    ) -> (ranked: [RankedCandidate], next: SearchCursor?) {
        let start = start(of: request.cursor, in: ranking, request)
        let page = ranking[start...].prefix(request.limit)
        let end = start + page.count
        guard let last = page.last, end < ranking.count, end < Self.maximumLimit else {
            return (Array(page), nil)
        }
        return (Array(page), SearchCursor(offset: end, score: last.score, image: last.candidate.id))
    }

    /// Where a page begins in a ranking.
    private func start(
        of cursor: SearchCursor?,
        in ranking: [RankedCandidate],
        _ request: SearchRequest
    ) -> Int {
        guard let cursor else { return 0 }
        // A spread ranking has no order of scores; there the place has to do.
        guard request.diversity == 0 else { return min(cursor.offset, ranking.count) }
        return ranking.firstIndex {
            $0.score == cursor.score ? $0.candidate.id > cursor.image : $0.score < cursor.score
        } ?? ranking.count
    }
}

/// How deep a search has looked, and what that settles.
struct SearchDepth {
    /// No image that has not been met is more similar than this; -1 when all have been met.
    let rest: Float

    /// How many of the first results keep their places whatever else is met.
    ///
    /// - Parameters:
    ///   - ranking: Ordered by score.
    ///   - greatestGain: By how much a rule may lift what has not been met.
    func settledCount(_ ranking: [RankedCandidate], greatestGain: Float) -> Int {
        rest == -1 ? ranking.count : ranking.prefix { $0.score >= rest + greatestGain }.count
    }

    /// Whether all that a request does not drop has been met.
    func exhausts(_ request: SearchRequest, _ calibration: Calibration?) -> Bool {
        if rest == -1 { return true }
        if let least = request.leastSimilarity, rest < least { return true }
        // The curve never falls.
        if let least = request.leastProbability, let calibration {
            return calibration.probability(ofSimilarity: rest) < least
        }
        return false
    }
}

extension [Candidate] {
    /// Notes the parts that are more like the query than their images.
    mutating func take(_ parts: [NearestPart]) {
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
