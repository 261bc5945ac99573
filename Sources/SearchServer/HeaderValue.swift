/// A header field of the form `value; name=token; name="quoted \" string"` (RFC 9110 §5.6.6).
///
/// Reading never fails: what does not follow the grammar is left out, and of a parameter given twice the
/// first counts, so that nothing can be smuggled behind what another reader has already seen.
struct HeaderValue: Equatable {
    /// What stands before the first semicolon, in lower case.
    let value: String
    /// The parameters by their names in lower case.
    let parameters: [String: String]

    init(_ field: String) {
        // Bytes, not characters: a combining mark behind a quotation mark must not hide it.
        var rest = ArraySlice(field.utf8)
        value = Self.take(&rest, until: [.semicolon]).lowercased()
        var parameters: [String: String] = [:]
        while !rest.isEmpty {
            rest.removeFirst()
            let name = Self.take(&rest, until: [.equals, .semicolon]).lowercased()
            guard rest.first == .equals else { continue }
            rest.removeFirst()
            let value = Self.takeValue(&rest)
            if !name.isEmpty, parameters[name] == nil { parameters[name] = value }
        }
        self.parameters = parameters
    }

    /// Removes and returns everything up to the first byte that is one of `ends`, without blanks around it.
    private static func take(_ rest: inout ArraySlice<UInt8>, until ends: [UInt8]) -> String {
        let end = rest.firstIndex(where: ends.contains) ?? rest.endIndex
        defer { rest = rest[end...] }
        let taken = rest[..<end].drop(while: \.isBlank)
        let last = taken.lastIndex { !$0.isBlank } ?? taken.startIndex - 1
        return String(decoding: taken[...last], as: UTF8.self)
    }

    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> String {
        let quoted = rest.drop(while: \.isBlank)
        guard quoted.first == .quotationMark else { return take(&rest, until: [.semicolon]) }
        rest = quoted.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst(), byte != .quotationMark {
            value.append(byte == .backslash ? rest.popFirst() ?? byte : byte)
        }
        _ = take(&rest, until: [.semicolon])
        return String(decoding: value, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate static let semicolon = UInt8(ascii: ";")
    fileprivate static let equals = UInt8(ascii: "=")
    fileprivate static let quotationMark = UInt8(ascii: "\"")
    fileprivate static let backslash = UInt8(ascii: "\\")

    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
