internal import Catalog
internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// Keeps what was shown and what was opened of it.
struct FeedbackRoutes: Sendable {
    static let maximumShownCount = SearchRoutes.allowedLimits.upperBound
    private static let maximumBodyByteCount = 1 << 14

    let backend: any SearchBackend
    let workers: BlockingWorkers
    let keepsFeedback: Bool

    var routes: [Route] { [Route(.post, "/v1/interactions", needs: .read, use: note)] }

    /// `POST /v1/interactions`: what was shown for a picture of the library, and what was opened.
    @Sendable private func note(_ request: Request, _ context: Route.Context) async throws -> Response {
        let body = try await request.bodyBytes(upTo: Self.maximumBodyByteCount)
        guard let sent = try? JSONDecoder().decode(InteractionDescription.self, from: Data(body)),
            (1...Self.maximumShownCount).contains(sent.shown.count),
            Set(sent.shown).count == sent.shown.count,
            Set(sent.clicked).isSubset(of: sent.shown)
        else { throw RequestFault.malformedInteraction }
        guard keepsFeedback else { return Response(status: .noContent) }
        let interaction = Interaction(query: sent.query, shown: sent.shown, clicked: Set(sent.clicked))
        let isKnown = try await workers.run { [backend] in
            try backend.keep(interaction, for: context.audience)
        }
        guard isKnown else { throw RequestFault.unknownImage }
        return Response(status: .noContent)
    }
}

/// The body of an interaction.
private struct InteractionDescription: Decodable {
    let query: Int64
    let shown: [Int64]
    let clicked: [Int64]
}
