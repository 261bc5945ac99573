/// How far an indexing run has come.
public struct IndexingProgress: Hashable, Sendable {
    /// Files found so far that may hold a picture.
    public var found = 0
    /// Whether the walk has ended, so that no more will be found.
    public var hasFoundAll = false
    /// Files dealt with so far.
    public var done = 0
    /// Whether all is done but writing the index file.
    public var isSaving = false
    /// Seconds since the run began.
    public var elapsedSeconds = 0.0

    /// Files per second so far.
    public var rate: Double { elapsedSeconds > 0 ? Double(done) / elapsedSeconds : 0 }

    /// Seconds that the rest will take at this rate; nil while the number of files is not known.
    public var remainingSeconds: Double? {
        hasFoundAll && rate > 0 ? Double(found - done) / rate : nil
    }
}
