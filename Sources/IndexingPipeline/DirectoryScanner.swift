internal import Catalog
internal import Foundation
internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Walks folders and reports every file that might hold a picture.
///
/// Regular files count when the rules let them. Symbolic links are never followed, so that no file is met twice and no walk
/// leaves its folder. Entries come in byte order of their names, so that two walks over the same tree agree.
struct DirectoryScanner: Sendable {
    /// Something found in the walk.
    enum Finding {
        /// A regular file that may hold a picture.
        case candidate(path: FilePath, stamp: FileStamp)
        /// A file or link that is not read, and why.
        case refused(path: FilePath, stamp: FileStamp, refusal: Refusal)
        /// A folder that cannot be listed, or an entry that cannot even be looked at; what is there remains
        /// unknown.
        case unreadable(FilePath, Refusal)
        /// Something that the rules pass over; of a folder everything in it.
        case excluded(FilePath, Exclusion)
    }

    /// Called with each folder before it is listed.
    var willList: @Sendable (FilePath) -> Void = { _ in }

    /// Walks what an area covers, and calls `visit` for everything found until it returns false.
    func walk(_ area: ScanArea, _ visit: (Finding) -> Bool) {
        let status: FileStatus
        switch FileStatus.read(area.start) {
        case .success(let found): status = found
        case .failure(.noSuchFileOrDirectory) where area.isPart, .failure(.notDirectory) where area.isPart:
            // It has gone, as somebody said; the folder itself is another matter.
            return
        case .failure(let error):
            // Nothing is concluded about a folder that was there a moment ago.
            _ = visit(unreadable(area.start, error))
            return
        }
        let names = area.namesOfStart
        let isNamed = names.isEmpty
        if !isNamed, let exclusion = area.rules.exclusion(of: names, isFolder: status.kind == .directory) {
            _ = visit(.excluded(area.start, exclusion))
            return
        }
        guard status.kind == .directory else {
            _ = visit(finding(at: area.start, status, ancestors: nil))
            return
        }
        var pending = [Folder(path: area.start, names: names, identity: status.identity, parent: nil)]
        while let folder = pending.popLast() {
            willList(folder.path)
            let entries: [FilePath.Component]
            do {
                entries = try list(folder.path)
            } catch {
                guard visit(unreadable(folder.path, error)) else { return }
                continue
            }
            var subfolders: [Folder] = []
            for name in entries {
                let path = folder.path.appending(name)
                let status: FileStatus
                switch FileStatus.read(path) {
                case .success(let found): status = found
                case .failure(.noSuchFileOrDirectory), .failure(.notDirectory):
                    // It vanished between listing and looking: as if it had never been there.
                    continue
                case .failure(let error):
                    guard visit(unreadable(path, error)) else { return }
                    continue
                }
                let names = folder.names + [name.string]
                // A link to a folder is passed over or named as that folder would be.
                let isFolder = status.kind == .directory || status.isLinkToFolder(path)
                if let exclusion = area.rules.exclusion(of: names, isFolder: isFolder) {
                    guard visit(.excluded(path, exclusion)) else { return }
                } else if status.kind == .directory, !folder.isWithin(status.identity) {
                    subfolders.append(
                        Folder(path: path, names: names, identity: status.identity, parent: folder)
                    )
                } else {
                    guard visit(finding(at: path, status, ancestors: folder)) else { return }
                }
            }
            pending += subfolders.reversed()
        }
    }

    private func unreadable(_ path: FilePath, _ error: Errno) -> Finding {
        let message = "It cannot be looked at or into (\(error)); check that you may read it."
        return .unreadable(path, Refusal(reason: "unreadable-folder", message: message))
    }

    private func finding(at path: FilePath, _ status: FileStatus, ancestors: Folder?) -> Finding {
        func refused(_ reason: String, _ message: String) -> Finding {
            .refused(path: path, stamp: status.stamp, refusal: Refusal(reason: reason, message: message))
        }
        switch status.kind {
        case .regular:
            return .candidate(path: path, stamp: status.stamp)
        case .directory:
            return refused(
                "folder-loop",
                "The folder contains itself, by way of a mount; it is not entered again."
            )
        case .link:
            guard let target = try? FileStatus.read(path, followingLinks: true).get(),
                target.kind == .directory
            else { return refused("symbolic-link", "Links are not followed; index the file where it lies.") }
            return ancestors?.isWithin(target.identity) == true
                ? refused(
                    "folder-loop",
                    "The link leads back to a folder that contains it; it is not followed."
                )
                : refused("symbolic-link", "Links to folders are not followed; index that folder as well.")
        case .other:
            return refused(
                "not-a-file",
                "This is a pipe, a socket or a device; only regular files are read."
            )
        }
    }

    private func list(_ directory: FilePath) throws(Errno) -> [FilePath.Component] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [FilePath.Component] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw Errno(rawValue: errno) }
                break
            }
            let component = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CInterop.PlatformChar.self, capacity: 256) {
                    FilePath.Component(platformString: $0)
                }
            }
            if let component, component.kind == .regular { names.append(component) }
        }
        return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
}

/// A folder on the way, and those it lies in.
private final class Folder {
    let path: FilePath
    /// Its names from the indexed folder down.
    let names: [String]
    let identity: FileIdentity
    let parent: Folder?

    init(path: FilePath, names: [String], identity: FileIdentity, parent: Folder?) {
        self.path = path
        self.names = names
        self.identity = identity
        self.parent = parent
    }

    /// Whether this folder, or one it lies in, is the one with `identity`.
    func isWithin(_ identity: FileIdentity) -> Bool {
        self.identity == identity || parent?.isWithin(identity) == true
    }
}

private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
}

private struct FileStatus {
    enum Kind { case regular, directory, link, other }

    let kind: Kind
    let identity: FileIdentity
    let stamp: FileStamp

    static func read(_ path: FilePath, followingLinks: Bool = false) -> Result<FileStatus, Errno> {
        var status = stat()
        let code = path.withPlatformString { followingLinks ? stat($0, &status) : lstat($0, &status) }
        return code == 0 ? .success(FileStatus(status)) : .failure(Errno(rawValue: errno))
    }

    func isLinkToFolder(_ path: FilePath) -> Bool {
        guard kind == .link, let target = try? Self.read(path, followingLinks: true).get() else {
            return false
        }
        return target.kind == .directory
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        #if canImport(Glibc)
        let modified = status.st_mtim
        #else
        let modified = status.st_mtimespec
        #endif
        stamp = FileStamp(
            byteCount: Int64(status.st_size),
            // Wrapping: times beyond the year 2262 do occur, and stamps are only ever compared for equality.
            modifiedAtNanoseconds: Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec),
            inode: UInt64(status.st_ino)
        )
    }
}

extension FilePath.Component {
    fileprivate var bytes: [UInt8] {
        withPlatformString { name in
            var bytes: [UInt8] = []
            var index = 0
            while name[index] != 0 {
                bytes.append(UInt8(bitPattern: name[index]))
                index += 1
            }
            return bytes
        }
    }
}
