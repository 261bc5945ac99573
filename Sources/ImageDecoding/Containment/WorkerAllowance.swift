/// What one picture may take from the machine before its worker is ended.
public struct WorkerAllowance: Sendable, Hashable {
    /// Processor seconds for one picture; 4 unless told, and four times as many on the clock.
    public var processorSeconds: Double
    /// Address space of a worker in MiB; 768 unless told. One worker at a time may have twice as much, for pictures that a
    /// decoder has to hold whole.
    public var memoryMebibytes: Int

    /// Sets what is named and keeps the rest as usual.
    public init(processorSeconds: Double = 4, memoryMebibytes: Int = 768) {
        precondition(processorSeconds > 0, "no picture can be decoded in \(processorSeconds) s")
        precondition(memoryMebibytes >= 256, "libvips does not start in \(memoryMebibytes) MiB")
        self.processorSeconds = processorSeconds
        self.memoryMebibytes = memoryMebibytes
    }

    /// What is usual.
    public static let `default` = WorkerAllowance()

    /// Seconds on the clock, for a worker that waits instead of working.
    var wallSeconds: Double { 4 * processorSeconds }

    /// Bytes of samples that a worker of the usual size may have to hold at once; libraries and copies need the rest.
    var usualSampleByteCount: Int { memoryMebibytes << 20 / 4 }
}
