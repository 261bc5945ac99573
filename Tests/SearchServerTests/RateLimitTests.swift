import HTTPTypes
import Hummingbird
import Testing

@testable import SearchServer

@Suite struct RateLimitTests {
    @Test("a client may ask twice its rate at once, then as fast as it fills, and others are not concerned")
    func bucket() throws {
        let limit = RateLimit(requestsPerSecond: 2)
        let start = ContinuousClock.now
        for _ in 1...4 { try limit.count("one", now: start) }
        #expect(throws: RequestFault.rateLimited(seconds: 1)) { try limit.count("one", now: start) }
        try limit.count("other", now: start)
        #expect(throws: RequestFault.self) { try limit.count("one", now: start + .milliseconds(499)) }
        try limit.count("one", now: start + .milliseconds(500))
        #expect(throws: RequestFault.self) { try limit.count("one", now: start + .milliseconds(501)) }
        for _ in 1...4 { try limit.count("one", now: start + .seconds(100)) }
        #expect(throws: RequestFault.self) { try limit.count("one", now: start + .seconds(100)) }
    }

    @Test("the wait is told in whole seconds that suffice")
    func wait() throws {
        let limit = RateLimit(requestsPerSecond: 0.2)
        let start = ContinuousClock.now
        try limit.count("one", now: start)
        #expect(throws: RequestFault.rateLimited(seconds: 5)) { try limit.count("one", now: start) }
        #expect(throws: RequestFault.rateLimited(seconds: 1)) {
            try limit.count("one", now: start + .milliseconds(4500))
        }
        try limit.count("one", now: start + .seconds(5))
    }

    @Test("as many clients as come, no more than so many are remembered, and the busy ones are")
    func bounded() throws {
        let limit = RateLimit(requestsPerSecond: 0.5)
        let start = ContinuousClock.now
        for number in 0..<(2 * RateLimit.maximumClientCount) {
            try limit.count("client \(number)", now: start + .microseconds(number))
        }
        let end = start + .microseconds(2 * RateLimit.maximumClientCount)
        #expect(throws: RequestFault.self) {
            try limit.count("client \(2 * RateLimit.maximumClientCount - 1)", now: end)
        }
        try limit.count("client 0", now: end)
    }

    @Test("who asks too often is told when to come back, and still gets the page and the sign of life")
    func overHTTP() async throws {
        var configuration = ServerConfiguration()
        configuration.requestsPerSecond = 0.01
        try await withRoutes(to: ScriptedBackend(), configuration: configuration) { client in
            #expect(try await client.ask(.get, "/v1/examples").status == 200)
            let answer = try await client.ask(.get, "/v1/examples")
            #expect(answer.status == 429)
            #expect(try answer.code == "rate_limited")
            let wait = try #require(answer.headers[.retryAfter].flatMap { Int($0) })
            #expect((1...100).contains(wait))
            for path in ["/", "/app.js", "/healthz"] {
                #expect(try await client.ask(.get, path).status == 200, "\(path)")
            }
        }
    }

    @Test("guesses at tokens are counted, and tokens that are known are counted apart from the address")
    func tokensAreClients() async throws {
        var configuration = ServerConfiguration()
        configuration.requestsPerSecond = 0.01
        configuration.tokens = try AccessTokens(text: "read 0123456789abcdefghij")
        try await withRoutes(to: ScriptedBackend(), configuration: configuration) { client in
            func expect(_ status: Int, _ headers: HTTPFields) async throws {
                let answer = try await client.ask(.get, "/v1/examples", headers: headers)
                #expect(answer.status == status)
            }
            let wrong: HTTPFields = [.authorization: "Bearer 0123456789abcdefghi?"]
            try await expect(401, wrong)
            try await expect(429, wrong)
            let right: HTTPFields = [.authorization: "Bearer 0123456789abcdefghij"]
            try await expect(200, right)
            try await expect(429, right)
        }
    }
}
