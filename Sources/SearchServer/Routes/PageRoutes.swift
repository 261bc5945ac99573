internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The web pages: files that travel inside the binary. The start, the searches and the pictures' own pages are one file, which
/// finds out from its address what to show.
struct PageRoutes: Sendable {
    private enum Kind: String {
        case html = "text/html; charset=utf-8"
        case css = "text/css; charset=utf-8"
        case script = "text/javascript; charset=utf-8"
        case svg = "image/svg+xml"
        case json = "application/json"
    }

    private struct File: Sendable {
        let path: String
        let contentType: String
        let body: ByteBuffer
        let tag: String

        init(_ path: String, _ kind: Kind, _ bytes: [UInt8]) {
            let bytes = kind == .html ? Self.completed(bytes) : bytes
            self.path = path
            contentType = kind.rawValue
            body = ByteBuffer(bytes: bytes)
            tag = "\"\(String(fingerprint(of: bytes), radix: 16))\""
        }

        /// Puts what all pages share in the places that a page has for it.
        private static func completed(_ page: [UInt8]) -> [UInt8] {
            let shared = [
                "<!-- head -->\n": PackageResources.head_html,
                "<!-- brand -->\n": PackageResources.brand_html,
            ]
            let text = shared.reduce(String(decoding: page, as: UTF8.self)) { text, part in
                text.replacing(part.key, with: String(decoding: part.value, as: UTF8.self))
            }
            return Array(text.utf8)
        }
    }

    private let files = [
        File("/docs", .html, PackageResources.docs_html),
        File("/duplicates", .html, PackageResources.duplicates_html),
        File("/", .html, PackageResources.index_html),
        File("/image", .html, PackageResources.index_html),
        File("/judge", .html, PackageResources.judge_html),
        File("/operator", .html, PackageResources.operator_html),
        File("/pages.css", .css, PackageResources.pages_css),
        File("/picture.css", .css, PackageResources.picture_css),
        File("/search.css", .css, PackageResources.search_css),
        File("/style.css", .css, PackageResources.style_css),
        File("/address.js", .script, PackageResources.address_js),
        File("/api.js", .script, PackageResources.api_js),
        File("/app.js", .script, PackageResources.app_js),
        File("/bar.js", .script, PackageResources.bar_js),
        File("/cards.js", .script, PackageResources.cards_js),
        File("/cropper.js", .script, PackageResources.cropper_js),
        File("/docs.js", .script, PackageResources.docs_js),
        File("/dom.js", .script, PackageResources.dom_js),
        File("/duplicates.js", .script, PackageResources.duplicates_js),
        File("/filters.js", .script, PackageResources.filters_js),
        File("/format.js", .script, PackageResources.format_js),
        File("/intake.js", .script, PackageResources.intake_js),
        File("/interactions.js", .script, PackageResources.interactions_js),
        File("/jobs.js", .script, PackageResources.jobs_js),
        File("/judge.js", .script, PackageResources.judge_js),
        File("/operator.js", .script, PackageResources.operator_js),
        File("/picture.js", .script, PackageResources.picture_js),
        File("/plots.js", .script, PackageResources.plots_js),
        File("/query.js", .script, PackageResources.query_js),
        File("/request.js", .script, PackageResources.request_js),
        File("/schema.js", .script, PackageResources.schema_js),
        File("/search.js", .script, PackageResources.search_js),
        File("/suggestions.js", .script, PackageResources.suggestions_js),
        File("/tags.js", .script, PackageResources.tags_js),
        File("/token.js", .script, PackageResources.token_js),
        File("/tray.js", .script, PackageResources.tray_js),
        File("/traybar.js", .script, PackageResources.traybar_js),
        File("/why.js", .script, PackageResources.why_js),
        File("/favicon.svg", .svg, PackageResources.favicon_svg),
        File("/openapi.json", .json, PackageResources.openapi_json),
    ]

    var routes: [Route] {
        files.map { file in
            Route(.get, file.path, needs: nil) { request, _ in
                // Asked for again each time: a newer binary's page must not meet an older one's script.
                let headers: HTTPFields = [
                    .contentType: file.contentType, .eTag: file.tag, .cacheControl: "no-cache",
                ]
                guard !EntityTag.matches(file.tag, ifNoneMatch: request.headers[.ifNoneMatch]) else {
                    return Response(status: .notModified, headers: headers)
                }
                return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.body))
            }
        }
    }
}

/// FNV-1a, 64 bits: tells one build's file from another's; nobody gains from a collision here.
private func fingerprint(of bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}
