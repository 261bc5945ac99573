import HTTPTypes
import Hummingbird
import Testing

@testable import SearchServer

private let pages = [
    "/docs", "/duplicates", "/", "/image", "/judge", "/operator",
]
private let styles = [
    "/pages.css", "/picture.css", "/search.css", "/style.css",
]
private let scripts = [
    "/address.js", "/api.js", "/app.js", "/bar.js", "/cards.js", "/cropper.js", "/docs.js",
    "/dom.js", "/duplicates.js", "/filters.js", "/format.js", "/intake.js", "/interactions.js",
    "/jobs.js", "/judge.js", "/operator.js", "/picture.js", "/plots.js", "/query.js",
    "/request.js", "/schema.js", "/search.js", "/suggestions.js", "/tags.js", "/token.js",
    "/tray.js", "/traybar.js", "/why.js",
]
private let pageFiles: [(String, String)] = [
    pages.map { ($0, "text/html; charset=utf-8") },
    styles.map { ($0, "text/css; charset=utf-8") },
    scripts.map { ($0, "text/javascript; charset=utf-8") },
    [("/favicon.svg", "image/svg+xml"), ("/openapi.json", "application/json")],
].flatMap { $0 }

@Suite struct PageTests {
    @Test("the page's files come with their types, and again only when they changed", arguments: pageFiles)
    func files(path: String, contentType: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(.get, path)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == contentType)
            #expect(answer.bytes.count > 100)
            let tag = try #require(answer.headers[.eTag])
            let again = try await client.ask(.get, path, headers: [.ifNoneMatch: tag])
            #expect(again.status == 304)
            #expect(again.bytes.isEmpty)
        }
    }

    @Test("whatever a page or script asks for by name is there")
    func references() async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            for (path, _) in pageFiles {
                let text = try await client.ask(.get, path).text
                let scripts = text.matches(of: #/(?:from|import) "\.(\/[a-z]+\.js)"/#).map { String($0.1) }
                let files = text.matches(of: #/(?:src|href)="(\/[a-z]+\.[a-z]+)"/#).map { String($0.1) }
                for name in scripts + files {
                    #expect(try await client.ask(.get, name).status == 200, "\(path) asks for \(name)")
                }
            }
        }
    }

    @Test("nothing of the page comes from elsewhere, and no script or style stands inside it")
    func noOutsideSource() async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            for (path, _) in pageFiles {
                let text = try await client.ask(.get, path).text
                    .replacing("http://www.w3.org/2000/svg", with: "")
                #expect(!text.contains("http://"), "\(path)")
                #expect(!text.contains("https://"), "\(path)")
                #expect(!text.contains("url(//"), "\(path)")
            }
            for path in pages {
                let page = try await client.ask(.get, path).text
                #expect(page.matches(of: #/<script(?![^>]*\ssrc=)/#).isEmpty, "\(path)")
                #expect(page.matches(of: #/<style|\sstyle=|\son[a-z]+=/#).isEmpty, "\(path)")
            }
        }
    }

    @Test(
        "every answer, errors included, carries the headers that bind the browser",
        arguments: ["/", "/app.js", "/healthz", "/nope", "/v1/images/0"]
    )
    func securityHeaders(path: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let headers = try await client.ask(.get, path).headers
            let policy = try #require(headers[.contentSecurityPolicy])
            #expect(policy.contains("default-src 'none'"))
            #expect(policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe"))
            #expect(!policy.contains("http"))
            #expect(headers[.xContentTypeOptions] == "nosniff")
            #expect(headers[.referrerPolicy] == "same-origin")
            #expect(headers[.crossOriginResourcePolicy] == "same-origin")
        }
    }
}
