/// A set of numbers of files or images, of which a catalog has few above the number of its rows: a bit each.
public struct RowIDs: Hashable, Sendable {
    private var words: [UInt64] = []

    /// Creates an empty set.
    public init() {}

    /// Adds a number, which is not negative.
    public mutating func insert(_ row: Int64) {
        let word = Int(row) / 64
        if word >= words.count { words += repeatElement(0, count: word + 1 - words.count) }
        words[word] |= 1 << (UInt64(row) % 64)
    }

    /// Whether a number has been added.
    public func contains(_ row: Int64) -> Bool {
        let word = Int(row) / 64
        return words.indices.contains(word) && words[word] & 1 << (UInt64(row) % 64) != 0
    }

    /// How many numbers have been added. Linear in the largest.
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// All numbers that have been added, ascending.
    public var all: [Int64] {
        words.indices.flatMap { word in
            (0..<64).compactMap { bit in
                words[word] & 1 << UInt64(bit) == 0 ? nil : Int64(word * 64 + bit)
            }
        }
    }
}
