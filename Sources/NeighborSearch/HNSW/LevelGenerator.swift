/// Draws the top layers of new nodes, reproducibly.
struct LevelGenerator {
    /// SplitMix64's whole state; saved with the graph, so that a loaded index goes on drawing where it
    /// stopped.
    var state: UInt64

    /// The highest level ever drawn. With M = 3 one node in two thousand million million would draw a higher one.
    static let highestLevel = 32

    /// Returns a level l with probability M^-l · (1 − 1/M).
    ///
    /// The paper's ⌊−ln(u) · mL⌋ with mL = 1/ln M is this geometric distribution; counting successes of
    /// chance 1/M needs no logarithm, whose last bit differs between C libraries.
    mutating func next(connectivity: Int) -> Int {
        let threshold = UInt64.max / UInt64(connectivity)
        var level = 0
        while level < Self.highestLevel, nextWord() < threshold {
            level += 1
        }
        return level
    }

    /// What ``next(connectivity:)`` would return, and the generator after it.
    func peek(connectivity: Int) -> (value: Int, generator: LevelGenerator) {
        var generator = self
        let value = generator.next(connectivity: connectivity)
        return (value, generator)
    }

    /// SplitMix64 (Steele, Lea & Flood 2014).
    private mutating func nextWord() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
