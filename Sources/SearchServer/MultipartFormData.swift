internal import QueryPipeline

/// Says why a multipart body could not be read.
enum MultipartError: Error, Equatable {
    case missingBoundary
    case invalidBoundary
    case missingOpeningBoundary
    case missingFinalBoundary
    case unendedHeaders
    case headersTooLarge(limit: Int)
    case malformedHeader
    case tooManyParts(limit: Int)

    /// The reason, as the end of a sentence.
    var reason: String {
        switch self {
        case .missingBoundary: "its Content-Type names no boundary."
        case .invalidBoundary: "a boundary has 1 to 70 printable characters."
        case .missingOpeningBoundary: "the boundary its Content-Type names does not occur in it."
        case .missingFinalBoundary: "it ends before its closing boundary."
        case .unendedHeaders: "the headers of a part do not end."
        case .headersTooLarge(let limit): "the headers of a part are longer than \(limit) bytes."
        case .malformedHeader: "a header of a part is not of the form name: value."
        case .tooManyParts(let limit): "it has more than \(limit) parts."
        }
    }
}

/// Reads `multipart/form-data` bodies that lie in memory as a whole (RFC 7578, with the grammar of RFC 2046
/// §5.1).
///
/// Nothing is copied while parsing: a part's content is a slice of the body. Time is linear in the body, and
/// the limits below bound what a hostile body can make us keep.
enum MultipartFormData {
    /// One field or file of the form.
    struct Part {
        /// The field's name in the form; nil when the part names none.
        var name: String?
        /// The part's own content type, as written.
        var contentType: String?
        /// The bytes between the part's headers and the next boundary.
        var content: ArraySlice<UInt8>
    }

    /// As many pictures as a query is made of, and what is asked of them.
    static let maximumPartCount = SearchRequest.maximumExampleCount + 1
    static let maximumHeaderByteCount = 8 << 10

    /// Returns the parts of `body` in their order.
    ///
    /// Text before the first boundary and after the last is ignored, as the RFC asks.
    ///
    /// - Throws: ``MultipartError`` when the body does not follow the grammar or goes past a limit.
    static func parts(of body: [UInt8], boundary: String) throws(MultipartError) -> [Part] {
        let delimiter = try delimiter(for: boundary)
        var parts: [Part] = []
        var scanner = DelimiterScanner(body: body, delimiter: delimiter)
        guard var boundary = scanner.next() else { throw .missingOpeningBoundary }
        while !boundary.isFinal {
            guard let following = scanner.next() else { throw .missingFinalBoundary }
            guard parts.count < maximumPartCount else { throw .tooManyParts(limit: maximumPartCount) }
            // The line end after one boundary may be the line end before the next: then the part is empty.
            let start = min(boundary.range.upperBound, following.range.lowerBound)
            parts.append(try part(from: body[start..<following.range.lowerBound]))
            boundary = following
        }
        return parts
    }

    /// Returns the boundary that a Content-Type of `multipart/form-data` names.
    static func boundary(in contentType: HeaderValue) throws(MultipartError) -> String {
        guard let boundary = contentType.parameters["boundary"] else { throw .missingBoundary }
        return boundary
    }

    private static func delimiter(for boundary: String) throws(MultipartError) -> [UInt8] {
        let bytes = Array(boundary.utf8)
        guard (1...70).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .invalidBoundary
        }
        return Array("--".utf8) + bytes
    }

    private static func part(from slice: ArraySlice<UInt8>) throws(MultipartError) -> Part {
        var part = Part(content: [])
        var rest = slice
        while !rest.isEmpty {
            guard let lineEnd = rest.firstLineEnd else {
                throw slice.count > maximumHeaderByteCount
                    ? .headersTooLarge(limit: maximumHeaderByteCount) : .unendedHeaders
            }
            guard lineEnd + 2 - slice.startIndex <= maximumHeaderByteCount else {
                throw .headersTooLarge(limit: maximumHeaderByteCount)
            }
            let line = rest[rest.startIndex..<lineEnd]
            rest = rest[(lineEnd + 2)...]
            if line.isEmpty { break }
            try read(header: line, into: &part)
        }
        part.content = rest
        return part
    }

    private static func read(header line: ArraySlice<UInt8>, into part: inout Part) throws(MultipartError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
            throw .malformedHeader
        }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
        switch name {
        case "content-disposition":
            let disposition = HeaderValue(value)
            if disposition.value == "form-data" { part.name = disposition.parameters["name"] }
        case "content-type":
            part.contentType = HeaderValue(value).value
        default:
            break
        }
    }
}

/// Finds the lines of a body that are boundaries.
private struct DelimiterScanner {
    struct Boundary {
        /// From the line end that belongs to the boundary to the end of its own line.
        var range: Range<Int>
        var isFinal: Bool
    }

    let body: [UInt8]
    let delimiter: [UInt8]
    var position = 0

    init(body: [UInt8], delimiter: [UInt8]) {
        self.body = body
        self.delimiter = delimiter
    }

    /// Returns the next boundary, or nil when there is none any more.
    mutating func next() -> Boundary? {
        if position == 0, let boundary = boundary(lineStart: 0, contentEnd: 0) {
            return advance(past: boundary)
        }
        while let lineEnd = body[position...].firstLineEnd {
            if let boundary = boundary(lineStart: lineEnd + 2, contentEnd: lineEnd) {
                return advance(past: boundary)
            }
            position = lineEnd + 2
        }
        return nil
    }

    private mutating func advance(past boundary: Boundary) -> Boundary {
        // Stops before the boundary's own line end: it may open the next boundary.
        position = boundary.isFinal ? boundary.range.upperBound : boundary.range.upperBound - 2
        return boundary
    }

    private func boundary(lineStart: Int, contentEnd: Int) -> Boundary? {
        guard body[lineStart...].starts(with: delimiter) else { return nil }
        var end = lineStart + delimiter.count
        let isFinal = body[end...].starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")])
        if isFinal { return Boundary(range: contentEnd..<(end + 2), isFinal: true) }
        while end < body.count, body[end] == UInt8(ascii: " ") || body[end] == UInt8(ascii: "\t") { end += 1 }
        guard body[end...].starts(with: [UInt8(ascii: "\r"), UInt8(ascii: "\n")]) else { return nil }
        return Boundary(range: contentEnd..<(end + 2), isFinal: false)
    }
}

extension ArraySlice<UInt8> {
    /// The index of the first CR that an LF follows.
    fileprivate var firstLineEnd: Int? {
        var start = startIndex
        while let index = self[start...].firstIndex(of: UInt8(ascii: "\r")) {
            if index + 1 < endIndex, self[index + 1] == UInt8(ascii: "\n") { return index }
            start = index + 1
        }
        return nil
    }
}
