import Testing

@testable import PictureFetching

@Suite struct WebAddressTests {
    @Test(
        "an address is taken apart into what a request needs",
        arguments: [
            ("http://example.org", false, "example.org", 80, "/", "example.org"),
            (
                "HTTPS://Example.ORG/a%20b.jpg?x=1&y=%2F#part", true, "example.org", 443,
                "/a%20b.jpg?x=1&y=%2F", "example.org"
            ),
            ("https://example.org:80/", true, "example.org", 80, "/", "example.org:80"),
            ("http://example.org:80/a", false, "example.org", 80, "/a", "example.org"),
            ("http://192.0.2.1/a", false, "192.0.2.1", 80, "/a", "192.0.2.1"),
            ("http://[2001:DB8::1]/a", false, "2001:db8::1", 80, "/a", "[2001:db8::1]"),
            ("http://[::1]:8080/", false, "::1", 8080, "/", "[::1]:8080"),
            ("https://example.org/bücher.jpg", true, "example.org", 443, "/b%C3%BCcher.jpg", "example.org"),
            (
                "https://a_b.xn--bcher-kva.example/", true, "a_b.xn--bcher-kva.example", 443, "/",
                "a_b.xn--bcher-kva.example"
            ),
            ("https://exämple.org/", true, "xn--exmple-cua.org", 443, "/", "xn--exmple-cua.org"),
            // Digits by other names are an address, which is then looked at like any other.
            ("http://①②⑦.⓪.⓪.①/", false, "127.0.0.1", 80, "/", "127.0.0.1"),
            ("http://127。0。0。1/", false, "127.0.0.1", 80, "/", "127.0.0.1"),
            ("https://example.org?q", true, "example.org", 443, "/?q", "example.org"),
        ]
    )
    func parts(text: String, isEncrypted: Bool, host: String, port: Int, target: String, authority: String)
        throws
    {
        let address = try WebAddress(text)
        #expect(address.isEncrypted == isEncrypted)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.target == target)
        #expect(address.authority == authority)
    }

    @Test(
        "what is no address of the web, hides who is asked, or could be read in two ways is refused",
        arguments: [
            "", "example.org/a.jpg", "//example.org/a.jpg", "/etc/passwd", "file:///etc/passwd",
            "ftp://example.org/", "gopher://example.org/", "data:image/png;base64,AAAA",
            "javascript:alert(1)", "http://", "http:///a", "https:example.org", "http://user@example.org/",
            "http://user:secret@example.org/", "http://@example.org/", "http://:@example.org/",
            "http://example.org\\@127.0.0.1/", "http://example.org#@127.0.0.1:x/\\",
            "http://exa mple.org/", " http://example.org/", "http://example.org/\r\nHost: x",
            "http://example.org/\u{0}", "http://example.org/a b",
            "http://ex%61mple.org/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
            "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://127.0.0.1./", "http://example.org./",
            "http://.example.org/", "http://a..b/", "http://[::1%25lo]/", "http://[::1%lo]/",
            "http://[fe80::1%eth0]/", "http://[127.0.0.1]/", "http://[v1.x]/", "http://[::1/",
            "http://example.org:port/", "http://example.org:-1/",
        ]
    )
    func refused(text: String) {
        let error = #expect(throws: FetchError.self, "\(text.debugDescription)") { try WebAddress(text) }
        #expect(error?.kind == .malformed)
    }

    @Test("no address is longer than 2048 bytes, and no label than 63")
    func lengths() throws {
        let start = "http://example.org/"
        let longest = start + String(repeating: "a", count: WebAddress.maximumByteCount - start.utf8.count)
        #expect(
            try WebAddress(longest).target.utf8.count == WebAddress.maximumByteCount - start.utf8.count + 1
        )
        #expect(throws: FetchError.self) { try WebAddress(longest + "a") }
        #expect(throws: FetchError.self) {
            try WebAddress("http://\(String(repeating: "a", count: 64)).org/")
        }
    }

    @Test(
        "a redirect leads on as a link would",
        arguments: [
            ("/b.jpg", "https://example.org/b.jpg"), ("b.jpg?x", "https://example.org/x/b.jpg?x"),
            ("../b.jpg", "https://example.org/b.jpg"), ("//other.org/b", "https://other.org/b"),
            ("https://other.org", "https://other.org"),
        ]
    )
    func following(location: String, expected: String) throws {
        let next = try WebAddress("https://example.org/x/a.jpg").following(location)
        let wanted = try WebAddress(expected)
        #expect(next.host == wanted.host)
        #expect(next.target == wanted.target)
        #expect(next.isEncrypted && next.port == 443)
    }

    @Test("a redirect leads neither out of the web nor out of TLS")
    func notFollowing() throws {
        let address = try WebAddress("https://example.org/x/a.jpg")
        for location in ["file:///etc/passwd", "http://user@example.org/", "https://", "ftp://example.org/"] {
            #expect(throws: FetchError.malformedRedirect, "\(location)") { try address.following(location) }
        }
        #expect(throws: FetchError.downgraded) { try address.following("http://example.org/x/a.jpg") }
        #expect(try WebAddress("http://example.org/").following("https://example.org/").isEncrypted)
    }
}
