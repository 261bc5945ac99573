internal import NIOCore

/// Measures how fast a request's body comes.
struct BodyPace {
    /// What it has to bring in a second, on average since its head.
    let bytesPerSecond: Int
    /// How long it may bring less.
    let grace: Duration
    var receivedByteCount = 0
    private var begin = NIODeadline.uptimeNanoseconds(0)

    init(bytesPerSecond: Int, grace: Duration) {
        (self.bytesPerSecond, self.grace) = (bytesPerSecond, grace)
    }

    /// Begins with a new body.
    mutating func start(at now: NIODeadline) {
        (begin, receivedByteCount) = (now, 0)
    }

    /// Returns whether the body has come as fast as it has to.
    func isKept(at now: NIODeadline) -> Bool {
        let seconds = Double((now - begin).nanoseconds) / 1e9
        return Double(receivedByteCount) >= seconds * Double(bytesPerSecond)
    }
}
