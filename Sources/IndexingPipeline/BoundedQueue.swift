internal import Foundation

/// Hands elements from some threads to others and makes the faster side wait.
///
/// At most `capacity` elements stand in the queue, so the memory of a pipeline does not grow with its input.
///
/// `@unchecked Sendable`: everything mutable is touched only while the condition's lock is held; the tests
/// hand a hundred thousand elements through under the thread sanitizer.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false

    init(capacity: Int) {
        precondition(capacity > 0, "a queue of \(capacity) elements passes nothing on")
        self.capacity = capacity
    }

    /// Appends an element, waiting for room; dropped when the queue is closed.
    func send(_ element: Element) {
        condition.lock()
        defer { condition.unlock() }
        while elements.count >= capacity, !isClosed { condition.wait() }
        guard !isClosed else { return }
        elements.append(element)
        condition.broadcast()
    }

    /// Says that nothing more will come; what stands in the queue can still be received.
    func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        condition.broadcast()
    }

    /// Removes the oldest element, waiting for one; nil when the queue is closed and empty.
    func receive() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, !isClosed { condition.wait() }
        guard !elements.isEmpty else { return nil }
        condition.broadcast()
        return elements.removeFirst()
    }

    /// Removes up to `count` elements, waiting until there are so many, or `patience` seconds have passed
    /// since the call and there is at least one; nil when the queue is closed and empty.
    func receive(upTo count: Int, patience: TimeInterval) -> [Element]? {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: patience)
        let wanted = min(count, capacity)
        while elements.count < wanted, !isClosed {
            if Date() < deadline {
                _ = condition.wait(until: deadline)
            } else if elements.isEmpty {
                condition.wait()
            } else {
                break
            }
        }
        guard !elements.isEmpty else { return nil }
        condition.broadcast()
        let batch = Array(elements.prefix(count))
        elements.removeFirst(batch.count)
        return batch
    }
}
