import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Synchronization
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct ObservationTests {
    @Test(
        "an answer carries the name that its request brought",
        arguments: ["7", "a-B_c.9", String(repeating: "x", count: 64)]
    )
    func givenName(name: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            for path in ["/healthz", "/nowhere", "/v1/images/0"] {
                let answer = try await client.ask(.get, path, headers: [.xRequestID: name])
                #expect(answer.headers[.xRequestID] == name)
            }
        }
    }

    @Test(
        "a request without a name, or with one that could do harm in a log, gets a new one",
        arguments: [nil, "", "two words", "a\"b", "é", String(repeating: "x", count: 65)]
    )
    func madeName(name: String?) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            var headers = HTTPFields()
            headers[.xRequestID] = name
            let first = try #require(
                try await client.ask(.get, "/healthz", headers: headers).headers[.xRequestID]
            )
            let second = try await client.ask(.get, "/healthz", headers: headers).headers[.xRequestID]
            #expect(first.wholeMatch(of: /[0-9a-f]{16}/) != nil)
            #expect(first != second)
        }
    }

    @Test(
        "a line of the log is JSON with the request's name, status and time, and without what was looked for"
    )
    func line() async throws {
        let lines = Lines()
        var configuration = ServerConfiguration()
        configuration.logsRequests = true
        configuration.tokens = try AccessTokens(text: "read 0123456789abcdefghij the hall")
        let logger = Logger(label: "test") { _ in JSONLogHandler { lines.append($0) } }
        try await withRoutes(to: ScriptedBackend(), configuration: configuration, logger: logger) { client in
            _ = try await client.ask(
                .get,
                "/v1/images/7?name=secret",
                headers: [.xRequestID: "abc", .authorization: "Bearer 0123456789abcdefghij"]
            )
        }
        let line = try #require(lines.all.last)
        #expect(lines.all.count == 1)
        #expect(!line.contains("\n"))
        #expect(!line.contains("secret") && !line.contains("0123456789"))
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["id"] as? String == "abc")
        #expect(fields["status"] as? Int == 404)
        #expect(fields["method"] as? String == "GET")
        #expect(fields["path"] as? String == "/v1/images/7")
        #expect(fields["client"] as? String == "the hall")
        #expect(fields["level"] as? String == "info")
        #expect((fields["ms"] as? Double).map { $0 >= 0 } == true)
        #expect((fields["time"] as? String)?.hasSuffix("Z") == true)
    }

    @Test("whatever stands in a path, the log has one line of JSON for it")
    func hostilePath() async throws {
        let lines = Lines()
        var configuration = ServerConfiguration()
        configuration.logsRequests = true
        let logger = Logger(label: "test") { _ in JSONLogHandler { lines.append($0) } }
        try await withRoutes(to: ScriptedBackend(), configuration: configuration, logger: logger) { client in
            _ = try await client.ask(.get, "/a\"},{\"x\":\u{7F}\u{1B}[31m%0A")
        }
        let line = try #require(lines.all.last)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        #expect(!line.unicodeScalars.contains { $0.value < 32 })
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }
}
