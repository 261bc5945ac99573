internal import Catalog
internal import Foundation
public import SystemPackage

/// Copies libraries and puts copies back.
public enum LibraryBackup {
    /// Writes a copy of the library in `directory` to `folder`, which must be empty or not there. The copy is a library
    /// itself, without index files: they are derived.
    ///
    /// Other processes may go on writing; the copy is what was committed when it began. It is read again and compared
    /// with its checksums, and on the disk when this returns.
    ///
    /// - Returns: How many pages were copied and compared.
    /// - Throws: ``LibraryError``, or `CatalogError`.
    public static func backUp(_ directory: LibraryDirectory, to folder: FilePath) throws -> Int {
        guard directory.exists else { throw LibraryError.notFound(path: directory.path.string) }
        let files = FileManager.default
        if files.fileExists(atPath: folder.string) {
            guard let names = try? files.contentsOfDirectory(atPath: folder.string), names.isEmpty else {
                throw LibraryError.notEmpty(path: folder.string)
            }
        }
        let target = LibraryDirectory(path: folder)
        try target.create()
        let path = try LibraryReplacement(directory: target).preparationPath()
        do {
            try Catalog(path: directory.catalog).copy(to: path)
            let pageCount = try verified(path)
            _ = try LibraryReplacement(directory: target).replace(with: path, keepingOldAs: "replaced")
            try synchronizeToDisk(folder.removingLastComponent())
            return pageCount
        } catch {
            try? files.removeItem(atPath: path.string)
            throw error
        }
    }

    /// Puts the copy in `folder` in the place of the library in `directory`, which is made when there is none.
    ///
    /// - Returns: Where the catalog is that was there before; nil when there was none.
    /// - Throws: ``LibraryError``, or `CatalogError`; the library is then as it was.
    public static func restore(_ folder: FilePath, to directory: LibraryDirectory) throws -> FilePath? {
        let source = LibraryDirectory(path: folder)
        guard source.exists else { throw LibraryError.noBackup(path: folder.string) }
        try directory.create()
        let lock = try WriterLock(path: directory.lock, library: directory.path)
        return try withExtendedLifetime(lock) {
            let replacement = LibraryReplacement(directory: directory)
            let path = try replacement.preparationPath()
            try Catalog(reading: source.catalog).copy(to: path)
            _ = try verified(path)
            let old = try seize(directory)
            defer { old?.close() }
            return try replacement.replace(with: path, keepingOldAs: "replaced")
        }
    }

    /// Closes the old catalog to others; nil when there is none, or it is so damaged that nobody can open it.
    private static func seize(_ directory: LibraryDirectory) throws -> CatalogFile? {
        guard directory.exists else { return nil }
        do {
            return try CatalogFile(seizing: directory.catalog)
        } catch {
            if case .open = error { throw error }
            return nil
        }
    }

    private static func verified(_ path: FilePath) throws -> Int {
        let copy = try Catalog(reading: path)
        let outcome = try copy.verify()
        try copy.close()
        guard outcome.faults.isEmpty else {
            throw LibraryError.damagedCopy(reason: outcome.faults.map(\.detail).joined(separator: ", "))
        }
        return outcome.pageCount
    }
}
