/// One pattern of the kind that .gitignore files have, matched against a path relative to the folder it belongs to.
///
/// Source: gitignore(5), "Pattern format". `*` and `?` match within a name, `[a-z]` and `[!a-z]` one character, `**`
/// any number of folders; a slash at the beginning or in the middle ties the pattern to the folder, one at the end lets
/// it match folders alone. Time is bounded by the product of the lengths, whatever the pattern.
struct GlobPattern: Sendable {
    /// The pattern as it was written.
    let text: String
    private let segments: [Segment]
    private let matchesFoldersOnly: Bool

    private enum Segment {
        case anyFolders
        case name([Element])
    }

    private enum Element {
        case literal(Unicode.Scalar)
        case anyCharacter
        case anyCharacters
        case characters([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    /// Reads a pattern; nil for one that would match nothing: empty, a comment, or a negation, which options of their own
    /// express.
    init?(_ text: String) {
        var pattern = text[...]
        guard !pattern.isEmpty, pattern.first != "#", pattern.first != "!" else { return nil }
        matchesFoldersOnly = pattern.hasSuffix("/")
        if matchesFoldersOnly { pattern = pattern.dropLast() }
        let isTied = pattern.contains("/")
        let names = pattern.split(separator: "/", omittingEmptySubsequences: true)
        guard !names.isEmpty else { return nil }
        self.text = text
        let parsed = names.map { $0 == "**" ? Segment.anyFolders : .name(Self.elements(of: $0)) }
        segments = isTied ? parsed : [.anyFolders] + parsed
    }

    /// Whether the pattern names the entry with these names, from the folder down.
    func matches(_ names: [String], isFolder: Bool) -> Bool {
        guard isFolder || !matchesFoldersOnly else { return false }
        return Self.matches(segments[...], names[...]) { segment, name in
            guard case .name(let elements) = segment else { return false }
            return Self.matches(elements[...], Array(name.unicodeScalars)[...]) { element, scalar in
                switch element {
                case .literal(let wanted): wanted == scalar
                case .anyCharacter: true
                case .anyCharacters: false
                case .characters(let ranges, let isNegated):
                    ranges.contains { $0.contains(scalar) } != isNegated
                }
            } isAny: {
                if case .anyCharacters = $0 { true } else { false }
            }
        } isAny: {
            if case .anyFolders = $0 { true } else { false }
        }
    }

    /// Matches a sequence against a pattern in which some elements stand for any number of items: goes on greedily, and
    /// on a mismatch lets the last such element take one item more. Earlier ones never need to be taken up again.
    private static func matches<Element, Item>(
        _ pattern: ArraySlice<Element>,
        _ items: ArraySlice<Item>,
        one: (Element, Item) -> Bool,
        isAny: (Element) -> Bool
    ) -> Bool {
        var (place, item) = (pattern.startIndex, items.startIndex)
        var resume: (place: Int, item: Int)?
        while item < items.endIndex {
            if place < pattern.endIndex, isAny(pattern[place]) {
                resume = (place + 1, item)
                place += 1
            } else if place < pattern.endIndex, one(pattern[place], items[item]) {
                place += 1
                item += 1
            } else if let (next, taken) = resume {
                resume = (next, taken + 1)
                (place, item) = (next, taken + 1)
            } else {
                return false
            }
        }
        while place < pattern.endIndex, isAny(pattern[place]) { place += 1 }
        return place == pattern.endIndex
    }

    private static func elements(of name: Substring) -> [Element] {
        var elements: [Element] = []
        var rest = name.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": elements.append(.anyCharacters)
            case "?": elements.append(.anyCharacter)
            case "\\": elements.append(.literal(rest.popFirst() ?? scalar))
            case "[":
                if let set = characters(&rest) {
                    elements.append(set)
                } else {
                    elements.append(.literal(scalar))
                }
            default: elements.append(.literal(scalar))
            }
        }
        return elements
    }

    /// Reads what follows an opening bracket; nil, and nothing read, when none closes it.
    private static func characters(_ rest: inout Substring.UnicodeScalarView) -> Element? {
        var ahead = rest
        let isNegated = ahead.first == "!" || ahead.first == "^"
        if isNegated { ahead.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while var first = ahead.popFirst() {
            // A closing bracket that comes first is one of the characters.
            if first == "]", !ranges.isEmpty {
                rest = ahead
                return .characters(ranges, isNegated: isNegated)
            }
            if first == "\\", let escaped = ahead.popFirst() { first = escaped }
            if ahead.first == "-", let last = ahead.dropFirst().first, last != "]" {
                ahead.removeFirst(2)
                if first <= last { ranges.append(first...last) }
            } else {
                ranges.append(first...first)
            }
        }
        return nil
    }
}
