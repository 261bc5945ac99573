import NIOCore
import NIOEmbedded
import Testing

@testable import QueryPipeline
@testable import SearchServer

/// More connections than there is room for.
@Suite struct CrowdTests {
    private func channel(_ address: String, port: Int = 1) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: address, port: port)).wait()
        return channel
    }

    @Test(
        "of too many connections the one goes that has waited longest, those that send later, and answers never"
    )
    func order() throws {
        let connections = Connections(maximumCount: 3, maximumCountPerAddress: 3)
        let answering = try channel("10.0.0.1")
        let receiving = try channel("10.0.0.2")
        let waiting = try channel("10.0.0.3")
        for channel in [answering, receiving, waiting] { #expect(connections.admit(channel)) }
        connections.note(.answering, of: answering)
        connections.note(.receiving, of: receiving)

        let fourth = try channel("10.0.0.4")
        #expect(connections.admit(fourth))
        #expect(!waiting.isActive)
        connections.note(.answering, of: fourth)
        let fifth = try channel("10.0.0.5")
        #expect(connections.admit(fifth))
        #expect(!receiving.isActive)
        connections.note(.answering, of: fifth)
        let sixth = try channel("10.0.0.6")
        #expect(!connections.admit(sixth))
        #expect(answering.isActive && fourth.isActive && fifth.isActive)
        #expect(connections.counts == .init(open: 3, evicted: 2, refused: 1))

        connections.forget(answering)
        #expect(connections.admit(sixth))
        for channel in [answering, receiving, waiting, fourth, fifth, sixth] { _ = try? channel.finish() }
    }

    @Test("one address can crowd out nobody but itself")
    func perAddress() throws {
        let connections = Connections(maximumCount: 10, maximumCountPerAddress: 2)
        let other = try channel("10.0.0.9")
        #expect(connections.admit(other))
        let crowd = try (1...5).map { try channel("10.0.0.1", port: $0) }
        for channel in crowd { #expect(connections.admit(channel)) }
        #expect(crowd.map(\.isActive) == [false, false, false, true, true])
        #expect(other.isActive)
        for channel in crowd + [other] { _ = try? channel.finish() }
    }

    @Test("the many addresses of one IPv6 network are one client, and a mapped IPv4 address is what it maps")
    func clientNames() throws {
        func name(_ address: String) throws -> String {
            try SocketAddress(ipAddress: address, port: 1).clientName
        }
        #expect(try name("192.0.2.7") == "192.0.2.7")
        #expect(try name("::ffff:192.0.2.7") == "192.0.2.7")
        #expect(try name("2001:db8:1:2::1") == name("2001:db8:1:2:ffff::9"))
        #expect(try name("2001:db8:1:2::1") != name("2001:db8:1:3::1"))
    }

    @Test("a server full of connections that say nothing still answers the next one")
    func halfOpen() async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.maximumConnectionCountPerAddress = 4
        try await withServer(of: ScriptedBackend(), configuration: configuration) { server in
            try await Self.crowd(8, on: server) {
                try await server.connect { connection in
                    try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    #expect(try await connection.receive(upTo: "alive"))
                }
            }
        }
    }

    @Test("a crowd from one address costs a connection from another nothing")
    func otherAddress() async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.maximumConnectionCountPerAddress = 4
        // On a busy machine the crowd takes its time; it is not to be told from a slow client.
        (configuration.headDeadline, configuration.idleTimeout) = (.seconds(600), .seconds(600))
        try await withServer(of: ScriptedBackend(), configuration: configuration) { server in
            try await server.connect(from: "127.0.0.2") { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: loc")
                try await Self.crowd(8, on: server) {}
                try await connection.send("alhost\r\n\r\n")
                #expect(try await connection.receive(upTo: "alive"))
            }
        }
    }

    /// Opens connections inside each other, each with the beginning of a request, and calls `body` in the innermost.
    private static func crowd(
        _ count: Int,
        on server: LoopbackServer,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard count > 0 else { return try await body() }
        try await server.connect { connection in
            try? await connection.send("GET / HTTP/1.1\r\nHost: loc")
            try await crowd(count - 1, on: server, body)
        }
    }

    @Test("a head that drips on past its deadline ends the connection, also the second one")
    func slowHead() async throws {
        var configuration = ServerConfiguration(port: 0)
        // Time enough for a whole head on a busy machine, and less than dripping takes.
        configuration.headDeadline = .seconds(3)
        try await withServer(of: ScriptedBackend(), configuration: configuration) { server in
            try await server.connect { connection in
                await Self.drip("GET /healthz HTTP/1.1\r\n", over: &connection)
            }
            try await server.connect { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await connection.receive(upTo: "alive"))
                await Self.drip("GET /healthz HTTP/1.1\r\n", over: &connection)
            }
        }
    }

    /// Sends the beginning of a head and more header fields than any deadline has time for, and waits for the end.
    private static func drip(_ beginning: String, over connection: inout LoopbackServer.Connection) async {
        do {
            try await connection.send(beginning)
            for number in 0..<500 {
                try await connection.send("X-\(number): 1\r\n")
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("the connection was never ended")
        } catch {
            #expect(await connection.receiveAll().contains("alive") == false)
        }
    }

    @Test("a client of HTTP/1.0 sees its connection end behind the answer")
    func oldVersion() async throws {
        try await withServer(of: ScriptedBackend()) { server in
            for keepAlive in ["", "Connection: keep-alive\r\n"] {
                try await server.connect { connection in
                    try await connection.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\(keepAlive)\r\n")
                    let answer = await connection.receiveAll()
                    #expect(answer.hasSuffix(#"{"status":"alive"}"#))
                    #expect(answer.lowercased().contains("connection: close"))
                }
            }
        }
    }

    @Test("a head that is too long is refused, and the connection ends", arguments: [1, 40])
    func longHead(fieldCount: Int) async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.maximumHeadByteCount = 4096
        try await withServer(of: ScriptedBackend(), configuration: configuration) { server in
            try await server.connect { connection in
                let field = String(repeating: "x", count: 5000 / fieldCount)
                let fields = (0..<fieldCount).map { "X-\($0): \(field)\r\n" }.joined()
                try? await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
                #expect(!(await connection.receiveAll().contains("alive")))
            }
        }
    }
}
