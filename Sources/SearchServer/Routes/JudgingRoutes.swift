internal import Catalog
internal import Evaluation
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import QueryPipeline

/// What the judging page asks of the house; every call blocks and belongs on ``BlockingWorkers``.
protocol JudgingBackend: Sendable {
    func next(skipping: Set<Int64>) throws -> JudgingDesk.Task?
    func judge(_ image: Int64, grade: Int, for query: Int64) throws -> Bool
    func progress() throws -> JudgingDesk.Progress
}

extension JudgingDesk: JudgingBackend {}

/// Asks a person how alike pictures are.
struct JudgingRoutes: Sendable {
    static let allowedGrades = 0...GradedRanking.bestGrade
    static let maximumSkippedCount = 100
    private static let maximumBodyByteCount = 1 << 12

    let backend: any SearchBackend
    let judging: any JudgingBackend
    let workers: BlockingWorkers

    var routes: [Route] {
        [Route(.get, "/v1/judging", use: next), Route(.post, "/v1/judgements", use: judge)]
    }

    /// `GET /v1/judging?skip=`: the query to judge next, with the candidates that have no grade yet.
    @Sendable private func next(_ request: Request, _ context: Route.Context) async throws -> Response {
        let skipped = try Self.numbers(in: request.uri.queryParameters["skip"].map(String.init) ?? "")
        let description = try await workers.run { [backend, judging] () -> JudgingDescription in
            let task = try judging.next(skipping: skipped)
            let query = try task.flatMap { try backend.image(id: $0.query, for: .everyone) }
            return JudgingDescription(
                query: query.map { ImageDescription($0) },
                candidates: try (task?.candidates ?? []).compactMap {
                    try backend.image(id: $0, for: .everyone)
                }
                .map { ImageDescription($0) },
                judgedCount: task?.judgedCount ?? 0,
                progress: try judging.progress()
            )
        }
        var response = try Response.json(description)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// `POST /v1/judgements`: keeps a grade.
    @Sendable private func judge(_ request: Request, _ context: Route.Context) async throws -> Response {
        let body = try await request.bodyBytes(upTo: Self.maximumBodyByteCount)
        guard let judgement = try? JSONDecoder().decode(JudgementDescription.self, from: Data(body)),
            Self.allowedGrades.contains(judgement.grade)
        else { throw RequestFault.malformedJudgement }
        let progress = try await workers.run { [judging] () -> JudgingDesk.Progress in
            let isKnown = try judging.judge(judgement.image, grade: judgement.grade, for: judgement.query)
            guard isKnown else { throw RequestFault.unknownImage }
            return try judging.progress()
        }
        return try Response.json(JudgingDescription.Progress(progress))
    }

    private static func numbers(in list: String) throws -> Set<Int64> {
        let texts = list.split(separator: ",")
        let numbers = texts.compactMap { Int64($0) }.filter { $0 > 0 }
        guard numbers.count == texts.count, texts.count <= maximumSkippedCount else {
            throw RequestFault.invalidImageID
        }
        return Set(numbers)
    }
}

/// The body of a judgement.
private struct JudgementDescription: Decodable {
    let query: Int64
    let image: Int64
    let grade: Int
}

/// A query with what is still to be judged for it.
struct JudgingDescription: Encodable {
    struct Progress: Encodable {
        let queries: Int
        let judgements: Int

        init(_ progress: JudgingDesk.Progress) {
            queries = progress.queries
            judgements = progress.judgements
        }
    }

    /// Absent when there is nothing left to judge.
    let query: ImageDescription?
    let candidates: [ImageDescription]
    let judgedCount: Int
    let progress: Progress

    init(
        query: ImageDescription?,
        candidates: [ImageDescription],
        judgedCount: Int,
        progress: JudgingDesk.Progress
    ) {
        self.query = query
        self.candidates = candidates
        self.judgedCount = judgedCount
        self.progress = Progress(progress)
    }
}
