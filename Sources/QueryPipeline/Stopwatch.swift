/// Adds up the wall time of named stages, in the order in which they first ran.
struct Stopwatch {
    private var stages: [(name: String, duration: Duration)] = []

    var timings: [StageTiming] {
        stages.map { StageTiming(stage: $0.name, milliseconds: $0.duration / .milliseconds(1)) }
    }

    mutating func time<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
        let start = ContinuousClock.now
        defer {
            let duration = ContinuousClock.now - start
            if let index = stages.firstIndex(where: { $0.name == name }) {
                stages[index].duration += duration
            } else {
                stages.append((name, duration))
            }
        }
        return try body()
    }
}
