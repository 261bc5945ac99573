import Foundation
import Testing

@testable import IndexingPipeline

@Suite("A bounded queue hands everything over, once, and never holds more than its capacity")
struct BoundedQueueTests {
    @Test("a hundred thousand elements from four threads reach four others, each once")
    func stress() {
        let queue = BoundedQueue<Int>(capacity: 16)
        let received = Received()
        let senders = DispatchGroup()
        let receivers = DispatchGroup()
        for sender in 0..<4 {
            Thread.detachNewThread(in: senders) {
                for number in 0..<25_000 { queue.send(sender * 25_000 + number) }
            }
        }
        for receiver in 0..<4 {
            Thread.detachNewThread(in: receivers) {
                if receiver.isMultiple(of: 2) {
                    while let number = queue.receive() { received.add([number]) }
                } else {
                    while let numbers = queue.receive(upTo: 7, patience: 0.01) {
                        #expect((1...7).contains(numbers.count))
                        received.add(numbers)
                    }
                }
            }
        }
        senders.wait()
        queue.close()
        receivers.wait()
        #expect(received.sorted == Array(0..<100_000))
    }

    @Test("elements keep their order between one sender and one receiver")
    func order() {
        let queue = BoundedQueue<Int>(capacity: 3)
        let group = DispatchGroup()
        Thread.detachNewThread(in: group) {
            for number in 0..<1000 { queue.send(number) }
            queue.close()
        }
        var numbers: [Int] = []
        while let batch = queue.receive(upTo: 2, patience: 60) { numbers += batch }
        #expect(numbers == Array(0..<1000))
        group.wait()
    }

    @Test("a batch is given out early when the queue is closed, and nil after it")
    func closing() {
        let queue = BoundedQueue<Int>(capacity: 10)
        queue.send(1)
        queue.close()
        queue.send(2)
        #expect(queue.receive(upTo: 5, patience: 3600) == [1])
        #expect(queue.receive(upTo: 5, patience: 3600) == nil)
        #expect(queue.receive() == nil)
    }

    @Test("closing wakes a sender that waits for room")
    func closingWakesSenders() {
        let queue = BoundedQueue<Int>(capacity: 1)
        queue.send(1)
        let group = DispatchGroup()
        Thread.detachNewThread(in: group) { queue.send(2) }
        queue.close()
        group.wait()
        #expect(queue.receive() == 1)
        #expect(queue.receive() == nil)
    }
}

private final class Received: @unchecked Sendable {
    private let lock = NSLock()
    private var numbers: [Int] = []

    func add(_ more: [Int]) {
        lock.withLock { numbers += more }
    }

    var sorted: [Int] { lock.withLock { numbers.sorted() } }
}

extension Thread {
    fileprivate static func detachNewThread(in group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        detachNewThread {
            body()
            group.leave()
        }
    }
}
