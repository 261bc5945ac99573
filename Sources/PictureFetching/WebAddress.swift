internal import struct Foundation.URL
internal import struct Foundation.URLComponents

/// What to ask whom for: the parts of an `http` or `https` address that a request needs.
struct WebAddress: Hashable, Sendable {
    /// The longest address that is read, in bytes.
    static let maximumByteCount = 2048

    let isEncrypted: Bool
    /// A name, or an address without brackets; in small letters, and other alphabets as in the domain name system (`xn--…`).
    let host: String
    let port: Int
    /// Path and query as they stand in a request.
    let target: String
    private let url: URL

    /// - Throws: ``FetchError/malformedAddress(_:)``.
    init(_ text: String) throws(FetchError) {
        guard text.utf8.count <= Self.maximumByteCount else {
            throw .malformedAddress("it is longer than \(Self.maximumByteCount) bytes")
        }
        // Whatever a parser makes of these, nobody means them.
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "\\" }),
            let components = URLComponents(string: text), let url = components.url
        else { throw .malformedAddress("it is no address such as https://example.org/picture.jpg") }
        try self.init(components, url)
    }

    private init(_ components: URLComponents, _ url: URL) throws(FetchError) {
        switch components.scheme?.lowercased() {
        case "http": isEncrypted = false
        case "https": isEncrypted = true
        default: throw .malformedAddress("it begins with http:// or https://")
        }
        guard components.percentEncodedUser == nil, components.percentEncodedPassword == nil else {
            throw .malformedAddress("it names no user and no password")
        }
        guard let host = Self.host(components.encodedHost ?? "") else {
            throw .malformedAddress(
                "its host is a name, or an address such as 192.0.2.1 or [2001:db8::1]"
            )
        }
        self.host = host
        port = components.port ?? (isEncrypted ? 443 : 80)
        let path = components.percentEncodedPath
        let query = components.percentEncodedQuery.map { "?\($0)" } ?? ""
        target = (path.isEmpty ? "/" : path) + query
        guard target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .malformedAddress("its path has bytes that have no place there")
        }
        self.url = url
    }

    /// What a server is told that it was asked under.
    var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? host : "\(host):\(port)"
    }

    /// Where an answer's `Location` leads from here.
    ///
    /// - Throws: ``FetchError/malformedRedirect`` when it leads nowhere, ``FetchError/downgraded`` from `https` to `http`.
    func following(_ location: String) throws(FetchError) -> WebAddress {
        guard location.utf8.count <= Self.maximumByteCount,
            let next = URL(string: location, relativeTo: url)?.absoluteString,
            let address = try? WebAddress(next)
        else { throw .malformedRedirect }
        guard address.isEncrypted || !isEncrypted else { throw .downgraded }
        return address
    }

    /// Returns a host as it is asked for, or nil when it is none.
    private static func host(_ text: String) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = String(text.dropFirst().dropLast())
            return inner.contains(":") && IPAddress(inner) != nil ? inner.lowercased() : nil
        }
        let labels = text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.utf8.count) }),
            labels.joined().utf8.allSatisfy({
                ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x5F
            })
        else { return nil }
        // 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 to some, and names to others.
        guard let last = labels.last, last.first?.isNumber != true || IPAddress(text) != nil else {
            return nil
        }
        return text.lowercased()
    }
}
