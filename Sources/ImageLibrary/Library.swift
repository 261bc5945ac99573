public import Catalog
internal import SystemPackage

/// Opens a library: its catalog, and the index of one model that follows the catalog.
///
/// Readers never wait for the writer and see what it has committed; there is one writer at a time.
public final class Library: Sendable {
    /// Says what an opener means to do.
    public enum Access: Hashable, Sendable {
        /// Search only; the library must exist.
        case reading
        /// Change it; made when there is none, and locked against other writers until this object goes.
        case writing
        /// Search it, and change it now and then; made when there is none.
        case sharing
    }

    /// Where the library is.
    public let directory: LibraryDirectory
    /// What is known of the images.
    public let catalog: Catalog
    /// The vectors of the model the library was opened for.
    public let index: LibraryIndex
    private let lock: WriterLock?

    /// Opens the library in `directory` for the model with this identity.
    ///
    /// - Parameters:
    ///   - model: Identity of the model, and the dimension of its vectors.
    ///   - access: Whether the library is to be changed.
    /// - Throws: ``LibraryError``, `CatalogError`, or an error of the index.
    public init(
        directory: LibraryDirectory,
        model: (identity: String, dimension: Int),
        access: Access
    ) throws {
        self.directory = directory
        switch access {
        case .reading:
            guard directory.exists else { throw LibraryError.notFound(path: directory.path.string) }
            lock = nil
        case .writing:
            try directory.create()
            lock = try WriterLock(path: directory.lock, library: directory.path)
            directory.removeUnfinishedSnapshots()
        case .sharing:
            try directory.create()
            lock = nil
        }
        catalog = try Catalog(path: directory.catalog)
        if access == .reading {
            let used = try catalog.identitiesOfUsedModels()
            guard used.isEmpty || used.contains(model.identity) else {
                throw LibraryError.otherModel(wanted: model.identity, known: used)
            }
        }
        index = try LibraryIndex(
            catalog: catalog,
            model: model,
            snapshot: directory.snapshot(model: model.identity)
        )
    }
}

extension Library {
    /// Calls `body` while no other process writes to the library.
    ///
    /// - Throws: ``LibraryError/inUse(path:holder:)`` when another one does, or what `body` throws.
    public func withWriterLock<Value>(_ body: () throws -> Value) throws -> Value {
        guard lock == nil else { return try body() }
        let lock = try WriterLock(path: directory.lock, library: directory.path)
        return try withExtendedLifetime(lock, body)
    }

    /// Changes a library that need not be searched: no index is opened, so none has to be caught up.
    ///
    /// - Throws: ``LibraryError``, `CatalogError`, or what `body` throws.
    public static func changeCatalog<Value>(
        in directory: LibraryDirectory,
        _ body: (Catalog) throws -> Value
    ) throws -> Value {
        guard directory.exists else { throw LibraryError.notFound(path: directory.path.string) }
        let lock = try WriterLock(path: directory.lock, library: directory.path)
        return try withExtendedLifetime(lock) { try body(Catalog(path: directory.catalog)) }
    }

    /// Reads a library's catalog without opening an index.
    ///
    /// - Throws: ``LibraryError``, `CatalogError`, or what `body` throws.
    public static func readCatalog<Value>(
        in directory: LibraryDirectory,
        _ body: (Catalog) throws -> Value
    ) throws -> Value {
        guard directory.exists else { throw LibraryError.notFound(path: directory.path.string) }
        return try body(Catalog(path: directory.catalog))
    }
}
