public import Catalog

/// How far an indexing run has come.
public struct IndexingProgress: Hashable, Sendable {
    /// Files found so far that may hold a picture.
    public var found = 0
    /// Whether the walk has ended, so that no more will be found.
    public var hasFoundAll = false
    /// Files dealt with so far.
    public var done = 0
    /// Seconds since the run began.
    public var elapsedSeconds = 0.0

    /// Files per second so far.
    public var rate: Double { elapsedSeconds > 0 ? Double(done) / elapsedSeconds : 0 }

    /// Seconds that the rest will take at this rate; nil while the number of files is not known.
    public var remainingSeconds: Double? {
        hasFoundAll && rate > 0 ? Double(found - done) / rate : nil
    }
}

/// What an indexing run did.
public struct IndexingSummary: Sendable {
    /// Files that may hold a picture.
    public internal(set) var found = 0
    /// Images that were embedded in this run.
    public internal(set) var embedded = 0
    /// Files that hold an image the library has already, under this or another path.
    public internal(set) var duplicates = 0
    /// Files that have not changed since they were indexed.
    public internal(set) var unchanged = 0
    /// Files and folders that are not indexed, and why; also those found so in an earlier run.
    public internal(set) var refused: [RefusedFile] = []
    /// Files that are gone since the last run.
    public internal(set) var missing = 0
    /// Files that do not claim to be pictures, or are hidden.
    public internal(set) var ignored = 0
    /// Whether the run was stopped before its end; what it had done is kept.
    public internal(set) var wasCancelled = false
    /// Wall time in seconds.
    public internal(set) var seconds = 0.0
    /// Time spent in each stage, added up over all threads, in seconds.
    public internal(set) var stageSeconds: [String: Double] = [:]
    /// Images in the index after the run.
    public internal(set) var indexedImages = 0
}

/// Tells why a run could not begin.
public enum IndexingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A folder or file to index is not there or may not be read.
    case unreadableRoot(path: String, reason: String)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .unreadableRoot(let path, let reason):
            "cannot index \(path): \(reason)"
        }
    }
}
