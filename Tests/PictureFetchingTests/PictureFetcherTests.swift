import Foundation
import NIOCore
import Synchronization
import Testing

@testable import PictureFetching

/// Fetches from servers on loopback. The rules admit the test's own address and port, and apart from that what is public.
@Suite struct PictureFetcherTests {
    /// A fetcher for which 127.0.0.1 is a public address, and `cats.example` leads there.
    private func fetcher(
        _ server: ScriptedServer,
        time: Duration = .seconds(600),
        names: [String: [String]] = [:]
    ) -> PictureFetcher {
        PictureFetcher(
            time: time,
            resolver: ScriptedResolver(
                places: names.merging(["cats.example": ["127.0.0.1"]]) { named, _ in named }
            ),
            rules: .admitting(port: server.port)
        )
    }

    private func expect(
        _ error: FetchError,
        from answers: [String: ScriptedServer.Answer],
        upTo limit: Int = 1000,
        time: Duration = .seconds(600),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await ScriptedServer.with(answers) { server in
            let fetcher = fetcher(server, time: time)
            await #expect(throws: error, sourceLocation: sourceLocation) {
                try await fetcher.fetch(["http://cats.example:\(server.port)/a"], upTo: limit)
            }
        }
    }

    @Test(
        "a picture comes byte for byte, however its length is told",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n3\r\n345\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n12345",
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
        ]
    )
    func picture(answer: String) async throws {
        try await ScriptedServer.with(["/a": .text(answer)]) { server in
            let bytes = try await fetcher(server).fetch(["http://cats.example:\(server.port)/a"], upTo: 5)
            #expect(bytes == [Array("12345".utf8)])
        }
    }

    @Test("a request names host and path, wants the bytes as they are, and carries nothing else")
    func request() async throws {
        try await ScriptedServer.with(["/a%20b?c=d": .picture("x")]) { server in
            let address = "http://cats.example:\(server.port)/a%20b?c=d#e"
            _ = try await fetcher(server).fetch([address], upTo: 1)
            #expect(
                server.received == [
                    "GET /a%20b?c=d HTTP/1.1\r\nHost: cats.example:\(server.port)\r\nUser-Agent: lookalike\r\n"
                        + "Accept: image/*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
                ]
            )
        }
    }

    @Test(
        "three redirects are followed, of whatever kind, and a fourth is not",
        arguments: [301, 302, 303, 307, 308]
    )
    func redirects(status: Int) async throws {
        let answers: [String: ScriptedServer.Answer] = [
            "/0": .redirect("/1", status: status), "/1": .redirect("2", status: status),
            "/2": .redirect("./3", status: status), "/3": .picture("x"),
        ]
        try await ScriptedServer.with(answers) { server in
            let fetcher = fetcher(server)
            let start = "http://cats.example:\(server.port)"
            let bytes = try await fetcher.fetch([start + "/0"], upTo: 1)
            #expect(bytes == [[0x78]])
            #expect(server.received.count == 4)
        }
        try await expect(.tooManyRedirects(limit: 3), from: ["/a": .redirect("/a", status: status)])
        try await expect(.malformedRedirect, from: ["/a": .text("HTTP/1.1 \(status) Moved\r\n\r\n")])
        try await expect(.malformedRedirect, from: ["/a": .redirect("file:///etc/passwd", status: status)])
    }

    @Test(
        "a redirect to an address or a name that is not public is refused, and nobody there is asked",
        arguments: [
            "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]/",
            "http://[::ffff:10.0.0.1]/", "http://localhost/", "http://inside.example/",
            "http://nowhere.example/",
        ]
    )
    func redirectInside(location: String) async throws {
        try await ScriptedServer.with(["/a": .redirect(location)]) { server in
            let fetcher = fetcher(server, names: ["inside.example": ["10.1.2.3"], "localhost": ["::1"]])
            await #expect(throws: FetchError.notPublic) {
                try await fetcher.fetch(["http://cats.example:\(server.port)/a"], upTo: 1)
            }
            #expect(server.received.count == 1)
        }
    }

    @Test("a redirect to another port than the web's is refused")
    func redirectToPort() async throws {
        try await expect(.forbiddenPort(22), from: ["/a": .redirect("http://cats.example:22/")])
    }

    @Test("a name with one private address among public ones is not asked at all", arguments: [true, false])
    func mixedAddresses(isPrivateFirst: Bool) async throws {
        let places = isPrivateFirst ? ["192.168.0.1", "127.0.0.1"] : ["127.0.0.1", "192.168.0.1"]
        try await ScriptedServer.with(["/a": .picture("x")]) { server in
            let fetcher = fetcher(server, names: ["cats.example": places])
            await #expect(throws: FetchError.notPublic) {
                try await fetcher.fetch(["http://cats.example:\(server.port)/a"], upTo: 1)
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test("a name is looked up once for each request, and the connection goes where that said")
    func lookedUpOnce() async throws {
        let resolver = FickleResolver()
        try await ScriptedServer.with(["/a": .picture("x")]) { server in
            let fetcher = PictureFetcher(
                time: .seconds(600),
                resolver: resolver,
                rules: .admitting(port: server.port)
            )
            let address = "http://cats.example:\(server.port)/a"
            let bytes = try await fetcher.fetch([address], upTo: 1)
            #expect(bytes == [[0x78]])
            #expect(resolver.count.withLock { $0 } == 1)
            // The next time it leads inside, which is found out.
            await #expect(throws: FetchError.notPublic) { try await fetcher.fetch([address], upTo: 1) }
        }
    }

    @Test("a fetcher as the server has it asks nobody on this machine, by whatever name or number")
    func production() async throws {
        try await ScriptedServer.with(["/a": .picture("x")]) { server in
            for host in [
                "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0",
            ] {
                await #expect(throws: FetchError.notPublic, "\(host)") {
                    try await PictureFetcher().fetch(["http://\(host)/a"], upTo: 1)
                }
                await #expect(throws: FetchError.forbiddenPort(server.port), "\(host)") {
                    try await PictureFetcher().fetch(["http://\(host):\(server.port)/a"], upTo: 1)
                }
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test("where one address of a host does not answer, the next is asked")
    func nextAddress() async throws {
        try await ScriptedServer.with(["/a": .picture("x")]) { server in
            let fetcher = PictureFetcher(
                time: .seconds(600),
                // Nobody listens on the second of loopback's addresses.
                resolver: ScriptedResolver(places: ["cats.example": ["127.0.0.2", "127.0.0.1"]]),
                rules: .admitting(port: server.port, on: ["127.0.0.1", "127.0.0.2"])
            )
            let bytes = try await fetcher.fetch(["http://cats.example:\(server.port)/a"], upTo: 1)
            #expect(bytes == [[0x78]])
        }
    }

    @Test("a host that does not answer is unreachable")
    func unreachable() async throws {
        let port = try await ScriptedServer.with([:]) { $0.port }
        let fetcher = PictureFetcher(
            time: .seconds(600),
            resolver: ScriptedResolver(places: [:]),
            rules: .admitting(port: port)
        )
        await #expect(throws: FetchError.unreachable) {
            try await fetcher.fetch(["http://127.0.0.1:\(port)/"], upTo: 1)
        }
    }

    @Test("what is announced larger than wanted is refused, and what turns out larger as well")
    func tooLarge() async throws {
        let chunk = "200\r\n" + String(repeating: "x", count: 512) + "\r\n"
        for answer: ScriptedServer.Answer in [
            .stalls("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
            .stalls("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)"),
            .drips("HTTP/1.0 200 OK\r\n\r\n", drop: String(repeating: "x", count: 100)),
        ] {
            try await expect(.tooManyBytes(limit: 1000), from: ["/a": answer])
        }
    }

    @Test("several files share one limit")
    func sharedLimit() async throws {
        try await ScriptedServer.with(["/a": .picture("12345"), "/b": .picture("123456")]) { server in
            let addresses = ["a", "b"].map { "http://cats.example:\(server.port)/\($0)" }
            let files = try await fetcher(server).fetch(addresses, upTo: 11)
            #expect(files.map(\.count) == [5, 6])
            await #expect(throws: FetchError.tooManyBytes(limit: 10)) {
                try await fetcher(server).fetch(addresses, upTo: 10)
            }
        }
    }

    @Test("of several addresses none is asked when one of them is none")
    func allAreRead() async throws {
        try await ScriptedServer.with(["/a": .picture("x")]) { server in
            await #expect(throws: FetchError.self) {
                try await fetcher(server).fetch(
                    ["http://cats.example:\(server.port)/a", "file:///etc/passwd"],
                    upTo: 9
                )
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test("an answer that drips on, in its head or in its body, and one that never comes end with the time")
    func tooSlow() async throws {
        for answer: ScriptedServer.Answer in [
            .drips("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", drop: "x"),
            .drips("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", drop: "1;x\r\ny\r\n"),
            .drips("HTTP/1.1 103 Early Hints\r\n\r\n", drop: "HTTP/1.1 103 Early Hints\r\n\r\n"),
            .drips("HTT", drop: ""), .stalls(""), .stalls("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234"),
        ] {
            let limit = Duration.milliseconds(300)
            try await expect(.tooSlow(limit: limit), from: ["/a": answer], time: limit)
        }
    }

    @Test("a name whose looking up takes too long is not waited for")
    func slowName() async throws {
        let resolver = StuckResolver()
        defer { resolver.gate.withLock { $0 = true } }
        let fetcher = PictureFetcher(time: .milliseconds(200), resolver: resolver)
        await #expect(throws: FetchError.tooSlow(limit: .milliseconds(200))) {
            try await fetcher.fetch(["http://cats.example/"], upTo: 1)
        }
    }

    @Test("any other status is named", arguments: [204, 206, 304, 404, 500])
    func otherStatus(status: Int) async throws {
        try await expect(
            .status(status),
            from: ["/a": .text("HTTP/1.1 \(status) Other\r\nContent-Length: 0\r\n\r\n")]
        )
    }

    @Test("a connection that ends too soon is no shorter picture")
    func brokenOff() async throws {
        for text in [
            "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n",
        ] {
            try await expect(.brokenOff, from: ["/a": .text(text)])
        }
    }

    @Test("what is no HTTP is named so, and a head without end is not kept")
    func notHTTP() async throws {
        for answer: ScriptedServer.Answer in [
            .text("220 mail.example ESMTP\r\n"), .text("SSH-2.0-OpenSSH_9.2\r\n"),
            .text("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
            .text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n12345"),
            .drips("HTTP/1.1 200 OK\r\n", drop: "X: \(String(repeating: "y", count: 8000))\r\n"),
        ] {
            try await expect(.notHTTP, from: ["/a": answer])
        }
    }
}

extension PictureFetcher.Rules {
    /// The usual rules, and one machine's addresses and a port of its own besides.
    static func admitting(port: Int, on addresses: Set<String> = ["127.0.0.1"]) -> Self {
        let usual = PictureFetcher.Rules()
        let own = Set(addresses.compactMap(IPAddress.init))
        return PictureFetcher.Rules(
            admitsAddress: { own.contains($0) || usual.admitsAddress($0) },
            admitsPort: { $0 == port || usual.admitsPort($0) }
        )
    }
}

/// Leads to the test's server first, and inside afterwards.
private final class FickleResolver: HostResolver {
    let count = Mutex(0)

    func addresses(of name: String, port: Int) -> [SocketAddress] {
        let isFirst = count.withLock { count in
            count += 1
            return count == 1
        }
        return [try? SocketAddress(ipAddress: isFirst ? "127.0.0.1" : "10.0.0.1", port: port)].compactMap(
            \.self
        )
    }
}

/// Finds nothing out until it is let go on.
private final class StuckResolver: HostResolver {
    let gate = Mutex(false)

    func addresses(of name: String, port: Int) -> [SocketAddress] {
        while !gate.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
        return []
    }
}
