// A client for the HTTP API of Lookalike, in one file that is yours to copy. It needs Swift 6 and Foundation, nothing else.
// docs/http-api.md tells what the server makes of each field; tests run this very file against a server.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Asks a Lookalike server for the pictures that look like a picture.
///
///     let client = LookalikeClient(server: URL(string: "http://127.0.0.1:8080")!)
///     let answer = try await client.search(Data(contentsOf: URL(fileURLWithPath: "holiday.jpg")), limit: 5)
struct LookalikeClient: Sendable {
    /// Where the server listens.
    var server: URL
    /// What a server with `--tokens` wants to be shown; nil for one on loopback.
    var token: String?
    /// Carries the requests; give one with a time limit of your own if a minute is too long.
    var session = URLSession.shared

    /// Creates a client. Nothing is sent yet.
    init(server: URL, token: String? = nil) {
        (self.server, self.token) = (server, token)
    }

    /// Finds the library's pictures that look most like a picture from outside.
    ///
    /// - Parameters:
    ///   - picture: The bytes of an image file. They are compared and not added to the library.
    ///   - limit: How many results, 1 to 200; fewer come back when fewer fit.
    ///   - filter: Which pictures may be found, such as `["folder": "/pictures/birds", "tags": "family,summer"]`.
    ///   - options: Everything else that a search can be told, such as `["diversity": "0.3", "crop": "0.2,0.1,0.4,0.5"]`;
    ///     with `cursor` set to an answer's `nextCursor` it goes on where that one ended.
    /// - Throws: ``Problem`` when the server refuses, `URLError` when it cannot be reached.
    func search(
        _ picture: Data,
        limit: Int = 24,
        filter: [String: String] = [:],
        options: [String: String] = [:]
    ) async throws -> Answer {
        var request = request("v1/search", query(limit, filter, options))
        request.httpMethod = "POST"
        request.httpBody = picture
        // The server looks at the bytes; it only wants to be told that this is no form and no JSON.
        request.setValue("application/octet-stream", forHTTPHeaderField: "Content-Type")
        return try await answer(request)
    }

    /// Finds the library's pictures that look most like one of them, which is left out itself.
    ///
    /// Parameters and errors are those of ``search(_:limit:filter:options:)``.
    func search(
        similarTo id: Int64,
        limit: Int = 24,
        filter: [String: String] = [:],
        options: [String: String] = [:]
    ) async throws -> Answer {
        try await answer(request("v1/images/\(id)/similar", query(limit, filter, options)))
    }

    /// Returns a small JPEG of a picture of the library whose longer side has at most `size` pixels, 16 to 1024.
    ///
    /// - Throws: ``Problem``, `URLError`.
    func thumbnail(of id: Int64, size: Int = 320) async throws -> Data {
        try await send(request("v1/images/\(id)/thumbnail", ["size": String(size)]))
    }
}

extension LookalikeClient {
    /// What a search found.
    struct Answer: Decodable, Sendable {
        /// The pictures, best first.
        let results: [Result]
        /// Where the next results begin; nil at the end.
        let nextCursor: String?
        /// How many pictures were searched.
        let searchedImageCount: Int
    }

    /// A picture of the library.
    struct Result: Decodable, Sendable {
        /// Its number in the library.
        let id: Int64
        /// Where it lies on the server's disk.
        let path: String
        /// Cosine of the two embeddings: 1 for the same picture, about 0 for unrelated ones.
        let similarity: Double
        /// How likely a person is to call it similar, 0 to 1; nil where the model has no calibration.
        let probability: Double?
        /// `same`, `near-duplicate`, `similar` or `unrelated`; nil where that cannot be told.
        let `class`: String?
        /// Pixels of the upright picture, across.
        let width: Int
        /// Pixels of the upright picture, down.
        let height: Int
    }

    /// Why the server did not do what it was asked (RFC 9457).
    struct Problem: Error, Decodable, Sendable, CustomStringConvertible {
        /// The HTTP status.
        let status: Int
        /// What went wrong, for programs: `unauthorized`, `undecodable_image`, `too_busy`…
        let code: String
        /// The same for people.
        let detail: String
        /// Of a picture that cannot be read: why.
        var reason: String?

        var description: String { "\(status) \(code): \(detail)" }
    }
}

extension LookalikeClient {
    private typealias Parameters = [String: String]

    private func query(_ limit: Int, _ filter: Parameters, _ options: Parameters) -> Parameters {
        options.merging(filter) { $1 }.merging(["limit": String(limit)]) { $1 }
    }

    private func request(_ path: String, _ query: Parameters) -> URLRequest {
        let address = server.appendingPathComponent(path)
        var components = URLComponents(url: address, resolvingAgainstBaseURL: true)
        // By hand, because a plus sign in a query means a blank, and URLComponents lets it stand.
        let pairs = query.map { "\(escaped($0))=\(escaped($1))" }
        components?.percentEncodedQuery = pairs.sorted().joined(separator: "&")
        var request = URLRequest(url: components?.url ?? address)
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        return request
    }

    private func escaped(_ text: String) -> String {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~,/:*"))
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }

    private func answer(_ request: URLRequest) async throws -> Answer {
        try await JSONDecoder().decode(Answer.self, from: send(request))
    }

    private func send(_ request: URLRequest) async throws -> Data {
        let (body, response) = try await session.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard !(200..<300).contains(status) else { return body }
        // What stands between here and the server, a proxy for one, may refuse in words of its own.
        throw (try? JSONDecoder().decode(Problem.self, from: body))
            ?? Problem(
                status: status,
                code: "http_\(status)",
                detail: String(decoding: body.prefix(200), as: UTF8.self)
            )
    }
}
