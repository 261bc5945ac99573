/// What a saved index was made from; whoever loads it decides whether that is still what is wanted.
public struct SnapshotIdentity: Hashable, Sendable, Codable {
    /// The model whose vectors these are; at most 384 bytes of UTF-8.
    public var model: String
    /// The catalog's sequence number up to which changes are in the index.
    public var catalogSequence: Int64

    /// Names a model and a state of the catalog.
    public init(model: String, catalogSequence: Int64) {
        self.model = model
        self.catalogSequence = catalogSequence
    }
}
