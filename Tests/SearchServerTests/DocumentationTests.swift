import Foundation
import HTTPTypes
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

@testable import SearchServer

/// Holds `docs/http-api.md` against the code.
@Suite struct DocumentationTests {
    let document: String

    init() throws {
        document = try Self.read()
    }

    static func read() throws -> String {
        String(decoding: try bytes(of: repository.appending("docs/http-api.md")), as: UTF8.self)
    }

    /// Every route but the pages' scripts and styles, which nobody asks for by hand.
    var routes: [Route] {
        allRoutes(
            backend: ScriptedBackend(),
            judging: ScriptedJudging(),
            workers: BlockingWorkers(threadCount: 1, maximumWaitingCount: 1),
            configuration: ServerConfiguration(),
            state: ServerState(ServerConfiguration())
        ).filter { !$0.path.hasSuffix(".js") && !$0.path.hasSuffix(".css") }
    }

    @Test("every route is documented")
    func documentedRoutes() {
        #expect(!routes.isEmpty)
        for route in routes {
            #expect(
                document.contains("`\(route.method.rawValue) \(route.path)`"),
                "\(route.method) \(route.path)"
            )
        }
    }

    @Test("the OpenAPI description has every route of the API, and no other")
    func describedRoutes() throws {
        let description = try #require(
            try JSONSerialization.jsonObject(with: Data(PackageResources.openapi_json)) as? [String: Any]
        )
        let paths = try #require(description["paths"] as? [String: [String: Any]])
        let described = paths.flatMap { path, item in
            item.keys.filter { $0 != "parameters" }.map { "\($0.uppercased()) \(path)" }
        }
        let isOfTheAPI: (Route) -> Bool = { route in
            ["/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json"].contains { route.path.hasPrefix($0) }
        }
        let served = routes.filter(isOfTheAPI).map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(described) == Set(served))
    }

    @Test("every code a client can meet is documented, and no other")
    func codes() throws {
        let mapping = repository.appending("Sources/SearchServer/Problem+Errors.swift")
        let source = String(decoding: try bytes(of: mapping), as: UTF8.self)
        let written = Set(source.matches(of: /(?m)(?:, |^ +)"([a-z]+(?:_[a-z]+)*)",/).map { String($0.1) })
        #expect(written.count > 10)
        let documented = Set(
            document.matches(of: /(?m)^\| ((?:`[a-z_]+`(?:, )?)+) \| \d{3} \|/)
                .flatMap { $0.1.split(separator: ", ").map { $0.trimmingCharacters(in: ["`"]) } }
        )
        #expect(documented == written.union(["invalid_limit", "invalid_size"]))
    }

    @Test("the ranges and defaults are those in the document")
    func limits() {
        let standard = ServerConfiguration()
        for sentence in [
            "\(SearchRoutes.allowedLimits.lowerBound) to \(SearchRoutes.allowedLimits.upperBound); "
                + "\(SearchRoutes.standardLimit) when",
            "\(ImageRoutes.allowedThumbnailSizes.lowerBound) to \(ImageRoutes.allowedThumbnailSizes.upperBound), "
                + "\(ImageRoutes.standardThumbnailSize) when",
            "\(ImageRoutes.allowedExampleLimits.lowerBound) to \(ImageRoutes.allowedExampleLimits.upperBound), "
                + "\(ImageRoutes.standardExampleLimit) when",
            "| request body | \(standard.maximumBodyByteCount >> 20) MiB |",
            "| bodies in memory at once | \(standard.maximumUploadCount) |",
            "| requests waiting | \(standard.maximumWaitingCount) |",
            "| connections | \(standard.maximumConnectionCount), or",
            "\(standard.maximumConnectionCountPerAddress) of one address |",
            "| head of a request | \(standard.maximumHeadByteCount >> 10) KiB |",
            "any head from its first byte | \(standard.headDeadline.components.seconds) s |",
            "up to \(standard.maximumThumbnailCacheByteCount >> 20) MiB |",
            "\(Int(ServerConfiguration(host: "::").usualRequestsPerSecond ?? 0)) requests a second",
            "| idle or stalled connection | \(standard.idleTimeout.components.seconds) s |",
            "| a body, on average after \(standard.bodyGrace.components.seconds) s | "
                + "at least \(standard.minimumBodyRate >> 10) KiB a second | 408, closed |",
            "from first to last byte | \(standard.transferDeadline.components.seconds) s |",
            "| form | \(MultipartFormData.maximumPartCount) parts, "
                + "\(MultipartFormData.maximumHeaderByteCount >> 10) KiB of headers each |",
            "`\(standard.host):\(standard.port)`",
        ] {
            #expect(document.contains(sentence), "\(sentence)")
        }
    }
}
