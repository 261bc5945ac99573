import Foundation
import NIOSSL
import SystemPackage
import TestSupport
import Testing

@testable import PictureFetching

/// TLS, with a certificate for `cats.example` and 127.0.0.1 that is made for the test.
@Suite struct EncryptedFetchTests {
    private let folder: TemporaryFolder
    private let encryption: NIOSSLContext
    private let trusted: NIOSSLTrustRoots

    init() throws {
        folder = try TemporaryFolder()
        let (certificate, key) = (folder.path.appending("certificate.pem"), folder.path.appending("key.pem"))
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=cats.example", "-addext",
            "subjectAltName=DNS:cats.example,IP:127.0.0.1",
            "-out", certificate.string, "-keyout", key.string,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        let chain = try NIOSSLCertificate.fromPEMFile(certificate.string)
        trusted = .certificates(chain)
        encryption = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: key.string, format: .pem))
            )
        )
    }

    private func fetch(
        _ host: String,
        path: String = "/a",
        from answers: [String: ScriptedServer.Answer] = ["/a": .picture("x")],
        trusting roots: NIOSSLTrustRoots,
        speaksTLS: Bool = true
    ) async throws -> [[UInt8]] {
        try await ScriptedServer.with(answers, encryption: speaksTLS ? encryption : nil) { server in
            let fetcher = PictureFetcher(
                time: .seconds(600),
                resolver: ScriptedResolver(
                    places: ["cats.example": ["127.0.0.1"], "dogs.example": ["127.0.0.1"]]
                ),
                rules: .admitting(port: server.port),
                trustRoots: roots
            )
            return try await fetcher.fetch(["https://\(host):\(server.port)\(path)"], upTo: 100)
        }
    }

    @Test("a picture comes over TLS from who can show a certificate for the name, or for the address")
    func trusted() async throws {
        #expect(try await fetch("cats.example", trusting: trusted) == [[0x78]])
        #expect(try await fetch("127.0.0.1", trusting: trusted) == [[0x78]])
    }

    @Test("a certificate for another name is refused, though it be for the address that the name leads to")
    func otherName() async throws {
        await #expect(throws: FetchError.insecure) { try await fetch("dogs.example", trusting: trusted) }
    }

    @Test("a certificate that nobody vouches for is refused")
    func untrusted() async throws {
        await #expect(throws: FetchError.insecure) { try await fetch("cats.example", trusting: .default) }
    }

    @Test("a server that speaks in clear is refused")
    func inClear() async throws {
        await #expect(throws: FetchError.insecure) {
            try await fetch("cats.example", trusting: trusted, speaksTLS: false)
        }
    }

    @Test("a redirect from TLS into the clear is refused, and one within it is followed")
    func downgrade() async throws {
        await #expect(throws: FetchError.downgraded) {
            try await fetch(
                "cats.example",
                from: ["/a": .redirect("http://cats.example/a")],
                trusting: trusted
            )
        }
        let answers: [String: ScriptedServer.Answer] = ["/b": .redirect("/a"), "/a": .picture("x")]
        #expect(try await fetch("cats.example", path: "/b", from: answers, trusting: trusted) == [[0x78]])
    }

    @Test(
        "a name in a certificate covers itself, and with a star all names that differ in their first label",
        arguments: [
            ("cats.example", "cats.example", true), ("Cats.Example", "cats.example", true),
            ("*.cats.example", "a.cats.example", true), ("*.cats.example", "a.b.cats.example", false),
            ("*.cats.example", "cats.example", false), ("*.example", "cats.example", false),
            ("*", "cats.example", false), ("c*.example.org", "cats.example.org", false),
            ("dogs.example", "cats.example", false), ("*.", "a.", false),
        ]
    )
    func names(pattern: String, host: String, isCovered: Bool) {
        #expect(certificateName(pattern, covers: host) == isCovered)
    }
}
