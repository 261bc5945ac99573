internal import Catalog
internal import Dispatch
internal import Synchronization

/// Keeps the vectors of queries in the library's catalog, so that audits can measure on what people ask for.
///
/// Costs a query next to nothing: vectors gather in memory, and a thread of the system writes them every few
/// seconds. What cannot be written, because the library may only be read or another process is writing, is let
/// go in silence.
public final class QueryLog: Sendable {
    private let catalog: Catalog
    private let model: ModelID
    private let delay: DispatchTimeInterval
    private let pending = Mutex<[LoggedQuery]>([])
    /// One write at a time.
    private let queue = DispatchQueue(label: "query log", qos: .utility)

    /// Logs queries for the model that `library` was opened for.
    public convenience init(library: Library) {
        self.init(library: library, delay: .seconds(3))
    }

    init(library: Library, delay: DispatchTimeInterval) {
        catalog = library.catalog
        model = library.index.catalogModel
        self.delay = delay
    }

    /// Takes the vector of a query, to be written soon. At most ``Catalog/Catalog/loggedQueryLimit`` wait.
    public func note(_ vector: [Float]) {
        let query = LoggedQuery(vector: vector)
        let isFirst = pending.withLock { pending in
            guard pending.count < Catalog.loggedQueryLimit else { return false }
            pending.append(query)
            return pending.count == 1
        }
        if isFirst {
            queue.asyncAfter(deadline: .now() + delay) { self.writePending() }
        }
    }

    /// Writes what was noted and returns; called before the process ends.
    public func write() {
        queue.sync { writePending() }
    }

    private func writePending() {
        let queries = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        guard !queries.isEmpty else { return }
        // Losing some is fine; holding up a search, or complaining to somebody who asked for none, is not.
        try? catalog.log(queries, model: model)
    }
}
