import HTTPTypes
import Hummingbird
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct ImageRouteTests {
    private let backend = ScriptedBackend(images: [.sample(id: 5), .sample(id: 9, contentHash: "beef")])

    @Test("a picture is described with its locations and named after the first of them")
    func image() async throws {
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/v1/images/5")
            #expect(
                answer.text == """
                    {"addedAt":"2023-11-14T22:13:20Z","byteCount":12345,\
                    "camera":"Canon EOS 80D","contentHash":"c0ffee","fileName":"b.jpg",\
                    "format":"jpeg","height":480,"id":5,"links":{"original":"/v1/images/5/original","self":"/v1/images/5",\
                    "similar":"/v1/images/5/similar","thumbnail":"/v1/images/5/thumbnail"},\
                    "locations":[{"missing":false,"path":"/photos/b.jpg"},{"missing":true,"path":"/gone/a.jpg"}],\
                    "tags":["harbour"],"takenAt":"2023-11-14T22:13:20","visibility":"listed","width":640}
                    """
            )
        }
    }

    @Test(
        "an id that is no whole number above 0 is refused",
        arguments: ["0", "-3", "abc", "1.5", "99999999999999999999"]
    )
    func invalidID(id: String) async throws {
        try await withRoutes(to: backend) { client in
            for path in ["/v1/images/\(id)", "/v1/images/\(id)/thumbnail", "/v1/images/\(id)/similar"] {
                let answer = try await client.ask(.get, path)
                #expect(answer.status == 400)
                #expect(try answer.code == "invalid_image_id")
            }
        }
    }

    @Test("as many examples are given as are asked for, twelve unless told")
    func examples() async throws {
        let backend = ScriptedBackend(images: (1...100).map { .sample(id: $0) })
        try await withRoutes(to: backend) { client in
            let four = try await client.ask(.get, "/v1/examples?limit=4")
            #expect(try ids(four).count == 4)
            let some = try await client.ask(.get, "/v1/examples")
            #expect(try ids(some).count == 12)
            #expect(try await client.ask(.get, "/v1/examples?limit=0").code == "invalid_limit")
        }
    }

    private func ids(_ answer: RouterClient.Answer) throws -> [Int] {
        let images = try #require(answer.json["images"] as? [[String: Any]])
        return images.compactMap { $0["id"] as? Int }
    }

    @Test("a thumbnail is a JPEG whose tag changes with the content and with the size")
    func thumbnail() async throws {
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/v1/images/5/thumbnail?size=64")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "image/jpeg")
            #expect(answer.headers[.eTag] == "\"c0ffee-64\"")
            #expect(answer.bytes == [0xFF, 0xD8, 0xFF, 0xD9])
            #expect(try await client.ask(.get, "/v1/images/5/thumbnail").headers[.eTag] == "\"c0ffee-320\"")
            #expect(try await client.ask(.get, "/v1/images/9/thumbnail").headers[.eTag] == "\"beef-320\"")
        }
    }

    @Test(
        "a client that has the thumbnail is told so, and no picture is opened for it",
        arguments: ["\"c0ffee-64\"", "W/\"c0ffee-64\"", "\"other\", \"c0ffee-64\"", "*"]
    )
    func notModified(field: String) async throws {
        var backend = backend
        backend.onThumbnail = { _, _ in
            Issue.record("the thumbnail was made")
            return nil
        }
        try await withRoutes(to: backend) { [backend] client in
            _ = backend
            let answer = try await client.ask(
                .get,
                "/v1/images/5/thumbnail?size=64",
                headers: [.ifNoneMatch: field]
            )
            #expect(answer.status == 304)
            #expect(answer.headers[.eTag] == "\"c0ffee-64\"")
            #expect(answer.bytes.isEmpty)
        }
    }

    @Test(
        "another content's tag, or another size's, is not taken for this one",
        arguments: ["\"c0ffee-65\"", "\"beef-64\"", "c0ffee-64"]
    )
    func modified(field: String) async throws {
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(
                .get,
                "/v1/images/5/thumbnail?size=64",
                headers: [.ifNoneMatch: field]
            )
            #expect(answer.status == 200)
        }
    }

    @Test("a thumbnail size outside 16 to 1024 is refused", arguments: ["15", "1025", "big"])
    func invalidSize(size: String) async throws {
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/v1/images/5/thumbnail?size=\(size)")
            #expect(answer.status == 400)
            #expect(try answer.code == "invalid_size")
        }
    }

    @Test("a picture whose file is gone has no thumbnail any more, and says why")
    func fileGone() async throws {
        var backend = backend
        backend.onThumbnail = { id, _ in throw QueryError.imageFileGone(id) }
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/v1/images/5/thumbnail")
            #expect(answer.status == 410)
            #expect(try answer.code == "image_file_gone")
        }
    }
}
