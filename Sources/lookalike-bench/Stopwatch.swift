import Foundation

/// What a piece of work took.
struct Cost: Encodable {
    /// Seconds on the wall clock.
    let wallSeconds: Double
    /// Seconds of processor time of the whole process, all threads; the figure to trust on a busy machine.
    let cpuSeconds: Double
}

/// Runs `body` once and tells what it took.
func measure<Value>(_ body: () throws -> Value) rethrows -> (value: Value, cost: Cost) {
    let cpu = processCPUSeconds()
    let start = ContinuousClock.now
    let value = try body()
    let wall = (ContinuousClock.now - start) / .seconds(1)
    return (value, Cost(wallSeconds: wall, cpuSeconds: processCPUSeconds() - cpu))
}

/// Latencies of many calls.
struct Latencies: Encodable {
    let count: Int
    let medianMilliseconds: Double
    let p95Milliseconds: Double
    let p99Milliseconds: Double
    let maximumMilliseconds: Double

    /// Summarises wall times in milliseconds; there must be at least one.
    init(milliseconds: [Double]) {
        let sorted = milliseconds.sorted()
        func quantile(_ share: Double) -> Double {
            // Nearest rank: a latency that really occurred.
            sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
        }
        count = sorted.count
        medianMilliseconds = quantile(0.5)
        p95Milliseconds = quantile(0.95)
        p99Milliseconds = quantile(0.99)
        maximumMilliseconds = sorted[sorted.count - 1]
    }
}

/// Processor time of this process so far, all threads, user and system, in seconds.
func processCPUSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Memory of this process that is in RAM now, in bytes; nil where /proc does not tell.
struct ResidentMemory: Encodable {
    /// Private memory: heap and stacks.
    let anonymousBytes: Int
    /// Mapped files: the program itself and the index snapshot.
    let fileBytes: Int

    init?() {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
            return nil
        }
        func kilobytes(_ field: String) -> Int? {
            let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        }
        guard let anonymous = kilobytes("RssAnon"), let file = kilobytes("RssFile") else { return nil }
        anonymousBytes = anonymous * 1024
        fileBytes = file * 1024
    }
}
