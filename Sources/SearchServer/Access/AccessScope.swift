/// What the holder of a token may do; each scope includes the ones before it.
public enum AccessScope: String, Sendable, CaseIterable, Comparable {
    /// Search, look at pictures, and say what was opened.
    case read
    /// Add, change and forget pictures, and judge them.
    case write
    /// See what is kept from others, and run indexing.
    case admin

    /// Compares by what is allowed.
    public static func < (some: Self, other: Self) -> Bool { some.rank < other.rank }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }
}
