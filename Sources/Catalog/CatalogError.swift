/// Tells why the catalog cannot be used.
public enum CatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database could not be opened or migrated.
    case unusable(path: String, reason: String)
    /// The database was written by a newer version of the program.
    case newerFormat(path: String)
    /// A statement failed; nothing of its transaction was kept.
    case failed(reason: String)
    /// A stored embedding has another length than its model's dimension.
    case damagedEmbedding(image: ImageID)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .unusable(let path, let reason):
            "cannot open the catalog \(path): \(reason)"
        case .newerFormat(let path):
            "the catalog \(path) was written by a newer lookalike; update this program or name another --library"
        case .failed(let reason):
            "the catalog refused: \(reason)"
        case .damagedEmbedding(let image):
            "the stored embedding of image \(image) is damaged; remove the image and index it again"
        }
    }
}
