public import ImageDecoding

/// An embedding before it is averaged: what each position of the network's last map adds to it.
///
/// Pooling and projection are linear, so the embedding is a weighted sum of these vectors, scaled to length 1; and the
/// cosine of two embeddings is a sum over the positions of either picture, without any approximation. Zhou et al.,
/// *Learning Deep Features for Discriminative Localization*, 2016, use the same for classes.
public struct EmbeddingMap: Sendable {
    /// Rows of positions.
    public let rows: Int
    /// Positions in a row.
    public let columns: Int
    /// The projected vector of each position, row after row; not normalised.
    public let vectors: [[Float]]
    /// How much each position counts in the picture's embedding; they sum to 1.
    public let weights: [Float]
    /// The part of the picture that the network has seen: its positions divide it evenly.
    public let seen: PictureRegion

    /// A rectangle of positions.
    public struct Window: Hashable, Sendable {
        /// From the first row to the last.
        public let rows: Range<Int>
        /// From the first column to the last.
        public let columns: Range<Int>

        /// Names a rectangle.
        public init(rows: Range<Int>, columns: Range<Int>) {
            (self.rows, self.columns) = (rows, columns)
        }

        /// How many positions it has.
        public var count: Int { rows.count * columns.count }

        /// Positions in both, over positions in either.
        func overlap(_ other: Window) -> Double {
            let both = rows.clamped(to: other.rows).count * columns.clamped(to: other.columns).count
            return Double(both) / Double(count + other.count - both)
        }
    }

    /// All positions.
    public var whole: Window { Window(rows: 0..<rows, columns: 0..<columns) }

    /// The nine regions that a picture can be indexed by: three by three windows of 3/7 of each side, which overlap.
    ///
    /// Of the arrangements of Tolias et al., *Particular object retrieval with integral max-pooling of CNN activations*,
    /// 2016, the one that gained most for its number; docs/prediction-pipeline.md has the figures.
    public var regionWindows: [Window] { Self.regionWindows(rows: rows, columns: columns) }

    static func regionWindows(rows: Int, columns: Int) -> [Window] {
        func ranges(_ count: Int) -> [Range<Int>] {
            let length = max(1, (3 * count + 3) / 7)
            return [0, (count - length) / 2, count - length].map { $0..<$0 + length }
        }
        return ranges(rows).flatMap { rows in ranges(columns).map { Window(rows: rows, columns: $0) } }
    }

    /// Returns the embedding of a part of the picture, of length 1: the mean over its positions, and of the whole picture its
    /// own embedding.
    ///
    /// Positions see beyond their own square, so this is not quite the embedding of the part cut out.
    public func embedding(of window: Window) -> [Float] {
        if window == whole { return pooled.scaledToUnitLength() }
        var sum = [Float](repeating: 0, count: vectors[0].count)
        for row in window.rows {
            for column in window.columns {
                let vector = vectors[row * columns + column]
                for index in sum.indices { sum[index] += vector[index] }
            }
        }
        return sum.scaledToUnitLength()
    }

    /// The picture's embedding before it is scaled.
    private var pooled: [Float] {
        var sum = [Float](repeating: 0, count: vectors[0].count)
        for (vector, weight) in zip(vectors, weights) {
            for index in sum.indices { sum[index] += weight * vector[index] }
        }
        return sum
    }

    /// Returns what each position adds to the cosine between the picture's embedding and `other`, of length 1; they sum
    /// to that cosine.
    public func contributions(to other: [Float]) -> [Float] {
        let sum = pooled
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return vectors.map { _ in 0 } }
        return zip(vectors, weights).map { vector, weight in
            zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 } * weight / length
        }
    }

    /// Returns the rectangle that adds most to the cosine with `other` beyond what its size alone would, and its share of
    /// the cosine, 0 to 1. O((rows · columns)²).
    public func matchingWindow(with other: [Float]) -> (window: Window, share: Float) {
        let contributions = self.contributions(to: other)
        let total = contributions.reduce(0, +)
        let mean = total / Float(contributions.count)
        let sums = SummedArea(contributions, rows: rows, columns: columns)
        var best = (window: whole, excess: -Float.infinity)
        for window in windows() where window != whole {
            let excess = sums.sum(window) - mean * Float(window.count)
            if excess > best.excess { best = (window, excess) }
        }
        return (best.window, share(of: best.window, inCosineWith: other))
    }

    /// Returns the share of the cosine with `other` that a rectangle adds, 0 to 1.
    public func share(of window: Window, inCosineWith other: [Float]) -> Float {
        let contributions = self.contributions(to: other)
        let total = contributions.reduce(0, +)
        let sum = SummedArea(contributions, rows: rows, columns: columns).sum(window)
        return total > 0 ? min(1, max(0, sum / total)) : 0
    }

    /// Returns up to `count` rectangles that carry more of the picture's own embedding than their size alone would, and
    /// overlap little; with their share of it. The best first.
    public func salientWindows(count: Int) -> [(window: Window, share: Float)] {
        let sums = SummedArea(contributions(to: embedding(of: whole)), rows: rows, columns: columns)
        let least = max(2, min(rows, columns) / 3)
        let mean = sums.sum(whole) / Float(whole.count)
        // Between all of a rectangle's excess, which favours large ones, and its mean, which favours small ones.
        let candidates = windows()
            .filter { min($0.rows.count, $0.columns.count) >= least && 2 * $0.count <= whole.count }
            .map { ($0, (sums.sum($0) - mean * Float($0.count)) / Float($0.count).squareRoot()) }
            .filter { $0.1 > 0 }
            .sorted { $0.1 > $1.1 }
        var chosen: [Window] = []
        for (window, _) in candidates where chosen.count < count {
            if chosen.allSatisfy({ $0.overlap(window) < 0.34 }) { chosen.append(window) }
        }
        return chosen.map { ($0, min(1, max(0, sums.sum($0)))) }
    }

    /// Where a rectangle of positions lies in the picture.
    public func region(_ window: Window) -> PictureRegion {
        Self.region(window, rows: rows, columns: columns, of: seen)
    }

    static func region(_ window: Window, rows: Int, columns: Int, of seen: PictureRegion) -> PictureRegion {
        let (height, width) = (seen.height / Double(rows), seen.width / Double(columns))
        return PictureRegion(
            x: seen.x + Double(window.columns.lowerBound) * width,
            y: seen.y + Double(window.rows.lowerBound) * height,
            width: Double(window.columns.count) * width,
            height: Double(window.rows.count) * height
        )
    }

    private func windows() -> [Window] {
        var windows: [Window] = []
        for top in 0..<rows {
            for bottom in top + 1...rows {
                for left in 0..<columns {
                    for right in left + 1...columns {
                        windows.append(Window(rows: top..<bottom, columns: left..<right))
                    }
                }
            }
        }
        return windows
    }
}

/// Sums of all rectangles from the upper left corner: any rectangle's sum in four steps.
private struct SummedArea {
    private let sums: [Float]
    private let stride: Int

    init(_ values: [Float], rows: Int, columns: Int) {
        stride = columns + 1
        var sums = [Float](repeating: 0, count: (rows + 1) * stride)
        for row in 0..<rows {
            for column in 0..<columns {
                sums[(row + 1) * stride + column + 1] =
                    values[row * columns + column] + sums[row * stride + column + 1]
                    + sums[(row + 1) * stride + column] - sums[row * stride + column]
            }
        }
        self.sums = sums
    }

    func sum(_ window: EmbeddingMap.Window) -> Float {
        func corner(_ row: Int, _ column: Int) -> Float { sums[row * stride + column] }
        return corner(window.rows.upperBound, window.columns.upperBound)
            - corner(window.rows.lowerBound, window.columns.upperBound)
            - corner(window.rows.upperBound, window.columns.lowerBound)
            + corner(window.rows.lowerBound, window.columns.lowerBound)
    }
}
