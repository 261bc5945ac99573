import Dispatch
import Synchronization

/// What several threads did side by side.
struct Throughput: Encodable {
    /// Pieces of work that all threads finished.
    let count: Int
    /// The sum of each thread's own rate. Threads end at different moments, by up to one call; their rates do not mind.
    let perSecond: Double
    /// Processor time of the process, all threads.
    let cpuSeconds: Double
}

/// Lets `threads` threads work for about `seconds` each, and tells what they did.
///
/// - Parameter makeWork: Called once on each thread, with its number, before the clock starts; returns what is then
///   called again and again, and returns how many pieces it has finished.
func throughput(
    threads: Int,
    seconds: Double,
    makeWork: @Sendable (Int) -> () -> Int
) -> Throughput {
    let found = Mutex((count: 0, perSecond: 0.0))
    let waiting = Atomic(threads)
    let cpu = processCPUSeconds()
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
        let work = makeWork(thread)
        waiting.subtract(1, ordering: .sequentiallyConsistent)
        while waiting.load(ordering: .sequentiallyConsistent) > 0 {}
        let start = ContinuousClock.now
        var (count, passed) = (0, 0.0)
        repeat {
            count += work()
            passed = (ContinuousClock.now - start) / .seconds(1)
        } while passed < seconds
        found.withLock { $0 = ($0.count + count, $0.perSecond + Double(count) / passed) }
    }
    let (count, perSecond) = found.withLock { $0 }
    return Throughput(count: count, perSecond: perSecond, cpuSeconds: processCPUSeconds() - cpu)
}
