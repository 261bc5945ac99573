/// Why a vector, a query or a parameter was refused.
public enum NeighborSearchError: Error, Hashable, Sendable {
    /// The vector has another number of components than the index.
    case wrongDimension(found: Int, expected: Int)
    /// A component is NaN or infinite.
    case notFinite(component: Int)
    /// The vector's length differs from 1 by more than ``HNSWIndex/unitLengthTolerance``.
    case notUnitLength(found: Float)
    /// The square of the vector's length is more than a 16th of the biggest 32-bit float.
    case tooLong
    /// A search for fewer than zero neighbours.
    case negativeCount(found: Int)
    /// A setting outside its range.
    case parameterOutOfRange(name: String, found: Int, allowed: ClosedRange<Int>)
    /// No slot number is left for another vector.
    case full(capacity: Int)
    /// The index comes from a file, and what was needed of it is damaged.
    case damaged(SnapshotError)
}

extension NeighborSearchError: CustomStringConvertible {
    /// What was found, what was expected, and what to do.
    public var description: String {
        switch self {
        case .wrongDimension(let found, let expected):
            "The vector has \(found) components, the index holds vectors of \(expected). "
                + "Embed with the model that the index was built with, or rebuild the index."
        case .notFinite(let component):
            "Component \(component) of the vector is not a finite number. Check the embedding that produced it."
        case .notUnitLength(let found):
            "The vector has length \(found), it must be 1 within \(HNSWIndex.unitLengthTolerance). "
                + "Divide it by its length first."
        case .tooLong:
            "The vector is so long that squared distances to it may be no finite numbers. Scale the vectors down."
        case .negativeCount(let found):
            "Asked for \(found) neighbours. Ask for 0 or more."
        case .parameterOutOfRange(let name, let found, let allowed):
            "\(name) is \(found), it must be in \(allowed.lowerBound)...\(allowed.upperBound)."
        case .full(let capacity):
            "The index already holds \(capacity) vectors, the most it can number. "
                + "Split the collection."
        case .damaged(let error): error.description
        }
    }
}
