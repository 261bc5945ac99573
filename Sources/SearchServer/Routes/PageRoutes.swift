internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The web pages: files that travel inside the binary.
struct PageRoutes: Sendable {
    private struct File: Sendable {
        let path: String
        let contentType: String
        let body: ByteBuffer
        let tag: String

        init(_ path: String, _ contentType: String, _ bytes: [UInt8]) {
            self.path = path
            self.contentType = contentType
            body = ByteBuffer(bytes: bytes)
            tag = "\"\(String(fingerprint(of: bytes), radix: 16))\""
        }
    }

    private let files = [
        File("/", "text/html; charset=utf-8", PackageResources.index_html),
        File("/style.css", "text/css; charset=utf-8", PackageResources.style_css),
        File("/app.js", "text/javascript; charset=utf-8", PackageResources.app_js),
        File("/judge", "text/html; charset=utf-8", PackageResources.judge_html),
        File("/judge.js", "text/javascript; charset=utf-8", PackageResources.judge_js),
        File("/favicon.svg", "image/svg+xml", PackageResources.favicon_svg),
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
