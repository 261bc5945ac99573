/// Hands out what a search needs: the graph as it is, and a context of its own. Knows which searches are
/// running.
///
/// A slot that was taken out of the graph may still be read by searches that began before. So time is cut into
/// eras, one ends whenever slots are taken out, and such a slot is used again only when all searches of its era
/// and of earlier ones have ended. Nobody waits for that: until then other slots are used.
final class SearchSessions: @unchecked Sendable {
    // @unchecked: guarded by `lock`. A pthread lock and not a `Mutex`, because the thread sanitizer can follow
    // only the former and would report the contexts handed on.
    private let lock = ReadWriteLock()
    private var graph: HNSWGraph
    private var era: UInt64 = 1
    private var runningEras: [UInt64] = []
    private var idle: [SearchContext] = []
    /// More searches than this at once are rare; their contexts are freed afterwards.
    private static let mostKept = 64

    struct Session {
        let graph: HNSWGraph
        let context: SearchContext
        fileprivate let era: UInt64
    }

    init(graph: HNSWGraph) {
        self.graph = graph
    }

    /// Begins a search; ``end(_:)`` must follow.
    func begin() -> Session {
        lock.withWriting {
            runningEras.append(era)
            return Session(graph: graph, context: idle.popLast() ?? SearchContext(), era: era)
        }
    }

    func end(_ session: Session) {
        lock.withWriting {
            runningEras.remove(at: runningEras.firstIndex(of: session.era)!)
            if idle.count < Self.mostKept {
                idle.append(session.context)
            }
        }
    }

    /// Searches that begin from now on get another graph; who has the old one keeps it.
    func replaceGraph(with new: HNSWGraph) {
        lock.withWriting { graph = new }
    }

    /// Ends the era and returns it.
    func nextEra() -> UInt64 {
        lock.withWriting {
            era += 1
            return era - 1
        }
    }

    /// The era of the search that has been running longest; the present one when none is running.
    var oldestEra: UInt64 { lock.withReading { runningEras.min() ?? era } }
}
