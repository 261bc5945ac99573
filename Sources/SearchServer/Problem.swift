internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

internal import struct Foundation.Data
internal import class Foundation.JSONEncoder

/// An error as a client sees it, in the form of RFC 9457 (`application/problem+json`).
///
/// `type` is left out, which the RFC reads as `about:blank`; the title is then the status's own phrase and
/// `code` is what a program should look at.
struct Problem: Encodable, Sendable {
    /// The stable name of the fault, for programs; documented in `docs/http-api.md`.
    let code: String
    /// The HTTP status code, repeated in the body for those who only see the body.
    let status: Int
    /// The phrase that belongs to the status.
    let title: String
    /// One or two sentences for people: what is wrong and what to do about it.
    let detail: String
    /// Why a picture was refused or not fetched, as the decoder or the fetcher names it; absent from other problems.
    var reason: String?
    /// The path that was asked for.
    var instance: String?

    /// Header fields that belong to the answer, `Allow` or `Retry-After`; not part of the body.
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, headers: HTTPFields = [:]) {
        self.code = code
        self.status = status.code
        self.title = status.reasonPhrase
        self.detail = detail
        self.headers = headers
    }

    private enum CodingKeys: String, CodingKey {
        case code, status, title, detail, reason, instance
    }

    /// Returns the problem as the answer to a request for `path`.
    func response(path: String) throws -> Response {
        var problem = self
        problem.instance = path
        var response = try Response.json(problem, status: .init(code: status, reasonPhrase: title))
        response.headers[.contentType] = "application/problem+json"
        response.headers[.cacheControl] = "no-store"
        for field in headers { response.headers[field.name] = field.value }
        return response
    }
}

extension Response {
    /// Returns `value` as a JSON answer.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value)))
        )
    }
}
