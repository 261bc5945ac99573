public import Catalog
internal import Foundation
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
    /// The same model's vectors of regions; nil when the library keeps none.
    public let regions: LibraryIndex?
    private let lock: WriterLock?

    /// Says whether regions of pictures are indexed beside the pictures.
    public enum RegionKeeping: Hashable, Sendable {
        /// As in the run before; not in a new library.
        case asBefore
        /// From now on, this many of each picture; of those that are there when they are indexed the next time.
        case on(count: Int)
        /// No more; those that are there are forgotten.
        case off
    }

    /// Opens the library in `directory` for the model with this identity.
    ///
    /// - Parameters:
    ///   - model: Identity of the model, and the dimension of its vectors.
    ///   - access: Whether the library is to be changed.
    ///   - regionKeeping: Whether regions are indexed; to change that takes `access` to write.
    /// - Throws: ``LibraryError``, `CatalogError`, or an error of the index.
    public init(
        directory: LibraryDirectory,
        model: (identity: String, dimension: Int),
        access: Access,
        regionKeeping: RegionKeeping = .asBefore
    ) throws {
        precondition(access != .reading || regionKeeping == .asBefore, "a reader changes nothing")
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
        try Self.apply(regionKeeping, model, catalog, directory)
        guard let stored = try catalog.regionModel(of: model.identity) else {
            regions = nil
            return
        }
        regions = try LibraryIndex(
            catalog: catalog,
            model: (identity: stored.identity, dimension: model.dimension),
            partCount: stored.dimension / model.dimension,
            snapshot: directory.snapshot(model: stored.identity)
        )
    }

    private static func apply(
        _ keeping: RegionKeeping,
        _ model: (identity: String, dimension: Int),
        _ catalog: Catalog,
        _ directory: LibraryDirectory
    ) throws {
        let stored = try catalog.regionModel(of: model.identity)
        switch keeping {
        case .asBefore: break
        case .on(let count):
            if stored?.dimension == count * model.dimension { return }
            if let stored { try catalog.forgetModel(identity: stored.identity) }
            try catalog.registerRegions(of: model.identity, count: count, dimension: model.dimension)
        case .off:
            guard let stored else { return }
            try catalog.forgetModel(identity: stored.identity)
            // Derived; one that stays costs room and nothing else.
            try? FileManager.default.removeItem(atPath: directory.snapshot(model: stored.identity).string)
        }
    }

    /// Lets the indexes take in what the catalog has committed; see ``LibraryIndex/catchUp()``.
    public func catchUp() throws {
        try index.catchUp()
        try regions?.catchUp()
    }

    /// Saves the indexes; see ``LibraryIndex/save()``.
    public func saveIndexes() throws {
        try index.save()
        try regions?.save()
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
