internal import Foundation

/// Lends workers of one size out, and starts them when they are first needed.
///
/// `@unchecked Sendable`: everything mutable is touched only while the condition's lock is held.
final class WorkerPool: @unchecked Sendable {
    let memoryMebibytes: Int
    /// Pictures after which a worker is replaced, for what libraries leak.
    private let picturesPerWorker: Int
    private let command: WorkerCommand
    private let capacity: Int
    private let condition = NSCondition()
    private var idle: [WorkerProcess] = []
    private var lent: [ObjectIdentifier: WorkerProcess] = [:]
    /// Workers that are there or being started.
    private var count = 0
    private var isStopped = false

    init(_ command: WorkerCommand, capacity: Int, memoryMebibytes: Int, picturesPerWorker: Int) {
        precondition(capacity >= 1, "a pool of \(capacity) workers decodes nothing")
        (self.command, self.capacity, self.memoryMebibytes) = (command, capacity, memoryMebibytes)
        self.picturesPerWorker = picturesPerWorker
    }

    /// Hands out a worker, waiting for one if all are lent.
    ///
    /// - Throws: `unavailable` when none can be started, or the pool has been stopped.
    func lend() throws(ImageDecodingError) -> WorkerProcess {
        condition.lock()
        while idle.isEmpty, count >= capacity, !isStopped { condition.wait() }
        if isStopped {
            condition.unlock()
            throw Self.stopped
        }
        if let worker = idle.popLast() {
            lent[ObjectIdentifier(worker)] = worker
            condition.unlock()
            return worker
        }
        count += 1
        condition.unlock()
        do throws(ImageDecodingError) {
            let worker = try WorkerProcess(command, memoryMebibytes: memoryMebibytes)
            // Known before it is ready, so that stopping need not wait for it.
            let isWanted = condition.withLock {
                lent[ObjectIdentifier(worker)] = worker
                return !isStopped
            }
            if !isWanted { worker.interrupt() }
            do throws(ImageDecodingError) {
                try worker.waitUntilReady()
            } catch {
                condition.withLock { lent[ObjectIdentifier(worker)] = nil }
                throw hasStopped ? Self.stopped : error
            }
            return worker
        } catch {
            condition.withLock {
                count -= 1
                condition.signal()
            }
            throw error
        }
    }

    /// Takes a worker back that may be lent again.
    func takeBack(_ worker: WorkerProcess) {
        let isSpent = worker.pictureCount >= picturesPerWorker
        let isKept = condition.withLock {
            guard !isSpent, !isStopped else { return false }
            lent[ObjectIdentifier(worker)] = nil
            idle.append(worker)
            condition.signal()
            return true
        }
        if !isKept { end(worker) }
    }

    /// Ends a worker that is of no use any more, and says how it came to its end.
    @discardableResult
    func end(_ worker: WorkerProcess) -> WorkerProcess.End? {
        let end = worker.end()
        condition.withLock {
            lent[ObjectIdentifier(worker)] = nil
            count -= 1
            condition.signal()
        }
        return end
    }

    /// Ends all workers, those at work included; none is lent any more.
    func stop() {
        let workers = condition.withLock {
            isStopped = true
            condition.broadcast()
            defer { idle = [] }
            return idle + lent.values
        }
        for worker in workers { worker.interrupt() }
    }

    /// Whether the pool has been stopped.
    var hasStopped: Bool { condition.withLock { isStopped } }

    static let stopped = ImageDecodingError(
        reason: .unavailable,
        message: "Decoding was stopped; try again."
    )
}
