/// How alike two vectors are. Bigger is always nearer.
public enum Metric: UInt32, Hashable, Sendable, CaseIterable {
    /// The inner product of vectors of length 1, which is their cosine: 1 is the same direction.
    case cosine = 1
    /// Minus the squared Euclidean distance of vectors of any length: 0 is the same vector.
    case euclidean = 2
}
