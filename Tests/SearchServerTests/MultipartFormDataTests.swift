import TestSupport
import Testing

@testable import SearchServer

@Suite struct MultipartFormDataTests {
    private func parts(_ body: String, boundary: String = "b") throws -> [(name: String?, content: String)] {
        try MultipartFormData.parts(of: Array(body.utf8), boundary: boundary)
            .map { ($0.name, String(decoding: $0.content, as: UTF8.self)) }
    }

    @Test("parts come in their order, with their bytes untouched")
    func order() throws {
        let found = try parts(
            """
            --b\r\nContent-Disposition: form-data; name="one"\r\n\r\n1\r\n\
            --b\r\ncontent-type: image/png\r\nCONTENT-DISPOSITION:form-data;name=two\r\n\r\n\r\n2\r\n\r\n--b--\r\n
            """
        )
        #expect(found.map(\.name) == ["one", "two"])
        #expect(found.map(\.content) == ["1", "\r\n2\r\n"])
    }

    @Test("what stands before the first boundary and after the last is ignored")
    func preambleAndEpilogue() throws {
        #expect(try parts("hello\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\nnot a part").map(\.content) == ["x"])
    }

    @Test(
        "a boundary inside a line, or as the start of a longer word, is content",
        arguments: ["x--b--x", "\r\n--bb\r\n", "\r\n--", "\n--b\n", "\r--b\r", "\r\n --b\r\n"]
    )
    func almostBoundaries(content: String) throws {
        #expect(try parts("--b\r\n\r\n\(content)\r\n--b--").map(\.content) == [content])
    }

    @Test("blanks after a boundary are allowed, and a part may have no headers or no content")
    func lenience() throws {
        #expect(try parts("--b \t\r\n\r\nx\r\n--b  \r\n\r\n\r\n--b--").map(\.content) == ["x", ""])
        #expect(try parts("--b\r\nContent-Disposition: form-data; name=n\r\n\r\n--b--").map(\.name) == ["n"])
        #expect(try parts("--b--").isEmpty)
        #expect(try parts("x--b\r\n\r\nx\r\n--b--").isEmpty)
    }

    @Test("a name counts only in a form's own disposition")
    func disposition() throws {
        #expect(
            try parts("--b\r\nContent-Disposition: attachment; name=n\r\n\r\nx\r\n--b--").map(\.name) == [nil]
        )
        #expect(try parts("--b\r\nX: y; name=n\r\n\r\nx\r\n--b--").map(\.name) == [nil])
    }

    @Test(
        "each way of breaking the grammar has its reason",
        arguments: [
            ("", MultipartError.missingOpeningBoundary),
            ("--c\r\n\r\nx\r\n--c--", .missingOpeningBoundary),
            ("x--b\r\n\r\nx", .missingOpeningBoundary),
            ("--b\r\n\r\nx", .missingFinalBoundary),
            ("--b\r\n\r\nx\r\n--b\r\n", .missingFinalBoundary),
            ("--b\r\n\r\nx\r\n--b-", .missingFinalBoundary),
            ("--b\n\nx\n--b--", .missingOpeningBoundary),
            ("--b\r\nname: value\r\n--b--", .unendedHeaders),
            ("--b\r\nno colon\r\n\r\nx\r\n--b--", .malformedHeader),
            ("--b\r\n: value\r\n\r\nx\r\n--b--", .malformedHeader),
        ] as [(String, MultipartError)]
    )
    func faults(body: String, error: MultipartError) {
        #expect(throws: error) { try parts(body) }
    }

    @Test("headers and parts are bounded")
    func limits() {
        let long = String(repeating: "h", count: MultipartFormData.maximumHeaderByteCount)
        let tooLarge = MultipartError.headersTooLarge(limit: MultipartFormData.maximumHeaderByteCount)
        #expect(throws: tooLarge) { try parts("--b\r\nX: \(long)\r\n\r\nx\r\n--b--") }
        #expect(throws: tooLarge) { try parts("--b\r\nX: \(long)\r\n--b--") }
        let many =
            String(repeating: "--b\r\n\r\nx\r\n", count: MultipartFormData.maximumPartCount + 1) + "--b--"
        #expect(throws: MultipartError.tooManyParts(limit: MultipartFormData.maximumPartCount)) {
            try parts(many)
        }
    }

    @Test(
        "a boundary is 1 to 70 printable characters",
        arguments: ["", String(repeating: "x", count: 71), "a\nb", "é"]
    )
    func invalidBoundaries(boundary: String) {
        #expect(throws: MultipartError.invalidBoundary) { try parts("--\(boundary)--", boundary: boundary) }
    }

    @Test("a quoted boundary with blanks in it is the boundary")
    func quotedBoundary() throws {
        let type = HeaderValue("multipart/form-data; boundary=\"a b:c\"")
        let boundary = try MultipartFormData.boundary(in: type)
        #expect(try parts("--a b:c\r\n\r\nx\r\n--a b:c--", boundary: boundary).map(\.content) == ["x"])
        #expect(throws: MultipartError.missingBoundary) {
            try MultipartFormData.boundary(in: HeaderValue("multipart/form-data"))
        }
    }

    @Test("whatever a form is made of, reading gives back what was written", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let form = RandomForm(using: &random)
        let parts = try MultipartFormData.parts(of: form.encoded, boundary: form.boundary)
        #expect(parts.map(\.name) == form.parts.map(\.name))
        #expect(parts.map { Array($0.content) } == form.parts.map(\.content))
    }

    @Test(
        "a damaged form is refused or read within its limits, and never read out of bounds",
        arguments: 0..<400
    )
    func mutations(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let form = RandomForm(using: &random)
        let body = random.damaged(form.encoded)
        guard let parts = try? MultipartFormData.parts(of: body, boundary: form.boundary) else { return }
        #expect(parts.count <= MultipartFormData.maximumPartCount)
        let boundaryLine = Array("\r\n--\(form.boundary)\r\n".utf8)
        for part in parts {
            // A part's content lies in the body where its slice says, and holds no boundary of its own.
            #expect(part.content.startIndex >= 0 && part.content.endIndex <= body.count)
            #expect(part.content.elementsEqual(body[part.content.indices]))
            #expect(!part.content.contains(boundaryLine))
        }
    }
}

/// A form whose contents are made of what boundaries are made of.
private struct RandomForm {
    var boundary: String
    var parts: [(name: String?, content: [UInt8])]

    init(using random: inout SeededGenerator) {
        let boundary = String(
            (0..<Int.random(in: 1...4, using: &random)).map { _ in "-b".randomElement(using: &random)! }
        )
        let delimiter = Array("\r\n--\(boundary)".utf8)
        let pieces: [[UInt8]] = [
            [0x0D], [0x0A], [0x2D], [0x2D, 0x2D], Array(boundary.utf8), [0x00], [0xFF], [0x20],
        ]
        self.boundary = boundary
        parts = (0..<Int.random(in: 0...4, using: &random)).map { index in
            var content: [UInt8] = []
            repeat {
                content = (0..<Int.random(in: 0...40, using: &random))
                    .flatMap { _ in pieces.randomElement(using: &random)! }
            } while ([0x0D, 0x0A] + content + delimiter).contains(delimiter, before: content.count + 2)
            return (Bool.random(using: &random) ? "field \(index)" : nil, content)
        }
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            bytes += Array("--\(boundary)\r\n".utf8)
            if let name = part.name {
                bytes += Array("Content-Disposition: form-data; name=\"\(name)\"\r\n".utf8)
            }
            bytes += [0x0D, 0x0A] + part.content + [0x0D, 0x0A]
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }
}

extension Collection<UInt8> {
    /// Returns whether `pattern` occurs, starting before the given offset if one is given.
    fileprivate func contains(_ pattern: [UInt8], before limit: Int = .max) -> Bool {
        let bytes = Array(self)
        guard bytes.count >= pattern.count else { return false }
        return (0...(bytes.count - pattern.count)).contains {
            $0 < limit && bytes[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }
}
