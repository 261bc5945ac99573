import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct ConnectionTests {
    private static let post = "POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"

    private var smallLimit: ServerConfiguration {
        var configuration = ServerConfiguration(port: 0)
        configuration.maximumBodyByteCount = 1000
        return configuration
    }

    @Test("a body announced too large is refused before any of it is sent, and the connection ends")
    func announcedTooLarge() async throws {
        try await withServer(of: ScriptedBackend.counting, configuration: smallLimit) { server in
            try await server.connect { connection in
                try await connection.send(Self.post + "Content-Length: 1001\r\n\r\n")
                let answer = await connection.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
                #expect(answer.contains("body_too_large"))
            }
        }
    }

    @Test("a body that turns out too large is refused when it does, and what follows is not waited for")
    func turnsOutTooLarge() async throws {
        try await withServer(of: ScriptedBackend.counting, configuration: smallLimit) { server in
            try await server.connect { connection in
                let chunk = "258\r\n" + String(repeating: "x", count: 600) + "\r\n"
                try await connection.send(Self.post + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
                let answer = await connection.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            }
        }
    }

    @Test(
        "whatever is refused before its body came ends the connection",
        arguments: ["text/plain", "image/jpeg"]
    )
    func refusedBeforeBody(contentType: String) async throws {
        try await withServer(of: ScriptedBackend.counting) { server in
            try await server.connect { connection in
                try await connection.send(
                    "POST /v1/search?limit=0 HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(contentType)\r\n"
                        + "Content-Length: 100000\r\n\r\nxxxx"
                )
                let answer = await connection.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            }
        }
    }

    @Test("a client that asks whether to go on is told so, and its picture is then searched")
    func expectContinue() async throws {
        try await withServer(of: ScriptedBackend.counting) { server in
            try await server.connect { connection in
                try await connection.send(Self.post + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await connection.receive(upTo: "HTTP/1.1 100 Continue\r\n\r\n"))
                try await connection.send("12345")
                #expect(try await connection.receive(upTo: "\"width\":5"))
                #expect(connection.received.hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test("a client that asks whether to send too much is told not to")
    func expectContinueTooLarge() async throws {
        try await withServer(of: ScriptedBackend.counting, configuration: smallLimit) { server in
            try await server.connect { connection in
                try await connection.send(Self.post + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
                #expect(await connection.receiveAll().hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test(
        "a connection serves one request after another until the client asks to close it, in whatever case",
        arguments: ["close", "Close", "keep-alive, CLOSE"]
    )
    func keepAlive(connectionField: String) async throws {
        try await withServer(of: ScriptedBackend.counting) { server in
            try await server.connect { connection in
                for count in 1...3 {
                    let body = String(repeating: "x", count: count)
                    try await connection.send(Self.post + "Content-Length: \(count)\r\n\r\n\(body)")
                    #expect(try await connection.receive(upTo: "\"width\":\(count)"))
                }
                try await connection.send(
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: \(connectionField)\r\n\r\n"
                )
                let answer = await connection.receiveAll()
                #expect(answer.contains("HTTP/1.1 200 "))
                #expect(answer.hasSuffix(#"{"status":"alive"}"#))
            }
        }
    }

    @Test("a body that drips on past the deadline ends the connection")
    func deadline() async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.transferDeadline = .seconds(1)
        try await withServer(of: ScriptedBackend.counting, configuration: configuration) { server in
            try await server.connect { connection in
                try await connection.send(Self.post + "Content-Length: 10\r\n\r\nx")
                let answer = await connection.receiveAll()
                #expect(!answer.contains(" 200 "))
            }
            try await server.connect { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await connection.receive(upTo: "alive"))
            }
        }
    }

    @Test("a body that drips is refused, its place is free again, and what follows is not waited for")
    func drippingBody() async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.bodyGrace = .milliseconds(50)
        configuration.maximumUploadCount = 1
        try await withServer(of: ScriptedBackend.counting, configuration: configuration) { server in
            for framing in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
                try await server.connect { connection in
                    try await connection.send(Self.post + "\(framing)\r\n\r\n1\r\nx\r\n")
                    let answer = await connection.receiveAll()
                    #expect(answer.hasPrefix("HTTP/1.1 408 "))
                    #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
                    #expect(answer.contains("body_too_slow"))
                }
            }
            try await server.connect { connection in
                try await connection.send(Self.post + "Content-Length: 5\r\n\r\n12345")
                #expect(try await connection.receive(upTo: "\"width\":5"))
            }
        }
    }

    @Test("a connection on which nothing happens is closed")
    func idle() async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.idleTimeout = .milliseconds(100)
        try await withServer(of: ScriptedBackend.counting, configuration: configuration) { server in
            try await server.connect { connection in
                // On a busy machine the connection may have been idle too long before this is sent.
                try? await connection.send("GET /healthz HTTP/1.1\r\nHost: loc")
                #expect(await connection.receiveAll().isEmpty)
            }
        }
    }

    @Test("a request under way when the server is told to stop is answered first")
    func gracefulShutdown() async throws {
        let gate = Gate()
        let backend = ScriptedBackend(onSearch: { _, _ in
            gate.arrive()
            return gate.wait()
        })
        try await withServer(of: backend) { server in
            try await server.connect { connection in
                try await connection.send("GET /v1/images/1/similar HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await gate.arrival()
                await server.group.triggerGracefulShutdown()
                gate.open()
                let answer = await connection.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(answer.contains("\"results\":[]"))
            }
        }
    }
}
