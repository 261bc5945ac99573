/// Why there is nothing to evaluate.
public enum EvaluationError: Error, Sendable, Hashable {
    /// A table cannot be read.
    case unreadable(path: String, reason: String)
    /// A table breaks the rules of its format.
    case malformed(path: String, line: Int, reason: String)
    /// No query has anything to find.
    case nothingToFind(reason: String)
}

extension EvaluationError: CustomStringConvertible {
    /// What is wrong, and what to do next.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .malformed(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .nothingToFind(let reason): reason
        }
    }
}
