/// A recall measured on a sample of queries, and how far the recall over all queries may be from it.
public struct RecallEstimate: Hashable, Sendable {
    /// The share of the true neighbours that were found, over all queries; 1 when none were to be found.
    public let value: Double
    /// Both ends of the 95 % interval.
    public let interval: ClosedRange<Double>

    /// Estimates from what each query found of what was to be found.
    ///
    /// Wilson's score interval (1927), which does not shrink to a point where nothing was missed. Misses come
    /// in clumps, all those of a bad query at once, so answers count as fewer independent trials than they are
    /// (Kish's design effect, *Survey Sampling*, 1965): the variance between queries, over the variance if
    /// misses were strewn about.
    init(found: [Int], of wanted: [Int]) {
        precondition(found.count == wanted.count, "\(found.count) findings of \(wanted.count) queries")
        let trials = Double(wanted.reduce(0, +))
        guard trials > 0 else {
            (value, interval) = (1, 0...1)
            return
        }
        let mean = Double(found.reduce(0, +)) / trials
        let strewn = mean * (1 - mean) * trials
        let clumped = zip(found, wanted).reduce(0) { sum, query in
            let excess = Double(query.0) - mean * Double(query.1)
            return sum + excess * excess
        }
        let designEffect = strewn > 0 ? max(1, clumped / strewn) : 1
        value = mean
        interval = Self.wilsonInterval(share: mean, trials: trials / designEffect)
    }

    private static func wilsonInterval(share: Double, trials: Double) -> ClosedRange<Double> {
        let z = 1.959_964
        let centre = share + z * z / (2 * trials)
        let spread = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)).squareRoot()
        let scale = 1 + z * z / trials
        // The share itself is inside; at 0 and at 1 rounding would leave it out.
        return min(share, (centre - spread) / scale)...max(share, (centre + spread) / scale)
    }
}
