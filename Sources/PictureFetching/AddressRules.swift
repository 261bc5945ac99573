/// Tells addresses of the public internet from all others.
///
/// Whoever may name an address for this program to ask could otherwise have it ask what only it can reach: services on its
/// own machine, on the network behind its firewall, or the one at 169.254.169.254 that gives out a cloud's keys. The blocks
/// are those of IANA's registries of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `…/iana-ipv6-special-registry`), and a few that behave
/// like them.
enum AddressRules {
    /// Of version 4 everything is public but these.
    static let specialIPv4: [AddressBlock] = [
        AddressBlock("0.0.0.0/8"),  // this host, on this network
        AddressBlock("10.0.0.0/8"),  // private
        AddressBlock("100.64.0.0/10"),  // between providers and their customers
        AddressBlock("127.0.0.0/8"),  // loopback
        AddressBlock("168.63.129.16/32"),  // looks public; inside Azure it is the platform's own
        AddressBlock("169.254.0.0/16"),  // link-local
        AddressBlock("172.16.0.0/12"),  // private
        AddressBlock("192.0.0.0/24"),  // protocol assignments
        AddressBlock("192.0.2.0/24"),  // documentation
        AddressBlock("192.88.99.0/24"),  // relays of 6to4
        AddressBlock("192.168.0.0/16"),  // private
        AddressBlock("198.18.0.0/15"),  // benchmarking
        AddressBlock("198.51.100.0/24"),  // documentation
        AddressBlock("203.0.113.0/24"),  // documentation
        AddressBlock("224.0.0.0/4"),  // multicast
        AddressBlock("240.0.0.0/4"),  // reserved, and broadcast
    ]

    /// Of version 6 only this is given out as public: not loopback, unique local, link-local, site-local, multicast, nor
    /// `::192.0.2.1`.
    static let globalIPv6 = AddressBlock("2000::/3")

    /// What of that is not public all the same.
    static let specialIPv6: [AddressBlock] = [
        AddressBlock("2001::/23"),  // protocol assignments, Teredo and benchmarking among them
        AddressBlock("2001:db8::/32"),  // documentation
        AddressBlock("2002::/16"),  // 6to4: leads to whatever address of version 4 is written in it
        AddressBlock("3fff::/20"),  // documentation
    ]

    /// Blocks whose last 4 bytes are an address of version 4, which is what counts: the operating system's spelling of such
    /// addresses, and those that a network without version 4 reaches the other internet by.
    static let embeddingIPv4: [AddressBlock] = [
        AddressBlock("::ffff:0:0/96"), AddressBlock("64:ff9b::/96"),
    ]

    /// Returns whether anybody on the internet could ask this address as well.
    static func isPublic(_ address: IPAddress) -> Bool {
        if address.bytes.count == 4 { return !specialIPv4.contains { $0.contains(address) } }
        if embeddingIPv4.contains(where: { $0.contains(address) }) {
            return isPublic(IPAddress(bytes: Array(address.bytes.suffix(4))))
        }
        return globalIPv6.contains(address) && !specialIPv6.contains { $0.contains(address) }
    }
}
