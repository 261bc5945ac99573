import Foundation

@testable import Catalog
@testable import Evaluation
@testable import QueryPipeline
@testable import SearchServer

/// A backend whose every answer a test dictates; what is not dictated is an empty library's answer.
struct ScriptedBackend: SearchBackend {
    var onSearch: @Sendable (ImageQuery, Int) throws -> SearchResponse = { _, _ in .empty }
    var images: [ImageRecord] = []
    var onThumbnail: @Sendable (Int64, Int) throws -> [UInt8]? = { _, _ in [0xFF, 0xD8, 0xFF, 0xD9] }
    var onReadiness: @Sendable () throws -> Readiness = { Readiness(model: "none", indexedImageCount: 0) }

    var onStatistics: @Sendable () throws -> LibraryStatistics = { .sample }
    var onKeep: @Sendable (Interaction) throws -> Bool = { _ in true }

    func examples(count: Int) throws -> [ImageRecord] { Array(images.prefix(count)) }
    func keep(_ interaction: Interaction, for audience: Audience) throws -> Bool { try onKeep(interaction) }
    func search(_ request: SearchRequest) throws -> SearchResponse {
        try onSearch(request.examples[0].picture, request.limit)
    }
    func image(id: Int64, for audience: Audience) throws -> ImageRecord? { images.first { $0.id == id } }
    func thumbnail(id: Int64, longerSide: Int, for audience: Audience) throws -> [UInt8]? {
        try onThumbnail(id, longerSide)
    }
    func readiness() throws -> Readiness { try onReadiness() }
    func statistics() throws -> LibraryStatistics { try onStatistics() }

    /// Answers every search of bytes with one result whose width is their number, so that a test can tell
    /// what arrived.
    static var counting: ScriptedBackend {
        ScriptedBackend(onSearch: { query, limit in
            guard case .bytes(let bytes) = query else { return .empty }
            return .sample(results: [.sample(id: 17, width: bytes.count)], searchedImageCount: limit)
        })
    }
}

extension LibraryStatistics {
    static var sample: LibraryStatistics {
        LibraryStatistics(
            counts: CatalogCounts(presentImages: 9, images: 10, files: 12, missingFiles: 2, refusedFiles: 3),
            feedback: FeedbackCounts(judgements: 4, interactions: 5, impressions: 50, clicks: 10),
            model: "m@1",
            indexedImageCount: 9,
            regionsPerImage: 0,
            pendingChangeCount: 1,
            beamWidth: BeamWidthChoice(
                model: "m@1",
                beamWidth: 64,
                target: 0.95,
                recall: 0.96875,
                pictureCount: 8,
                chosenAt: Date(timeIntervalSince1970: 1_700_000_000)
            )
        )
    }
}

extension SearchResponse {
    static var empty: SearchResponse { sample(results: [], searchedImageCount: 0) }

    static func sample(
        results: [SearchResult],
        searchedImageCount: Int,
        method: String = "exact"
    ) -> SearchResponse {
        SearchResponse(
            results: results,
            nextCursor: nil,
            timings: [StageTiming(stage: "decode", milliseconds: 1.5)],
            method: method,
            searchedImageCount: searchedImageCount,
            rules: nil
        )
    }
}

extension SearchResult {
    static func sample(id: Int64, width: Int = 640) -> SearchResult {
        SearchResult(
            imageID: id,
            similarity: 0.875,
            part: nil,
            score: 0.875,
            probability: 0.75,
            likeness: .similar,
            path: "/photos/été/a b.jpg",
            width: width,
            height: 480,
            duplicates: [],
            explanation: nil
        )
    }
}

extension ImageRecord {
    static func sample(id: Int64, contentHash: String = "c0ffee", isMissing: Bool = false) -> ImageRecord {
        ImageRecord(
            id: id,
            contentHash: contentHash,
            format: "jpeg",
            width: 640,
            height: 480,
            byteCount: 12_345,
            addedAt: Date(timeIntervalSince1970: 1_700_000_000),
            takenAt: "2023-11-14T22:13:20",
            camera: "Canon EOS 80D",
            tags: ["harbour"],
            visibility: "listed",
            locations: [
                .init(path: "/photos/b.jpg", missing: isMissing), .init(path: "/gone/a.jpg", missing: true),
            ]
        )
    }
}

/// A desk with one query and its candidates.
struct ScriptedJudging: JudgingBackend {
    var onNext: @Sendable (Set<Int64>) throws -> JudgingDesk.Task? = { _ in nil }
    var onJudge: @Sendable (Int64, Int, Int64) throws -> Bool = { _, _, _ in true }

    func next(skipping: Set<Int64>) throws -> JudgingDesk.Task? { try onNext(skipping) }
    func judge(_ image: Int64, grade: Int, for query: Int64) throws -> Bool {
        try onJudge(image, grade, query)
    }
    func progress() throws -> JudgingDesk.Progress { JudgingDesk.Progress(queries: 2, judgements: 31) }
}
