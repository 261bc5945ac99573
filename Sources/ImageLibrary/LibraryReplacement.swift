internal import Catalog
internal import Foundation
internal import SystemPackage

/// Puts another catalog in the place of a library's, and keeps the one that was there.
///
/// Killed between any two steps, there is a catalog in place: the old one until the rename, the new one after it.
/// Index files go first, because they are derived and follow the old one's journal.
struct LibraryReplacement {
    let directory: LibraryDirectory

    /// Where a new catalog is prepared; what a killed run has left there is removed by the next.
    func preparationPath() throws -> FilePath {
        let path = directory.path.appending("catalog.preparing.sqlite")
        for ending in Self.endings { try remove(path.string + ending) }
        return path
    }

    /// Puts the finished catalog at `path` in place; returns the name that the old one has now, nil when there was none.
    ///
    /// - Parameter label: Begins the new name's last part, such as `damaged`.
    func replace(with path: FilePath, keepingOldAs label: String, at now: Date = Date()) throws -> FilePath? {
        // A journal that was left empty must not outlive the rename under the old name.
        for ending in Self.endings.dropFirst() { try remove(path.string + ending) }
        try synchronizeToDisk(path)
        for snapshot in directory.snapshots() { try remove(snapshot.string) }
        let kept = try keepOld(as: label, at: now)
        try path.withPlatformString { from in
            try directory.catalog.withPlatformString { to in
                guard rename(from, to) == 0 else { throw Errno(rawValue: errno) }
            }
        }
        try synchronizeToDisk(directory.path)
        return kept
    }

    private static let endings = ["", "-wal", "-shm", "-journal"]

    /// Gives the old catalog a second name, and its journal another one: beside the new catalog it would be taken for
    /// that one's.
    private func keepOld(as label: String, at now: Date) throws -> FilePath? {
        let files = FileManager.default
        guard files.fileExists(atPath: directory.catalog.string) else { return nil }
        let kept = unusedName(label, now)
        do {
            try files.linkItem(atPath: directory.catalog.string, toPath: kept.string)
        } catch {
            try files.copyItem(atPath: directory.catalog.string, toPath: kept.string)
        }
        let journal = directory.catalog.string + "-wal"
        if let size = try? files.attributesOfItem(atPath: journal)[.size] as? Int, size > 0 {
            try files.copyItem(atPath: journal, toPath: kept.string + "-wal")
        }
        try synchronizeToDisk(directory.path)
        for ending in Self.endings.dropFirst() { try remove(directory.catalog.string + ending) }
        return kept
    }

    private func unusedName(_ label: String, _ now: Date) -> FilePath {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd-HHmmss"
        let stem = "catalog.\(label)-\(formatter.string(from: now))"
        var path = directory.path.appending(stem + ".sqlite")
        var number = 2
        while FileManager.default.fileExists(atPath: path.string) {
            path = directory.path.appending("\(stem)-\(number).sqlite")
            number += 1
        }
        return path
    }

    private func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}
