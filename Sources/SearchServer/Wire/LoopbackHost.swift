/// Knows the names under which a machine calls itself.
///
/// A page on the internet can point a name of its own at 127.0.0.1 and then talk to a local server as if it
/// were its own origin (DNS rebinding). The browser still sends that page's name as Host; so a server that
/// listens on loopback answers to loopback names only.
enum LoopbackHost {
    /// Returns whether `host`, without a port, means this machine.
    static func contains(_ host: String) -> Bool {
        ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host.lowercased())
    }

    /// Returns whether `authority`, the value of a Host header, means this machine on whatever port.
    static func accepts(authority: String) -> Bool {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else {
            return contains(authority)
        }
        let port = authority[authority.index(after: colon)...]
        guard UInt16(port) != nil else { return false }
        let host = String(authority[..<colon])
        // Without brackets the last group of an IPv6 address would pass for a port.
        return contains(host) && (host.hasPrefix("[") || !host.contains(":"))
    }
}
