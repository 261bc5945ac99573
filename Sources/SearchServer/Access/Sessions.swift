internal import Synchronization

/// The sessions of browsers that have shown a token once, and show a cookie since.
///
/// A page cannot attach a token to the pictures it shows; the browser attaches a cookie by itself. Sessions are kept in
/// memory by the digests of their secrets, and end with the process.
final class Sessions: Sendable {
    /// How long a session lasts.
    static let lifetime = Duration.seconds(12 * 60 * 60)
    /// The most sessions at once; the oldest makes room.
    static let maximumCount = 1000

    private struct Session {
        let holder: AccessTokens.Entry
        let end: ContinuousClock.Instant
    }

    private let open = Mutex<[[UInt8]: Session]>([:])

    /// Begins a session of a token's holder and returns its secret.
    func begin(for holder: AccessTokens.Entry, now: ContinuousClock.Instant = .now) -> String {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined(separator: "-")
        open.withLock { open in
            open = open.filter { $0.value.end > now }
            if open.count >= Self.maximumCount, let oldest = open.min(by: { $0.value.end < $1.value.end }) {
                open[oldest.key] = nil
            }
            open[AccessTokens.digest(of: secret)] = Session(holder: holder, end: now + Self.lifetime)
        }
        return secret
    }

    /// Returns whose session `secret` stands for, or nil when there is none any more.
    func holder(secret: String, now: ContinuousClock.Instant = .now) -> AccessTokens.Entry? {
        let digest = AccessTokens.digest(of: secret)
        return open.withLock { open in
            guard let session = open[digest], session.end > now else { return nil }
            return session.holder
        }
    }

    /// Ends a session; does nothing when there is none.
    func end(secret: String) {
        let digest = AccessTokens.digest(of: secret)
        open.withLock { $0[digest] = nil }
    }
}
