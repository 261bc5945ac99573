/// Tells why a run could not begin.
public enum IndexingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A folder or file to index is not there or may not be read.
    case unreadableRoot(path: String, reason: String)
    /// The system does not tell of changes.
    case cannotWatch(reason: String)
    /// A pattern of the rules would match nothing.
    case unusablePattern(String)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .unreadableRoot(let path, let reason):
            "cannot index \(path): \(reason)"
        case .cannotWatch(let reason):
            "cannot watch folders (\(reason)); end programs that watch many files, or run lookalike index now and then"
        case .unusablePattern(let text):
            "the pattern \"\(text)\" matches nothing; it must not be empty, nor begin with # or !"
        }
    }
}
