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

    @Test("every route is documented")
    func routes() {
        let workers = BlockingWorkers(threadCount: 1, maximumWaitingCount: 1)
        let routes = allRoutes(
            backend: ScriptedBackend(),
            judging: ScriptedJudging(),
            workers: workers,
            configuration: ServerConfiguration(),
            state: ServerState(ServerConfiguration())
        )
        #expect(!routes.isEmpty)
        for route in routes {
            #expect(
                document.contains("`\(route.method.rawValue) \(route.path)`"),
                "\(route.method) \(route.path)"
            )
        }
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
            "| connections | \(standard.maximumConnectionCount), \(standard.maximumConnectionCountPerAddress) of one address |",
            "| head of a request | \(standard.maximumHeadByteCount >> 10) KiB |",
            "any head from its first byte | \(standard.headDeadline.components.seconds) s |",
            "up to \(standard.maximumThumbnailCacheByteCount >> 20) MiB |",
            "\(Int(ServerConfiguration(host: "::").usualRequestsPerSecond ?? 0)) requests a second",
            "| idle or stalled connection | \(standard.idleTimeout.components.seconds) s |",
            "from first to last byte | \(standard.transferDeadline.components.seconds) s |",
            "| form | \(MultipartFormData.maximumPartCount) parts, "
                + "\(MultipartFormData.maximumHeaderByteCount >> 10) KiB of headers each |",
            "`\(standard.host):\(standard.port)`",
        ] {
            #expect(document.contains(sentence), "\(sentence)")
        }
    }
}
