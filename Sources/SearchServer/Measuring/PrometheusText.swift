/// Writes figures in the text format that Prometheus reads, version 0.0.4.
struct PrometheusText {
    /// What kind of figure a name stands for.
    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// Writes one figure without labels.
    mutating func write(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(name, [:], value)
    }

    /// Writes the figures of one name, a line for each set of labels.
    mutating func write(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ samples: [(labels: [String: String], value: Double)]
    ) {
        guard !samples.isEmpty else { return }
        begin(name, kind, help)
        for each in samples { sample(name, each.labels, each.value) }
    }

    /// Writes latencies in seconds.
    mutating func write(
        _ name: String,
        _ help: String,
        _ samples: [(labels: [String: String], histogram: LatencyHistogram)]
    ) {
        guard !samples.isEmpty else { return }
        begin(name, .histogram, help)
        for (labels, histogram) in samples {
            for (bound, count) in zip(Self.bounds, histogram.cumulativeCounts(at: Self.bounds)) {
                sample(
                    "\(name)_bucket",
                    labels.merging(["le": Self.number(bound / 1000)]) { $1 },
                    Double(count)
                )
            }
            sample("\(name)_bucket", labels.merging(["le": "+Inf"]) { $1 }, Double(histogram.count))
            sample("\(name)_sum", labels, histogram.sum / 1000)
            sample("\(name)_count", labels, Double(histogram.count))
        }
    }

    /// The bounds of latencies that are told, in milliseconds.
    static let bounds: [Double] = [
        0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000,
    ]

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: [String: String], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        let whole = Int(exactly: value)
        return whole.map(String.init) ?? String(value)
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
