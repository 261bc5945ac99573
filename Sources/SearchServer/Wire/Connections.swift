internal import NIOCore
internal import Synchronization

/// The connections that are open, and which of them have to go when there are too many.
///
/// A server that stops accepting at its limit is dead to everybody once somebody holds as many connections as that. This one
/// goes on accepting, and ends the connection that has kept it waiting longest: one that has sent no request yet, or else one
/// that is still sending or does not take its answer. Only when all others wait for answers of ours is a new one turned away.
final class Connections: Sendable {
    /// What a connection is doing; the earlier ones are ended first.
    enum Phase: Int, Comparable {
        /// Waiting for a request's head to be complete.
        case waiting
        /// Receiving a request's body.
        case receiving
        /// Sending an answer that is done, to a client that may be slow to take it.
        case sending
        /// Being answered.
        case answering

        static func < (some: Self, other: Self) -> Bool { some.rawValue < other.rawValue }
    }

    fileprivate struct Entry {
        let channel: any Channel
        let address: String
        var phase = Phase.waiting
        /// Counts up with every change of phase, so that the smallest has been in its phase longest.
        var since: UInt64
    }

    fileprivate struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var countsByAddress: [String: Int] = [:]
        var clock: UInt64 = 0
        var evictedCount = 0
        var refusedCount = 0
    }

    struct Counts: Equatable {
        var open = 0
        var evicted = 0
        var refused = 0
    }

    private let maximumCount: Int
    private let maximumCountPerAddress: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maximumCount: Connections at the same time.
    ///   - maximumCountPerAddress: Connections of one address at the same time.
    init(maximumCount: Int, maximumCountPerAddress: Int) {
        self.maximumCount = maximumCount
        self.maximumCountPerAddress = maximumCountPerAddress
    }

    var counts: Counts {
        state.withLock {
            Counts(open: $0.entries.count, evicted: $0.evictedCount, refused: $0.refusedCount)
        }
    }

    /// Takes a new connection in, ending another one if there are too many.
    ///
    /// - Returns: false when there is no room, and none to be made.
    func admit(_ channel: any Channel) -> Bool {
        let address = channel.remoteAddress?.clientName ?? "unknown"
        let (isAdmitted, evicted) = state.withLock { state -> (Bool, (any Channel)?) in
            var victim: ObjectIdentifier?
            if state.countsByAddress[address, default: 0] >= maximumCountPerAddress {
                victim = Self.mostPatient(in: state) { $0.address == address }
                if victim == nil { return state.refuse() }
            } else if state.entries.count >= maximumCount {
                victim = Self.mostPatient(in: state) { _ in true }
                if victim == nil { return state.refuse() }
            }
            let evicted = victim.flatMap { state.remove($0) }
            if evicted != nil { state.evictedCount += 1 }
            state.clock += 1
            state.entries[ObjectIdentifier(channel)] = Entry(
                channel: channel,
                address: address,
                since: state.clock
            )
            state.countsByAddress[address, default: 0] += 1
            return (true, evicted)
        }
        evicted?.close(promise: nil)
        return isAdmitted
    }

    /// Notes what a connection does now.
    func note(_ phase: Phase, of channel: any Channel) {
        state.withLock { state in
            guard state.entries[ObjectIdentifier(channel)] != nil else { return }
            state.clock += 1
            state.entries[ObjectIdentifier(channel)]?.phase = phase
            state.entries[ObjectIdentifier(channel)]?.since = state.clock
        }
    }

    /// Forgets a connection that has ended.
    func forget(_ channel: any Channel) {
        state.withLock { _ = $0.remove(ObjectIdentifier(channel)) }
    }

    /// The connection that may be ended and has been at the same thing longest. Linear in their number, which is small, and
    /// asked for only when there are too many.
    private static func mostPatient(
        in state: State,
        where isCandidate: (Entry) -> Bool
    ) -> ObjectIdentifier? {
        state.entries.filter { $0.value.phase < .answering && isCandidate($0.value) }
            .min { ($0.value.phase.rawValue, $0.value.since) < ($1.value.phase.rawValue, $1.value.since) }?
            .key
    }
}

extension Connections.State {
    fileprivate mutating func refuse() -> (Bool, (any Channel)?) {
        refusedCount += 1
        return (false, nil)
    }

    fileprivate mutating func remove(_ key: ObjectIdentifier) -> (any Channel)? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        let count = countsByAddress[entry.address, default: 1] - 1
        countsByAddress[entry.address] = count > 0 ? count : nil
        return entry.channel
    }
}
