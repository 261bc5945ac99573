import HTTPTypes
import Logging
import Synchronization
import TestSupport
import Testing

@testable import PictureFetching
@testable import QueryPipeline
@testable import SearchServer

/// Pictures that requests name by their addresses. They are fetched from a second server on loopback, whose thumbnails they are.
@Suite struct FetchedPictureTests {
    private let json: HTTPFields = [.contentType: "application/json"]

    private var allowing: ServerConfiguration {
        var configuration = ServerConfiguration(port: 0)
        configuration.allowsURLs = true
        return configuration
    }

    /// Runs `body` with a client of the routes, and the address of a picture of so many bytes.
    private func withPicture(
        of byteCount: Int,
        configuration: ServerConfiguration,
        logger: Logger = .silent,
        _ body: @escaping @Sendable (RouterClient, _ address: String) async throws -> Void
    ) async throws {
        let bytes = [UInt8](repeating: 7, count: byteCount)
        try await withServer(of: ScriptedBackend(images: [.sample(id: 1)], onThumbnail: { _, _ in bytes })) {
            server in
            try await withRoutes(
                to: ScriptedBackend.counting,
                configuration: configuration,
                fetcher: .admitting(port: server.port),
                logger: logger
            ) { try await body($0, "http://127.0.0.1:\(server.port)/v1/images/1/thumbnail") }
        }
    }

    private func body(_ example: String) -> [UInt8] { Array("{\"examples\": [\(example)]}".utf8) }

    @Test("unless the operator allows it no address is asked, and the page is told so")
    func off() async throws {
        try await withPicture(of: 4, configuration: ServerConfiguration()) { client, address in
            for path in ["/v1/search", "/v1/check"] {
                let body =
                    path == "/v1/check"
                    ? Array(#"{"url": "\#(address)"}"#.utf8) : body(#"{"url": "\#(address)"}"#)
                let answer = try await client.ask(.post, path, headers: json, body: body)
                #expect(answer.status == 403)
                #expect(try answer.code == "url_not_allowed")
            }
            #expect(try await client.ask(.get, "/readyz").json["acceptsURLs"] as? Bool == false)
        }
    }

    @Test(
        "where it is allowed the picture behind an address is searched, and how long it took to come is told"
    )
    func on() async throws {
        try await withPicture(of: 4321, configuration: allowing) { client, address in
            let answer = try await client.ask(
                .post,
                "/v1/search",
                headers: json,
                body: body(#"{"url": "\#(address)?size=64"}"#)
            )
            #expect(answer.status == 200)
            #expect(try (answer.json["results"] as? [[String: Any]])?.first?["width"] as? Int == 4321)
            let stages = try (answer.json["timings"] as? [[String: Any]] ?? []).map { $0["stage"] as? String }
            #expect(stages == ["fetch", "decode"])
            #expect(try await client.ask(.get, "/readyz").json["acceptsURLs"] as? Bool == true)
        }
    }

    @Test("a form's request may name addresses beside its files")
    func form() async throws {
        try await withPicture(of: 99, configuration: allowing) { client, address in
            let form = """
                --x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n12345\r\n\
                --x\r\nContent-Disposition: form-data; name="request"\r\n\r\n\
                {"examples": [{"url": "\(address)"}, {"upload": 0}]}\r\n--x--\r\n
                """
            let headers: HTTPFields = [.contentType: "multipart/form-data; boundary=x"]
            let answer = try await client.ask(.post, "/v1/search", headers: headers, body: Array(form.utf8))
            #expect(try (answer.json["results"] as? [[String: Any]])?.first?["width"] as? Int == 99)
        }
    }

    @Test("each address's file goes to the example that named it, with its crop and weight")
    func order() throws {
        let text = """
            {"examples": [{"url": "a"}, {"image": 3}, {"url": "b", "weight": -0.5}, {"upload": 0},
             {"url": "c", "crop": {"x": 0, "y": 0, "width": 0.5, "height": 1}}]}
            """
        let description = try SearchBody(json: Array(text.utf8))
        #expect(try description.urls() == ["a", "b", "c"])
        let examples = try description.queryExamples(uploads: [[9]], fetched: [[1], [2], [3]])
        let bytes = examples.map { example -> [UInt8] in
            if case .bytes(let bytes) = example.picture { bytes } else { [] }
        }
        #expect(bytes == [[1], [], [2], [9], [3]])
        #expect(examples.map(\.weight) == [1, 1, -0.5, 1, 1])
        #expect(examples.map { $0.crop == nil } == [true, true, true, true, false])
    }

    @Test(
        "an address that is none, one that may not be asked and one that failed have codes of their own",
        arguments: [
            (#"{"url": "ftp://example.org/a.jpg"}"#, 400, "malformed_url", nil),
            (#"{"url": "https://user:secret@example.org/a.jpg"}"#, 400, "malformed_url", nil),
            (#"{"url": "http://10.1.2.3/a.jpg"}"#, 403, "url_not_allowed", "not-public"),
            (#"{"url": "http://169.254.169.254/latest/meta-data/"}"#, 403, "url_not_allowed", "not-public"),
            (#"{"url": "http://127.0.0.1:22/"}"#, 403, "url_not_allowed", "forbidden-port"),
            (#"{"url": "ADDRESS/nowhere"}"#, 422, "url_failed", "status"),
            (#"{"url": "ADDRESS", "image": 1}"#, 400, "malformed_request", nil),
            (#"{"url": 7}"#, 400, "malformed_request", nil),
            (
                #"{"url": "ADDRESS", "crop": {"x": 2, "y": 0, "width": 0.5, "height": 1}}"#, 400,
                "malformed_crop", nil
            ),
            (
                [String](repeating: #"{"url": "ADDRESS"}"#, count: FetchedPictures.maximumURLCount + 1)
                    .joined(separator: ", "), 400, "malformed_request", nil
            ),
        ] as [(String, Int, String, String?)]
    )
    func problems(examples: String, status: Int, code: String, reason: String?) async throws {
        try await withPicture(of: 4, configuration: allowing) { client, address in
            let text = examples.replacing("ADDRESS", with: address)
            let answer = try await client.ask(.post, "/v1/search", headers: json, body: body(text))
            #expect(answer.status == status, "\(answer.text)")
            #expect(try answer.code == code)
            #expect(try answer.json["reason"] as? String == reason)
            #expect(try answer.json["detail"].map { "\($0)".contains(/\d+\.\d+\.\d+\.\d+/) } == false)
        }
    }

    @Test("what is fetched counts with the body to the limit of a body")
    func limit() async throws {
        var configuration = allowing
        configuration.maximumBodyByteCount = 5000
        try await withPicture(of: 4990, configuration: configuration) { client, address in
            let request = body(#"{"url": "\#(address)"}"#)
            let answer = try await client.ask(.post, "/v1/search", headers: json, body: request)
            #expect(try answer.code == "url_failed")
            #expect(try answer.json["reason"] as? String == "too-many-bytes")
        }
        try await withPicture(of: 4900, configuration: configuration) { client, address in
            let request = body(#"{"url": "\#(address)"}"#)
            let answer = try await client.ask(.post, "/v1/search", headers: json, body: request)
            #expect(answer.status == 200)
        }
    }

    @Test("of an address nothing is written to the log, whatever becomes of it")
    func log() async throws {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "test") { _ in
            var handler = JSONLogHandler { line in lines.withLock { $0.append(line) } }
            handler.logLevel = .trace
            return handler
        }
        try await withPicture(of: 4, configuration: allowing, logger: logger) { client, address in
            for url in [
                address + "?size=64&key=secret", address + "/nowhere?secret", "http://10.0.0.1/secret",
            ] {
                _ = try await client.ask(
                    .post,
                    "/v1/search",
                    headers: json,
                    body: body(#"{"url": "\#(url)"}"#)
                )
            }
        }
        let written = lines.withLock { $0 }
        #expect(written.count >= 3)
        #expect(!written.contains { $0.contains("secret") || $0.contains("thumbnail") })
    }
}

extension PictureFetcher {
    /// A fetcher that asks this machine on one port, and otherwise as always.
    static func admitting(port: Int) -> PictureFetcher {
        let usual = Rules()
        return PictureFetcher(
            time: .seconds(600),
            rules: Rules(
                admitsAddress: { $0 == IPAddress("127.0.0.1") || usual.admitsAddress($0) },
                admitsPort: { $0 == port || usual.admitsPort($0) }
            )
        )
    }
}
