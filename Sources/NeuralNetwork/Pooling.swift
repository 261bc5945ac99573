/// How the last feature map becomes one vector.
public enum Pooling: String, Hashable, Sendable, CaseIterable {
    /// The mean over all positions.
    case average
    /// That mean, mixed with the mean over the middle: what a photograph is of seldom lies at its border.
    ///
    /// ``middleShare`` of the vector is the mean over the positions that do not lie at the border, the rest the mean over all.
    /// docs/representation-learning.md has what that gains.
    case centerWeighted = "center-weighted"

    /// How much of the vector is the mean over the middle.
    static let middleShare: Float = 0.4

    /// Returns the positions of the middle of a map, row after row; all of them where there is no border to leave out.
    func middle(rows: Int, columns: Int) -> [Int] {
        guard self == .centerWeighted, rows > 2, columns > 2 else { return Array(0..<rows * columns) }
        return (1..<rows - 1).flatMap { row in (1..<columns - 1).map { row * columns + $0 } }
    }

    /// Returns how much each position of a map counts, row after row; the weights sum to 1.
    public func weights(rows: Int, columns: Int) -> [Float] {
        let count = rows * columns
        let middle = middle(rows: rows, columns: columns)
        guard middle.count < count else { return Array(repeating: 1 / Float(count), count: count) }
        var weights = [Float](repeating: (1 - Self.middleShare) / Float(count), count: count)
        for position in middle { weights[position] += Self.middleShare / Float(middle.count) }
        return weights
    }
}
