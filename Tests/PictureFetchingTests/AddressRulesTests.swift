import Testing

@testable import PictureFetching

@Suite struct AddressRulesTests {
    /// The first and the last address of each block that is not public, and what stands before and behind it; nil where that
    /// belongs to another such block.
    static let blocks: [(before: String?, first: String, last: String, behind: String?)] = [
        (nil, "0.0.0.0", "0.255.255.255", "1.0.0.0"),
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
        ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
        ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"),
        ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
        ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
        ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
        ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
        ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
        ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
        ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
        ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
        ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
        ("223.255.255.255", "224.0.0.0", "239.255.255.255", nil),
        (nil, "240.0.0.0", "255.255.255.255", nil),
        (nil, "::", "::fffe:ffff:ffff", nil),
        (nil, "::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", nil),
        (nil, "64:ff9b:0:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nil),
        (nil, "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
        (
            "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db9::"
        ),
        (
            "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2003::"
        ),
        (
            "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
            "3fff:1000::"
        ),
        (
            "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            nil
        ),
    ]

    @Test("each block that is not public begins and ends where it should", arguments: blocks)
    func ends(block: (before: String?, first: String, last: String, behind: String?)) throws {
        for text in [block.first, block.last] {
            #expect(!AddressRules.isPublic(try #require(IPAddress(text))), "\(text)")
        }
        for text in [block.before, block.behind].compactMap(\.self) {
            #expect(AddressRules.isPublic(try #require(IPAddress(text))), "\(text)")
        }
    }

    @Test(
        "loopback, clouds' keys, unique local, link-local, site-local and multicast addresses are not public",
        arguments: [
            "127.0.0.1", "169.254.169.254", "192.168.1.1", "10.0.0.1", "255.255.255.255", "100.100.100.200",
            "::1", "::127.0.0.1", "fc00::", "fd00:ec2::254",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1", "febf::1", "fec0::1", "ff02::1",
            "100::1", "64:ff9b:1::a00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1",
            "2001:10::1", "2001:20::1", "2002:7f00:1::", "2002:808:808::", "5f00::1",
        ]
    )
    func special(text: String) throws {
        #expect(!AddressRules.isPublic(try #require(IPAddress(text))))
    }

    @Test(
        "addresses of the internet are public",
        arguments: [
            "1.1.1.1", "8.8.8.8", "93.184.215.14", "198.35.26.112", "2606:4700:4700::1111", "2a00:1450::1",
            "2620:0:862:ed1a::1", "2003::1",
        ]
    )
    func ordinary(text: String) throws {
        #expect(AddressRules.isPublic(try #require(IPAddress(text))))
    }

    @Test(
        "an address of version 4 inside one of version 6 counts for itself",
        arguments: ["::ffff:", "64:ff9b::"]
    )
    func embedded(prefix: String) throws {
        for block in Self.blocks where block.first.contains(".") {
            for text in [block.first, block.last] {
                #expect(!AddressRules.isPublic(try #require(IPAddress(prefix + text))), "\(prefix)\(text)")
            }
            for text in [block.before, block.behind].compactMap(\.self) {
                #expect(AddressRules.isPublic(try #require(IPAddress(prefix + text))), "\(prefix)\(text)")
            }
        }
    }

    @Test(
        "what is no address in its usual spelling is none",
        arguments: [
            "", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "1.2.3.4.5", "1.2.3.256",
            "1.2.3.4 ", "[::1]", "::1%lo", "1::2::3", "12345::", "::1/128",
        ]
    )
    func noAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("a block holds what begins with its bits, of its own version")
    func block() throws {
        let block = AddressBlock("192.0.2.128/25")
        #expect(block.contains(try #require(IPAddress("192.0.2.255"))))
        #expect(!block.contains(try #require(IPAddress("192.0.2.127"))))
        #expect(!block.contains(try #require(IPAddress("c000:280::"))))
        #expect(AddressBlock("0.0.0.0/0").contains(try #require(IPAddress("203.0.113.9"))))
    }
}
