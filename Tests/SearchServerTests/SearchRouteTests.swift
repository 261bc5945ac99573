import HTTPTypes
import Hummingbird
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct SearchRouteTests {
    private let jpeg: HTTPFields = [.contentType: "image/jpeg"]

    @Test(
        "a raw upload reaches the pipeline byte for byte, whatever picture type it claims",
        arguments: [
            "image/jpeg", "image/x-anything", "IMAGE/PNG", "application/octet-stream", "image/png; q=1",
        ]
    )
    func rawUpload(contentType: String) async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: contentType],
                body: Array(repeating: 7, count: 4321)
            )
            #expect(answer.status == 200)
            let result = try #require((answer.json["results"] as? [[String: Any]])?.first)
            #expect(result["width"] as? Int == 4321)
        }
    }

    @Test("a form's file named image is what is searched, not the fields around it")
    func formUpload() async throws {
        let body = Array(
            """
            --x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n\
            --x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\
            12345\r\n--x--\r\n
            """.utf8
        )
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "multipart/form-data; boundary=x"],
                body: body
            )
            #expect(answer.status == 200)
            let result = try #require((answer.json["results"] as? [[String: Any]])?.first)
            #expect(result["width"] as? Int == 5)
        }
    }

    @Test("an answer carries id, similarity, path, file name, size, links, timings, method and count")
    func answerFields() async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(.post, "/v1/search?limit=9", headers: jpeg, body: [1, 2, 3])
            #expect(answer.headers[.contentType] == "application/json")
            #expect(
                answer.text == """
                    {"method":"exact","results":[{"class":"similar","duplicates":[],"fileName":"a b.jpg",\
                    "height":480,"id":17,"links":{"original":"/v1/images/17/original","self":"/v1/images/17",\
                    "similar":"/v1/images/17/similar","thumbnail":"/v1/images/17/thumbnail"},\
                    "path":"/photos/été/a b.jpg","probability":0.75,"score":0.875,"similarity":0.875,"width":3}],\
                    "searchedImageCount":9,"timings":[{"milliseconds":1.5,"stage":"decode"}]}
                    """
            )
        }
    }

    @Test("the limit is 24 unless the query says otherwise")
    func standardLimit() async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(.post, "/v1/search", headers: jpeg, body: [1])
            #expect(try answer.json["searchedImageCount"] as? Int == 24)
        }
    }

    @Test(
        "a limit outside 1 to 200 is refused before the picture is looked at",
        arguments: ["0", "201", "-1", "", "ten", "1e2", "99999999999999999999"]
    )
    func invalidLimit(limit: String) async throws {
        let backend = ScriptedBackend(onSearch: { _, _ in
            Issue.record("the pipeline was asked")
            return .empty
        })
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.post, "/v1/search?limit=\(limit)", headers: jpeg, body: [1])
            #expect(answer.status == 400)
            #expect(try answer.code == "invalid_limit")
            #expect(try answer.json["detail"] as? String == "limit must be a whole number from 1 to 200.")
        }
    }

    @Test(
        "a body that promises no picture is refused with what to send instead",
        arguments: [
            nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "imagejpeg", "",
        ]
    )
    func unsupportedType(contentType: String?) async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            var headers = HTTPFields()
            headers[.contentType] = contentType
            let answer = try await client.ask(.post, "/v1/search", headers: headers, body: [1])
            #expect(answer.status == 415)
            #expect(try answer.code == "unsupported_media_type")
        }
    }

    @Test("no bytes at all, raw or as a form's file, are an empty body")
    func emptyBody() async throws {
        let form = Array("--x\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n\r\n--x--".utf8)
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let raw = try await client.ask(.post, "/v1/search", headers: jpeg)
            #expect(raw.status == 400)
            #expect(try raw.code == "empty_body")
            let multipart = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "multipart/form-data; boundary=x"],
                body: form
            )
            #expect(try multipart.code == "empty_body")
        }
    }

    @Test("a form without a file named image, and a broken form, are told apart")
    func formFaults() async throws {
        let headers: HTTPFields = [.contentType: "multipart/form-data; boundary=x"]
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let other = Array("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nz\r\n--x--".utf8)
            let missing = try await client.ask(.post, "/v1/search", headers: headers, body: other)
            #expect(missing.status == 400)
            #expect(try missing.code == "missing_image_part")
            let broken = try await client.ask(
                .post,
                "/v1/search",
                headers: headers,
                body: Array(other.dropLast(5))
            )
            #expect(broken.status == 400)
            #expect(try broken.code == "malformed_multipart")
            #expect(try (broken.json["detail"] as? String)?.contains("closing boundary") == true)
        }
    }

    @Test("one byte more than allowed is too large; exactly as many are not")
    func bodyLimit() async throws {
        var configuration = ServerConfiguration()
        configuration.maximumBodyByteCount = 1000
        try await withRoutes(to: ScriptedBackend.counting, configuration: configuration) { client in
            let fits = try await client.ask(
                .post,
                "/v1/search",
                headers: jpeg,
                body: Array(repeating: 1, count: 1000)
            )
            #expect(fits.status == 200)
            let tooLarge = try await client.ask(
                .post,
                "/v1/search",
                headers: jpeg,
                body: Array(repeating: 1, count: 1001)
            )
            #expect(tooLarge.status == 413)
            #expect(try tooLarge.code == "body_too_large")
        }
    }

    @Test("a body shorter than announced is not searched")
    func truncatedBody() async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "image/jpeg", .contentLength: "100"],
                body: [1, 2]
            )
            #expect(answer.status == 400)
            #expect(try answer.code == "incomplete_body")
        }
    }

    @Test("a search from a picture of the library asks the pipeline for that picture")
    func similar() async throws {
        let backend = ScriptedBackend(onSearch: { query, limit in
            guard case .image(let id) = query else { return .empty }
            return .sample(results: [.sample(id: id)], searchedImageCount: limit, method: "hnsw")
        })
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/v1/images/5/similar?limit=3")
            #expect(answer.status == 200)
            #expect(try answer.json["method"] as? String == "hnsw")
            #expect(try answer.json["searchedImageCount"] as? Int == 3)
            #expect(try (answer.json["results"] as? [[String: Any]])?.first?["id"] as? Int == 5)
        }
    }
}
