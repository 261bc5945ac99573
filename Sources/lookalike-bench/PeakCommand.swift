import ArgumentParser
import CKernels

/// `lookalike-bench peak`: the ceiling that the network's speed is held against.
struct PeakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peak",
        abstract: "Measure how many multiply-adds of 32-bit floats the processor does in registers."
    )

    @Option(help: "How many threads at the same time.")
    var threads = 1

    @Option(help: "How long to measure.")
    var seconds = 1.0

    func run() throws {
        // Some 100 µs of work each time.
        let roundsPerCall = 20_000
        let found = throughput(threads: threads, seconds: seconds) { _ in
            return { Int(lk_peak_multiply_adds(roundsPerCall)) }
        }
        try writeJSON(
            Report(
                lanes: lk_peak_lanes(),
                multiplyAddsPerSecond: found.perSecond,
                multiplyAddsPerCPUSecond: Double(found.count) / found.cpuSeconds
            )
        )
    }

    private struct Report: Encodable {
        let lanes: Int
        /// Of all threads together.
        let multiplyAddsPerSecond: Double
        let multiplyAddsPerCPUSecond: Double
    }
}
