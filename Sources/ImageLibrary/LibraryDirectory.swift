internal import Foundation
public import SystemPackage

/// Names the files of a library: one directory that holds everything known about a collection.
///
/// | file              | holds                                                                   |
/// |-------------------|-------------------------------------------------------------------------|
/// | `catalog.sqlite`  | the source of truth: images, files, embeddings                          |
/// | `index/*.hnsw`    | derived: one snapshot per model, rebuilt from the catalog when in doubt |
/// | `writer.lock`     | locked by the one process that writes; its text names that process      |
public struct LibraryDirectory: Hashable, Sendable {
    /// The directory itself.
    public let path: FilePath

    /// Names the library at `path`; nothing is created.
    public init(path: FilePath) {
        self.path = path
    }

    /// The library that is meant when none is named: `lookalike` in the XDG data home.
    ///
    /// - Parameter environment: Environment variables; `XDG_DATA_HOME` and `HOME` are looked at.
    public static func standard(environment: [String: String]) -> LibraryDirectory {
        let dataHome: FilePath
        if let configured = environment["XDG_DATA_HOME"], FilePath(configured).isAbsolute {
            dataHome = FilePath(configured)
        } else {
            dataHome = FilePath(environment["HOME"] ?? "/").appending(".local/share")
        }
        return LibraryDirectory(path: dataHome.appending("lookalike"))
    }

    /// Whether there is a library here.
    public var exists: Bool { FileManager.default.fileExists(atPath: catalog.string) }

    var catalog: FilePath { path.appending("catalog.sqlite") }
    var lock: FilePath { path.appending("writer.lock") }
    var indexDirectory: FilePath { path.appending("index") }

    func snapshot(model identity: String) -> FilePath {
        let name = identity.map { $0.isLetter || $0.isNumber || "-._".contains($0) ? $0 : "-" }
        return indexDirectory.appending(String(name) + ".hnsw")
    }

    /// The index files that are there, in order of their names.
    func snapshots() -> [FilePath] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: indexDirectory.string)) ?? []
        return names.filter { $0.hasSuffix(".hnsw") }.sorted().map { indexDirectory.appending($0) }
    }

    /// Deletes what a save that was killed has left behind. Only for the one writer.
    func removeUnfinishedSnapshots() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: indexDirectory.string)) ?? []
        for name in names where name.hasSuffix(".tmp") {
            // One that stays costs room and nothing else.
            try? FileManager.default.removeItem(atPath: indexDirectory.appending(name).string)
        }
    }

    func create() throws(LibraryError) {
        do {
            try FileManager.default.createDirectory(
                atPath: indexDirectory.string,
                withIntermediateDirectories: true
            )
        } catch {
            throw .cannotCreate(path: path.string, reason: error.localizedDescription)
        }
    }
}
