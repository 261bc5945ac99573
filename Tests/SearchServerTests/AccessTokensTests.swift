import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import SearchServer

@Suite struct AccessTokensTests {
    private static let token = "0123456789abcdefghij"

    @Test("a file of tokens is read line by line, digests and names included")
    func file() throws {
        let digest = AccessTokens.digest(of: "another token that is long").map {
            String(format: "%02x", $0)
        }.joined()
        let tokens = try AccessTokens(
            text: """
                # who may

                read \(Self.token)
                admin\tsha256:\(digest.uppercased())   the operator \r
                """
        )
        let reader = try #require(tokens.entry(for: Self.token))
        #expect(reader.scope == .read)
        #expect(reader.name == "read-3")
        let keeper = try #require(tokens.entry(for: "another token that is long"))
        #expect(keeper.scope == .admin)
        #expect(keeper.name == "the operator")
    }

    @Test(
        "nothing but the token itself is taken for it",
        arguments: [
            "", "0123456789abcdefghi", "0123456789abcdefghijk", "0123456789ABCDEFGHIJ",
            " 0123456789abcdefghij",
        ]
    )
    func unknown(token: String) throws {
        #expect(try AccessTokens(text: "read \(Self.token)").entry(for: token) == nil)
    }

    @Test("a digest does not let in whoever knows only the digest")
    func digestIsNoToken() throws {
        let written = "sha256:" + String(repeating: "0", count: 64)
        #expect(try AccessTokens(text: "admin \(written)").entry(for: written) == nil)
    }

    @Test(
        "a line that is not as described is refused with its number, and never quoted",
        arguments: [
            ("read", "follow"), ("owner 0123456789abcdefghij", "read, write or admin"),
            ("0123456789abcdefghij", "read, write or admin"), ("read short", "openssl"),
            ("read sha256:12", "64"), ("read sha256:" + String(repeating: "g", count: 64), "64"),
            ("read 0123456789abcdefghij\nwrite 0123456789abcdefghij", "same token"),
            ("read 0123456789abcdefghij one\nread 1123456789abcdefghij one", "same name"),
        ]
    )
    func malformed(text: String, says: String) throws {
        let error = try #require(throws: AccessTokensError.self) { try AccessTokens(text: text) }
        #expect(error.description.contains("line \(text.split(separator: "\n").count)"))
        #expect(error.description.contains(says), "\(error)")
        #expect(!error.description.contains(Self.token))
    }

    @Test(
        "a file without any token is refused: it would lock everybody out",
        arguments: ["", "\n# nothing\n"]
    )
    func empty(text: String) {
        #expect(throws: AccessTokensError.self) { try AccessTokens(text: text) }
    }

    @Test("a file that others can read or change is refused", arguments: [0o644, 0o604, 0o620, 0o602])
    func permissions(mode: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array("read \(Self.token)".utf8), to: "tokens")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
        let error = try #require(throws: PrivateFileError.self) { try AccessTokens(contentsOf: path) }
        #expect(error.description.contains("chmod 600"))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path.string)
        #expect(try AccessTokens(contentsOf: path).entries.count == 1)
    }

    @Test("what is no file, or too long, or not there is refused")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        #expect(throws: PrivateFileError.self) { try AccessTokens(contentsOf: folder.path) }
        #expect(throws: PrivateFileError.self) { try AccessTokens(contentsOf: folder.path.appending("none")) }
        let path = try folder.write(
            [UInt8](repeating: UInt8(ascii: "#"), count: AccessTokens.maximumFileByteCount + 1),
            to: "long"
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.string)
        #expect(throws: PrivateFileError.self) { try AccessTokens(contentsOf: path) }
    }

    @Test("a server that others can reach is not started without tokens, and the sentence says what to do")
    func checkedConfiguration() throws {
        #expect(throws: Never.self) { try ServerConfiguration(host: "127.0.0.1").checked() }
        var open = ServerConfiguration(host: "0.0.0.0")
        let error = try #require(throws: OpenServerError.self) { try open.checked() }
        #expect(error.description.contains("--tokens"))
        open.tokens = try AccessTokens(text: "read \(Self.token)")
        #expect(throws: Never.self) { try open.checked() }
    }
}
