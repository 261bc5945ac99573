/// Tells why a library cannot be used.
public enum LibraryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no library in this directory.
    case notFound(path: String)
    /// The directory could not be made.
    case cannotCreate(path: String, reason: String)
    /// Another process is writing to the library.
    case inUse(path: String, holder: String)
    /// The lock file could not be opened.
    case cannotLock(path: String, reason: String)
    /// The library's images were embedded by other models than the one it is searched with.
    case otherModel(wanted: String, known: [String])
    /// Not even the beginning of the catalog can be read.
    case beyondRepair(String)
    /// What could be read of the catalog does not make a sound one.
    case unrepairable(String, reason: String)
    /// A backup is to be written where something is.
    case notEmpty(path: String)
    /// There is no backup in this folder.
    case noBackup(path: String)
    /// A copy is not what it should be.
    case damagedCopy(reason: String)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .notFound(let path):
            "there is no library in \(path); make one with: lookalike index FOLDER"
        case .cannotCreate(let path, let reason):
            "cannot create the library \(path): \(reason)"
        case .inUse(let path, let holder):
            "the library \(path) is being written by \(holder); wait for it to end"
        case .cannotLock(let path, let reason):
            "cannot lock the library (\(path)): \(reason)"
        case .otherModel(let wanted, let known):
            "the library was indexed with \(known.joined(separator: ", ")), not with \(wanted); "
                + "name that model with --model, or run lookalike index again"
        case .beyondRepair(let path):
            "nothing of the catalog in \(path) can be read; restore a backup with lookalike restore, or index into a new "
                + "library"
        case .unrepairable(let path, let reason):
            "the catalog in \(path) cannot be mended (\(reason)); it was left as it is: restore a backup with lookalike "
                + "restore, or index into a new library"
        case .notEmpty(let path):
            "there is something in \(path) already; name an empty folder, or a new one"
        case .noBackup(let path):
            "there is no backup in \(path); name a folder that lookalike backup has written"
        case .damagedCopy(let reason):
            "the copy is damaged (\(reason)); run lookalike verify on what was copied"
        }
    }
}
