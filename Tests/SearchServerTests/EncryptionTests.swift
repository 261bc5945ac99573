import Foundation
import HTTPTypes
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage
import TestSupport
import Testing

@testable import QueryPipeline
@testable import SearchServer

/// TLS, with a certificate that is made for the test.
@Suite struct EncryptionTests {
    private let folder: TemporaryFolder
    private var certificate: FilePath { folder.path.appending("certificate.pem") }
    private var key: FilePath { folder.path.appending("key.pem") }

    init() throws {
        folder = try TemporaryFolder()
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days",
            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out",
            folder.path.appending("certificate.pem").string, "-keyout",
            folder.path.appending("key.pem").string,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
    }

    private var configuration: ServerConfiguration {
        get throws {
            var configuration = ServerConfiguration(port: 0)
            configuration.encryption = try ServerEncryption(certificate: certificate, key: key)
            return configuration
        }
    }

    @Test("requests over TLS are answered, one after another, and the connection ends cleanly")
    func requests() async throws {
        let trusted = certificate.string
        try await withServer(of: ScriptedBackend.counting, configuration: configuration) { server in
            let answer = try await server.ask(
                """
                POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n12345\
                GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n
                """,
                trusting: trusted
            )
            #expect(answer.contains("\"width\":5"))
            #expect(answer.hasSuffix(#"{"status":"alive"}"#))
        }
    }

    @Test("a body refused before it came ends the connection behind the answer, over TLS as well")
    func refusal() async throws {
        let trusted = certificate.string
        try await withServer(of: ScriptedBackend.counting, configuration: configuration) { server in
            let answer = try await server.ask(
                "POST /v1/search?limit=0 HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
                    + "Content-Length: 100000\r\n\r\nxxxx",
                trusting: trusted
            )
            #expect(answer.contains("invalid_limit"))
        }
    }

    @Test("whoever speaks in clear, or says nothing, gets nothing, and others are still served")
    func inClear() async throws {
        let trusted = certificate.string
        var configuration = try configuration
        configuration.headDeadline = .milliseconds(200)
        try await withServer(of: ScriptedBackend(), configuration: configuration) { server in
            try await server.connect { connection in
                try? await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(!(await connection.receiveAll().contains("alive")))
            }
            try await server.connect { connection in
                #expect(await connection.receiveAll().isEmpty)
            }
        }
        configuration.headDeadline = .seconds(10)
        try await withServer(of: ScriptedBackend(), configuration: configuration) { server in
            let answer = try await server.ask(
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                trusting: trusted
            )
            #expect(answer.contains("alive"))
        }
    }

    @Test("a session's cookie travels over TLS alone, and the address says https")
    func secureCookie() async throws {
        var configuration = try configuration
        configuration.tokens = try AccessTokens(text: "read 0123456789abcdefghij")
        #expect(configuration.url(port: 4430).absoluteString == "https://127.0.0.1:4430")
        try await withRoutes(to: ScriptedBackend(), configuration: configuration) { client in
            let answer = try await client.ask(
                .post,
                "/v1/session",
                headers: [.authorization: "Bearer 0123456789abcdefghij"]
            )
            #expect(answer.headers[.setCookie]?.hasSuffix("; Secure") == true)
        }
    }

    @Test(
        "files that are no certificate and its key are refused with both names, and so is a key that others can read"
    )
    func refusedFiles() throws {
        let error = try #require(throws: ServerEncryptionError.self) {
            try ServerEncryption(certificate: key, key: key)
        }
        #expect(error.description.contains("key.pem"))
        #expect(throws: ServerEncryptionError.self) {
            try ServerEncryption(certificate: folder.path.appending("none"), key: key)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key.string)
        #expect(throws: PrivateFileError.self) { try ServerEncryption(certificate: certificate, key: key) }
    }
}

extension LoopbackServer {
    /// Sends `text` over TLS and returns all that comes back.
    fileprivate func ask(_ text: String, trusting certificate: String) async throws -> String {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificate))
        let context = try NIOSSLContext(configuration: settings)
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var received = ""
            for try await buffer in inbound { received += String(buffer: buffer) }
            return received
        }
    }
}
