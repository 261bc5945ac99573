internal import Crypto
public import SystemPackage

/// The tokens that a server knows, of which it keeps the digests alone.
///
/// They come from a text file with a token per line: a scope, the token or `sha256:` and its digest in hexadecimal, and a
/// name for the log if one is wanted. Empty lines and lines that begin with `#` are passed over.
public struct AccessTokens: Sendable, Equatable {
    /// One token: what it allows, and to whom it was given.
    struct Entry: Sendable, Equatable {
        let digest: [UInt8]
        let scope: AccessScope
        /// What the log calls its holder.
        let name: String
    }

    /// The fewest characters of a token: what can be guessed protects nothing.
    static let minimumLength = 20
    /// The longest file, in bytes.
    static let maximumFileByteCount = 1 << 20

    let entries: [Entry]

    /// Reads the file at `path`.
    ///
    /// - Throws: ``PrivateFileError`` when it cannot be read, or when others can; ``AccessTokensError`` when it is not as
    ///   described.
    public init(contentsOf path: FilePath) throws {
        let bytes = try PrivateFile.bytes(of: path, upTo: Self.maximumFileByteCount)
        try self.init(text: String(decoding: bytes, as: UTF8.self))
    }

    /// Reads what stands in such a file.
    init(text: String) throws(AccessTokensError) {
        var entries: [Entry] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            let number = index + 1
            guard let scope = AccessScope(rawValue: String(first)) else {
                throw AccessTokensError(line: number, fault: "it must begin with read, write or admin")
            }
            guard fields.count > 1 else {
                throw AccessTokensError(line: number, fault: "a token must follow the scope")
            }
            let digest = try Self.digest(written: fields[1], line: number)
            guard !entries.contains(where: { $0.digest == digest }) else {
                throw AccessTokensError(line: number, fault: "an earlier line has the same token")
            }
            let written = fields.count > 2 ? fields[2].trimmed : ""
            let name = written.isEmpty ? "\(scope)-\(number)" : String(written)
            // Limits are counted by name.
            guard !entries.contains(where: { $0.name == name }) else {
                throw AccessTokensError(line: number, fault: "an earlier line has the same name")
            }
            entries.append(Entry(digest: digest, scope: scope, name: name))
        }
        guard !entries.isEmpty else { throw AccessTokensError(line: nil, fault: "it holds no token") }
        self.entries = entries
    }

    /// Returns the entry of `token`, or nil when there is none.
    ///
    /// Digests are compared, each of them and to its end, so that the time taken tells nothing of any token.
    func entry(for token: String) -> Entry? {
        let presented = Self.digest(of: token)
        var found: Entry?
        for entry in entries where Self.areEqual(entry.digest, presented) { found = entry }
        return found
    }

    static func digest(of secret: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(secret.utf8)))
    }

    private static func areEqual(_ some: [UInt8], _ other: [UInt8]) -> Bool {
        zip(some, other).reduce(some.count == other.count ? 0 : 1) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func digest(written field: Substring, line: Int) throws(AccessTokensError) -> [UInt8] {
        guard field.hasPrefix("sha256:") else {
            guard field.utf8.count >= minimumLength else {
                throw AccessTokensError(
                    line: line,
                    fault: "a token has at least \(minimumLength) characters; openssl rand -hex 32 makes one"
                )
            }
            return digest(of: String(field))
        }
        let digits = field.dropFirst("sha256:".count).compactMap(\.hexDigitValue)
        guard digits.count == 2 * SHA256.byteCount, field.utf8.count == "sha256:".count + digits.count else {
            throw AccessTokensError(line: line, fault: "sha256: must be followed by 64 hexadecimal digits")
        }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// Thrown when a file of tokens is not as it should be.
public struct AccessTokensError: Error, Equatable, CustomStringConvertible {
    let line: Int?
    let fault: String

    /// Says what is wrong, and where; never what stands there.
    public var description: String {
        "the file of tokens cannot be used: \(line.map { "line \($0): " } ?? "")\(fault); each line is a scope, a "
            + "token and, if wanted, a name"
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
