import Catalog
import Foundation
import HTTPTypes
import ImageLibrary
import PictureFetching
import QueryPipeline
import SystemPackage
import TestSupport
import Testing

@testable import SearchServer

@Suite("A library is looked after over HTTP")
struct LibraryRouteTests {
    private let folder: TemporaryFolder
    private let pipeline: SearchPipeline
    private let jpeg: HTTPFields = [.contentType: "image/jpeg"]
    private let json: HTTPFields = [.contentType: "application/json"]

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "domes/taj-mahal.jpg", "domes/taj-mahal-garden.jpg", "birds/duck.jpg", "birds/heron.jpg",
        ] {
            try folder.copy(name, to: "pictures/\(name)")
        }
        try folder.copy("birds/duck.jpg", to: "pictures/copies/duck.jpg")
        pipeline = try RealLibraryTests.pipeline(
            over: folder.path.appending("pictures"),
            library: folder("library")
        )
    }

    private func withServer(
        _ configuration: ServerConfiguration = ServerConfiguration(),
        fetcher: PictureFetcher? = nil,
        _ body: (RouterClient) async throws -> Void
    ) async throws {
        try await withRoutes(
            to: pipeline,
            library: LibraryService(pipeline: pipeline),
            configuration: configuration,
            fetcher: fetcher,
            body
        )
    }

    private func object(_ answer: RouterClient.Answer, _ name: String) throws -> [[String: Any]] {
        try #require(try answer.json[name] as? [[String: Any]])
    }

    private func id(_ name: String, _ client: RouterClient) async throws -> Int {
        let answer = try await client.ask(.get, "/v1/images?name=\(name)")
        return try #require(try object(answer, "images").first?["id"] as? Int)
    }

    @Test("JSON and forms ask with several examples, crops and filters")
    func search() async throws {
        try await withServer { client in
            let (duck, heron) = (try await id("duck.jpg", client), try await id("heron.jpg", client))
            let body =
                #"{"examples": [{"image": \#(duck)}, {"image": \#(heron), "weight": -0.5}], "filter": {"name": "taj*"}, "explain": true}"#
            let answer = try await client.ask(.post, "/v1/search", headers: json, body: Array(body.utf8))
            #expect(answer.status == 200, "\(answer.text)")
            let results = try object(answer, "results")
            #expect(results.count == 2)
            #expect(
                results.allSatisfy {
                    ($0["fileName"] as? String)?.hasPrefix("taj") == true && $0["explanation"] != nil
                }
            )
            #expect(try object(answer, "rules").contains { $0["rule"] as? String == "near-duplicates" })

            let picture = try bytes(of: samplePhotograph("birds/duck.jpg"))
            var form =
                Array("--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\n".utf8)
                + picture
            form += Array("\r\n--x\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n".utf8)
            form += Array(
                #"{"examples": [{"upload": 0, "crop": {"x": 0.1, "y": 0.1, "width": 0.8, "height": 0.8}}], "limit": 1}"#
                    .utf8
            )
            form += Array("\r\n--x--\r\n".utf8)
            let found = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "multipart/form-data; boundary=x"],
                body: form
            )
            #expect(try object(found, "results").first?["id"] as? Int == duck)
            let cursor = try #require(try found.json["nextCursor"] as? String)
            let next = try await client.ask(
                .post,
                "/v1/search?crop=0.1,0.1,0.8,0.8&limit=10&cursor=\(cursor)",
                headers: jpeg,
                body: picture
            )
            #expect(try object(next, "results").contains { $0["id"] as? Int == duck } == false)
            let raw = try await client.ask(.post, "/v1/search", headers: jpeg, body: picture)
            #expect(try object(raw, "results").first?["class"] as? String == "same")
        }
    }

    @Test(
        "what means nothing is refused, with its name",
        arguments: [
            (#"{"examples": []}"#, "malformed_request"),
            (#"{"exampels": [{"image": 1}]}"#, "malformed_request"),
            (#"{"examples": [{"image": 1, "path": "/a"}]}"#, "malformed_request"),
            (#"{"examples": [{"image": 1}], "filter": {"tag": "a"}}"#, "malformed_request"),
            (#"{"examples": [{"image": "one"}]}"#, "malformed_request"), ("[1]", "malformed_request"),
            (#"{"examples": [{"upload": 0}]}"#, "malformed_request"),
            (#"{"examples": [{"image": 1}], "limit": 0}"#, "invalid_limit"),
            (#"{"examples": [{"image": 1}], "cursor": "x"}"#, "invalid_cursor"),
            (#"{"examples": [{"image": 1}], "diversity": 2}"#, "invalid_parameter"),
            (#"{"examples": [{"image": 1}], "filter": {"status": "lost"}}"#, "invalid_parameter"),
            (#"{"examples": [{"image": 1}], "filter": {"takenAfter": "May"}}"#, "invalid_parameter"),
            (
                #"{"examples": [{"image": 1, "crop": {"x": 0, "y": 0, "width": 0, "height": 1}}]}"#,
                "malformed_crop"
            ),
            (#"{"examples": [{"vector": [1, 2]}]}"#, "malformed_vector"),
            (#"{"examples": [{"image": 1, "weight": -1}]}"#, "contradictory_examples"),
            (#"{"examples": [{"path": "/nowhere.jpg"}]}"#, "unknown_image"),
        ]
    )
    func refusals(body: String, code: String) async throws {
        try await withServer { client in
            let answer = try await client.ask(.post, "/v1/search", headers: json, body: Array(body.utf8))
            #expect(try answer.code == code, "\(answer.text)")
            #expect((400..<500).contains(answer.status))
        }
    }

    @Test(
        "unknown parameters and values out of range are refused",
        arguments: [
            "/v1/images?colour=red", "/v1/images?limit=0", "/v1/images?cursor=x",
            "/v1/images?minimumWidth=-1",
            "/v1/images?minimumWidth=5&maximumWidth=4", "/v1/images?status=x", "/v1/images?folder=relative",
            "/v1/images/1/similar?explain=maybe", "/v1/images/1/similar?limit=5&limit=6",
            "/v1/duplicates?kind=some",
            "/v1/images?visibility=secret", "/v1/images?tags=", "/v1/images/1/similar?crop=1,2,3",
        ]
    )
    func parameters(path: String) async throws {
        try await withServer { client in
            let answer = try await client.ask(.get, path)
            #expect(answer.status == 400, "\(answer.text)")
        }
    }

    @Test("pictures are listed by page, tagged, filtered by their tags, and counted")
    func listing() async throws {
        try await withServer { client in
            let first = try await client.ask(.get, "/v1/images?limit=3")
            let cursor = try #require(try first.json["nextCursor"] as? String)
            let second = try await client.ask(.get, "/v1/images?limit=3&cursor=\(cursor)")
            #expect(try second.json["nextCursor"] == nil)
            let ids = try (object(first, "images") + object(second, "images")).compactMap { $0["id"] as? Int }
            #expect(ids == [4, 3, 2, 1])
            let duck = try await id("duck.jpg", client)
            let tagged = try await client.ask(
                .patch,
                "/v1/images/\(duck)",
                headers: json,
                body: Array(#"{"tags": ["water", "a b"]}"#.utf8)
            )
            #expect(try tagged.json["tags"] as? [String] == ["a b", "water"])
            let found = try await client.ask(.get, "/v1/images?tags=water,a%20b")
            #expect(try object(found, "images").compactMap { $0["id"] as? Int } == [duck])
            let groups = try await client.ask(.get, "/v1/collections")
            #expect(try object(groups, "tags").compactMap { $0["tag"] as? String } == ["a b", "water"])
            #expect(try object(groups, "folders").first?["imageCount"] as? Int == 4)
            for body in [#"{"tags": ["a,b"]}"#, #"{"tags": [""]}"#] {
                let answer = try await client.ask(
                    .patch,
                    "/v1/images/\(duck)",
                    headers: json,
                    body: Array(body.utf8)
                )
                #expect(try answer.code == "malformed_tags")
            }
            #expect(
                try await client.ask(.patch, "/v1/images/99", headers: json, body: Array("{}".utf8)).status
                    == 404
            )
        }
    }

    @Test("a hidden picture is nowhere, for readers, and only administrators hide")
    func hiding() async throws {
        var configuration = ServerConfiguration()
        configuration.tokens = try AccessTokens(
            text: "read 01234567890123456789 r\nadmin abcdefghijabcdefghij a"
        )
        try await withServer(configuration) { client in
            let reader: HTTPFields = [.authorization: "Bearer 01234567890123456789"]
            let admin: HTTPFields = [
                .authorization: "Bearer abcdefghijabcdefghij", .contentType: "application/json",
            ]
            let listed = try await client.ask(.get, "/v1/images?name=duck.jpg", headers: admin)
            let duck = try #require(try object(listed, "images").first?["id"] as? Int)
            let body = Array(#"{"visibility": "private"}"#.utf8)
            #expect(
                try await client.ask(.patch, "/v1/images/\(duck)", headers: reader, body: body).status == 403
            )
            let hidden = try await client.ask(.patch, "/v1/images/\(duck)", headers: admin, body: body)
            #expect(try hidden.json["visibility"] as? String == "private")
            for path in ["", "/thumbnail", "/original", "/similar", "/crops"] {
                let answer = try await client.ask(.get, "/v1/images/\(duck)\(path)", headers: reader)
                #expect(answer.status == 404, "\(path)")
            }
            for path in [
                "/v1/images", "/v1/images?visibility=private", "/v1/duplicates", "/v1/examples",
                "/v1/images/1/similar",
            ] {
                let answer = try await client.ask(.get, path, headers: reader)
                #expect(!answer.text.contains("duck"), "\(path)")
            }
            let ready = try await client.ask(.get, "/readyz", headers: reader)
            #expect(try ready.json["imageCount"] as? Int == 3)
            let refused = try await client.ask(
                .get,
                "/v1/images/1/similar?includePrivate=true",
                headers: reader
            )
            #expect(refused.status == 403)
            let shown = try await client.ask(.get, "/v1/images?visibility=private", headers: admin)
            #expect(try object(shown, "images").compactMap { $0["id"] as? Int } == [duck])
            #expect(try await client.ask(.get, "/v1/images/\(duck)/thumbnail", headers: admin).status == 200)
            // Blocked, then back.
            for visibility in ["blocked", "listed"] {
                let change = Array(#"{"visibility": "\#(visibility)"}"#.utf8)
                let answer = try await client.ask(.patch, "/v1/images/\(duck)", headers: admin, body: change)
                #expect(try answer.json["visibility"] as? String == visibility)
            }
            #expect(try await client.ask(.get, "/v1/images/\(duck)", headers: reader).status == 200)
        }
    }

    @Test("a picture can be asked about by its address, where that is allowed")
    func checkByAddress() async throws {
        let duck = try bytes(of: folder.path.appending("pictures/birds/duck.jpg"))
        let elsewhere = ScriptedBackend(images: [.sample(id: 1)], onThumbnail: { _, _ in duck })
        var configuration = ServerConfiguration()
        configuration.allowsURLs = true
        try await SearchServerTests.withServer(of: elsewhere) { [configuration] server in
            let url = "http://127.0.0.1:\(server.port)/v1/images/1/thumbnail"
            try await withServer(configuration, fetcher: .admitting(port: server.port)) { client in
                let check = try await client.ask(
                    .post,
                    "/v1/check",
                    headers: json,
                    body: Array(#"{"url": "\#(url)"}"#.utf8)
                )
                #expect(try check.json["answer"] as? String == "same")
                for body in ["", "[]", "{}", #"{"url": 1}"#, #"{"url": "\#(url)", "limit": 1}"#] {
                    let answer = try await client.ask(
                        .post,
                        "/v1/check",
                        headers: json,
                        body: Array(body.utf8)
                    )
                    #expect(answer.status == 400, "\(body)")
                }
                let address = Array(#"{"url": "\#(url)"}"#.utf8)
                let crops = try await client.ask(.post, "/v1/crops", headers: json, body: address)
                #expect(crops.status == 200, "\(crops.text)")
                let added = try await client.ask(.post, "/v1/images", headers: json, body: address)
                #expect(added.status == 200, "it is there already: \(added.text)")
            }
        }
    }

    @Test("a picture is added, found, shown byte for byte, and forgotten")
    func adding() async throws {
        try await withServer { client in
            let picture = try bytes(of: samplePhotograph("hammers/armorers.jpg"))
            let check = try await client.ask(.post, "/v1/check", headers: jpeg, body: picture)
            #expect(try check.json["answer"] as? String == "new")
            let added = try await client.ask(.post, "/v1/images", headers: jpeg, body: picture)
            #expect(added.status == 201, "\(added.text)")
            let address = try #require(added.headers[.location])
            let again = try await client.ask(.post, "/v1/images", headers: jpeg, body: picture)
            #expect(again.status == 200)
            #expect(again.headers[.location] == address)
            let original = try await client.ask(.get, address + "/original")
            #expect(original.bytes == picture)
            #expect(original.headers[.contentType] == "image/jpeg")
            let tag = try #require(original.headers[.eTag])
            #expect(
                try await client.ask(.get, address + "/original", headers: [.ifNoneMatch: tag]).status == 304
            )
            let known = try await client.ask(.post, "/v1/check", headers: jpeg, body: picture)
            #expect(try known.json["answer"] as? String == "same")
            #expect(try await client.ask(.delete, address).status == 204)
            #expect(try await client.ask(.delete, address).status == 404)
            let gone = try await client.ask(.post, "/v1/check", headers: jpeg, body: picture)
            #expect(try gone.json["answer"] as? String == "new")
            let uploads = folder.path.appending("library/uploads").string
            #expect(try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty)
            let refused = try await client.ask(
                .post,
                "/v1/images",
                headers: jpeg,
                body: Array("no picture".utf8)
            )
            #expect(try refused.code == "undecodable_image")
        }
    }

    @Test("copies are found: equal files, and pictures that look the same")
    func duplicates() async throws {
        try await withServer { client in
            let exact = try await client.ask(.get, "/v1/duplicates?kind=exact")
            #expect(try exact.json["groupCount"] as? Int == 1)
            let images = try #require(try object(exact, "groups").first?["images"] as? [[String: Any]])
            #expect((images[0]["locations"] as? [Any])?.count == 2)
            let duck = try await id("duck.jpg", client)
            #expect(try pipeline.library.catalog.setVisibility(.private, of: Int64(duck)))
            let picture = try bytes(of: samplePhotograph("birds/duck.jpg"))
            for (parameters, count, answer) in [("", 0, "new"), ("includePrivate=true", 1, "same")] {
                let shown = try await client.ask(.get, "/v1/duplicates?kind=exact&\(parameters)")
                #expect(try shown.json["groupCount"] as? Int == count)
                let check = try await client.ask(
                    .post,
                    "/v1/check?\(parameters)",
                    headers: jpeg,
                    body: picture
                )
                #expect(try check.json["answer"] as? String == answer)
            }
            var near = try await client.ask(.get, "/v1/duplicates?kind=near")
            while near.status == 503 { near = try await client.ask(.get, "/v1/duplicates?kind=near") }
            #expect(try near.json["groupCount"] as? Int == 0)
        }
    }

    @Test("parts worth a search of their own are suggested, for pictures of the library and others")
    func crops() async throws {
        try await withServer { client in
            let stored = try await client.ask(.get, "/v1/images/1/crops")
            #expect(try !object(stored, "crops").isEmpty)
            let picture = try bytes(of: samplePhotograph("hammers/armorers.jpg"))
            let outside = try await client.ask(.post, "/v1/crops", headers: jpeg, body: picture)
            for crop in try object(outside, "crops") {
                let (x, width) = (crop["x"] as? Double ?? -1, crop["width"] as? Double ?? -1)
                #expect(x >= 0 && width > 0 && x + width <= 1.001)
            }
        }
    }

    @Test("a job indexes a folder and tells of it to its end")
    func jobs() async throws {
        try folder.copy("hammers/armorers.jpg", to: "more/armorers.jpg")
        try await withServer { client in
            let more = folder.path.appending("more").string
            let body = Array(#"{"folder": "\#(more)"}"#.utf8)
            let started = try await client.ask(.post, "/v1/jobs", headers: json, body: body)
            #expect(started.status == 202, "\(started.text)")
            let address = try #require(started.headers[.location])
            let events = try await client.ask(.get, address + "/events")
            #expect(events.headers[.contentType] == "text/event-stream")
            #expect(events.text.contains("event: end\ndata: {"))
            let job = try await client.ask(.get, address)
            #expect(try job.json["state"] as? String == "done", "\(job.text)")
            #expect(try job.json["added"] as? Int == 1)
            #expect(try object(try await client.ask(.get, "/v1/jobs"), "jobs").count == 1)
            #expect(try await client.ask(.get, "/v1/jobs/7").status == 404)
            for body in [
                #"{"foldr": "\#(more)"}"#, #"{"folder": "relative"}"#, #"{"folder": "/no/such/folder"}"#,
                "[]",
            ] {
                let answer = try await client.ask(.post, "/v1/jobs", headers: json, body: Array(body.utf8))
                #expect(try answer.code == "malformed_request", "\(answer.text)")
            }
        }
    }
}
