/// Counts durations in bands that are a quarter wide, from 10 µs to 100 s.
///
/// The bounds are the R10 series of preferred numbers (ISO 3), ten to a decade: narrow enough for percentiles, and among them
/// are 1, 2.5 and 5 of each decade, which Prometheus is given.
struct LatencyHistogram: Sendable, Equatable {
    /// Upper bounds of the bands in milliseconds, ascending; what is longer falls in one more band.
    static let bounds: [Double] = {
        let series = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]
        let decades = [0.01, 0.1, 1, 10, 100, 1000, 10_000]
        return decades.flatMap { decade in series.map { ($0 * decade * 1e6).rounded() / 1e6 } } + [100_000]
    }()

    private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
    private(set) var count = 0
    /// Sum of all durations in milliseconds.
    private(set) var sum = 0.0
    private(set) var longest = 0.0

    /// Counts a duration, in milliseconds.
    mutating func record(_ milliseconds: Double) {
        counts[Self.band(of: milliseconds)] += 1
        count += 1
        sum += milliseconds
        longest = max(longest, milliseconds)
    }

    /// Returns the duration, in milliseconds, that a share of all durations does not exceed; 0 without any.
    ///
    /// Within its band it is taken to lie as if the band were evenly filled, so it is off by a quarter at most.
    func percentile(_ share: Double) -> Double {
        precondition((0...1).contains(share), "a share is 0 to 1, not \(share)")
        let rank = max(1, (share * Double(count)).rounded(.up))
        var below = 0
        for (band, inBand) in counts.enumerated() where inBand > 0 {
            if Double(below + inBand) >= rank {
                let lower = band == 0 ? 0 : Self.bounds[band - 1]
                let upper = band < Self.bounds.count ? min(Self.bounds[band], longest) : longest
                return min(lower + (upper - lower) * (rank - Double(below)) / Double(inBand), longest)
            }
            below += inBand
        }
        return 0
    }

    /// Returns how many durations were at most as long as each of some bounds, which have to be among ``bounds``.
    func cumulativeCounts(at wanted: [Double]) -> [Int] {
        var total = 0
        var result: [Int] = []
        for (band, bound) in Self.bounds.enumerated() {
            total += counts[band]
            if wanted.contains(bound) { result.append(total) }
        }
        return result
    }

    private static func band(of milliseconds: Double) -> Int {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < milliseconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
