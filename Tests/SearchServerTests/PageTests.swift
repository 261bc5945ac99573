import HTTPTypes
import Hummingbird
import Testing

@testable import SearchServer

private let pageFiles = [
    ("/", "text/html; charset=utf-8"), ("/style.css", "text/css; charset=utf-8"),
    ("/judge", "text/html; charset=utf-8"), ("/judge.js", "text/javascript; charset=utf-8"),
    ("/app.js", "text/javascript; charset=utf-8"), ("/favicon.svg", "image/svg+xml"),
]

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
            let page = try await client.ask(.get, "/").text
            #expect(page.matches(of: #/<script(?![^>]*\ssrc=)/#).isEmpty)
            #expect(page.matches(of: #/<style|\sstyle=|\son[a-z]+=/#).isEmpty)
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
