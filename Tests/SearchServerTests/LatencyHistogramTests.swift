import Foundation
import TestSupport
import Testing

@testable import SearchServer

@Suite struct LatencyHistogramTests {
    @Test("percentiles are off by a quarter at most, whatever the durations", arguments: 1...20)
    func percentiles(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var histogram = LatencyHistogram()
        // Evenly spread over all magnitudes.
        var durations = (0..<1000).map { _ in pow(10, Double.random(in: -1.9...4.9, using: &generator)) }
        for duration in durations { histogram.record(duration) }
        durations.sort()
        for share in [0.01, 0.5, 0.9, 0.95, 0.99, 1] {
            let exact = durations[max(1, Int((share * 1000).rounded(.up))) - 1]
            let told = histogram.percentile(share)
            #expect(told > exact / 1.281 && told < exact * 1.281, "\(share): \(told) for \(exact)")
        }
        #expect(histogram.percentile(1) <= histogram.longest)
    }

    @Test("nothing counted is nothing told, and what no band fits is still counted")
    func extremes() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.99) == 0)
        histogram.record(0)
        histogram.record(1e9)
        #expect(histogram.count == 2)
        #expect(histogram.percentile(0.5) <= 0.01)
        #expect(histogram.percentile(1) == 1e9)
    }

    @Test("a bound belongs to the band below it, as Prometheus reads it")
    func bounds() {
        for bound in PrometheusText.bounds { #expect(LatencyHistogram.bounds.contains(bound), "\(bound)") }
        var histogram = LatencyHistogram()
        for bound in PrometheusText.bounds { histogram.record(bound) }
        #expect(
            histogram.cumulativeCounts(at: PrometheusText.bounds) == Array(1...PrometheusText.bounds.count)
        )
    }
}
