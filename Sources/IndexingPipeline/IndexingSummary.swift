public import Catalog
public import SystemPackage

/// What an indexing run did.
public struct IndexingSummary: Sendable {
    /// Files that may hold a picture.
    public internal(set) var found = 0
    /// Images that were embedded in this run.
    public internal(set) var embedded = 0
    /// Files that hold an image the library has already, under this or another path.
    public internal(set) var duplicates = 0
    /// Files that were known under another path, where they are no more.
    public internal(set) var moved = 0
    /// Files that have not changed since they were indexed.
    public internal(set) var unchanged = 0
    /// Files and folders that are not indexed, and why; also those found so in an earlier run.
    public internal(set) var refused: [RefusedFile] = []
    /// Files that are gone since the last run, or that a rule passes over now; their pictures are kept.
    public internal(set) var missing = 0
    /// Files and folders that rules passed over, by rule.
    public internal(set) var excluded: [Exclusion: Int] = [:]
    /// Folders that held pictures in the last run and hold nothing at all now: of a drive that is not there, perhaps.
    public internal(set) var emptiedFolders: [FilePath] = []
    /// Whether the run was stopped before its end; what it had done is kept.
    public internal(set) var wasCancelled = false
    /// Wall time in seconds.
    public internal(set) var seconds = 0.0
    /// Seconds spent in each stage, added up over all threads: `read`, `digest`, `decode`, `embed`, `store`,
    /// `insert`, `save`.
    public internal(set) var stageSeconds: [String: Double] = [:]
    /// Images in the index after the run.
    public internal(set) var indexedImages = 0
}
