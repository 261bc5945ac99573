import HTTPTypes
import Hummingbird
import Testing

@testable import Evaluation
@testable import QueryPipeline
@testable import SearchServer

@Suite struct JudgingRouteTests {
    private let backend = ScriptedBackend(images: [.sample(id: 3), .sample(id: 5), .sample(id: 8)])

    @Test("the query to judge comes with its candidates and what was judged so far")
    func next() async throws {
        let judging = ScriptedJudging(onNext: { skipped in
            #expect(skipped == [7, 9])
            return JudgingDesk.Task(query: 3, candidates: [8, 5, 404], judgedCount: 4)
        })
        try await withRoutes(to: backend, judging: judging) { client in
            let answer = try await client.ask(.get, "/v1/judging?skip=7,9")
            #expect(answer.status == 200)
            #expect(answer.headers[.cacheControl] == "no-store")
            let json = try answer.json
            #expect((json["query"] as? [String: Any])?["id"] as? Int == 3)
            // An image that went meanwhile is left out.
            #expect((json["candidates"] as? [[String: Any]])?.compactMap { $0["id"] as? Int } == [8, 5])
            #expect(json["judgedCount"] as? Int == 4)
            #expect(json["progress"] as? [String: Int] == ["queries": 2, "judgements": 31])
        }
    }

    @Test("when nothing is left to judge there is no query")
    func nothing() async throws {
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/v1/judging")
            #expect(answer.status == 200)
            #expect(try answer.json["query"] == nil)
            #expect(try await client.ask(.get, "/v1/judging?skip=x").code == "invalid_image_id")
            #expect(try await client.ask(.get, "/v1/judging?skip=1,-2").code == "invalid_image_id")
        }
    }

    @Test("a judgement is handed on, and answered with what has been judged")
    func judging() async throws {
        let judging = ScriptedJudging(onJudge: { image, grade, query in
            #expect((image, grade, query) == (5, 0, 3))
            return true
        })
        try await withRoutes(to: backend, judging: judging) { client in
            let answer = try await client.ask(
                .post,
                "/v1/judgements",
                headers: [.contentType: "application/json"],
                body: Array(#"{"query": 3, "image": 5, "grade": 0}"#.utf8)
            )
            #expect(answer.status == 200)
            #expect(try answer.json as? [String: Int] == ["queries": 2, "judgements": 31])
        }
    }

    @Test(
        "what is no judgement is refused and not handed on",
        arguments: [
            "", "{}", "[1]", #"{"query": 3, "image": 5, "grade": 6}"#,
            #"{"query": 3, "image": 5, "grade": -1}"#,
            #"{"query": 3, "image": 5, "grade": 2.5}"#, #"{"query": "3", "image": 5, "grade": 2}"#,
        ]
    )
    func malformed(body: String) async throws {
        let judging = ScriptedJudging(onJudge: { _, _, _ in
            Issue.record("it was handed on")
            return true
        })
        try await withRoutes(to: backend, judging: judging) { client in
            let answer = try await client.ask(.post, "/v1/judgements", body: Array(body.utf8))
            #expect(answer.status == 400)
            #expect(try answer.code == "malformed_judgement")
        }
    }

    @Test("a judgement about an unknown image is 404, one from another site's page 403, a huge one 413")
    func refusals() async throws {
        let body = Array(#"{"query": 3, "image": 999, "grade": 2}"#.utf8)
        try await withRoutes(to: backend, judging: ScriptedJudging(onJudge: { _, _, _ in false })) { client in
            #expect(try await client.ask(.post, "/v1/judgements", body: body).code == "unknown_image")
            let foreign = try await client.ask(
                .post,
                "/v1/judgements",
                headers: [.origin: "https://example.com"],
                body: body
            )
            #expect(foreign.status == 403)
            let huge = try await client.ask(
                .post,
                "/v1/judgements",
                body: Array(repeating: UInt8(ascii: " "), count: 5000)
            )
            #expect(huge.status == 413)
        }
    }
}
