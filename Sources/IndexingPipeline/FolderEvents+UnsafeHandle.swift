internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// What the system tells of changes in folders.
struct FolderNews {
    /// Files and folders that came, changed or went; each may have done several of these.
    var changed: Set<FilePath> = []
    /// Whether something may have happened that is not among them.
    var isIncomplete = false
}

/// Listens to the system about folders: inotify on Linux.
///
/// `@unchecked Sendable`: a walk adds folders on its own thread, while the thread that otherwise waits for news waits for the
/// walk.
///
/// Where the system tells nothing, `wait` says after a while that news may have been missed, and its caller looks itself.
final class FolderEvents: @unchecked Sendable {
    #if os(Linux)
    private let descriptor: FileDescriptor
    private var folders: [Int32: FilePath] = [:]
    /// Folders that could not be listened to; the system allows so many.
    private(set) var unwatchedCount = 0

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK | IN_DONT_FOLLOW
    )

    init() throws(Errno) {
        let made = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard made >= 0 else { throw Errno(rawValue: errno) }
        descriptor = FileDescriptor(rawValue: made)
    }

    deinit { try? descriptor.close() }

    /// Listens to a folder, but not to those in it.
    func watch(_ folder: FilePath) {
        let watch = folder.withPlatformString { inotify_add_watch(descriptor.rawValue, $0, Self.mask) }
        if watch >= 0 {
            folders[watch] = folder
        } else if errno == ENOSPC {
            unwatchedCount += 1
        }
    }

    /// Counts anew what could not be listened to: before all folders are named again.
    func forgetUnwatched() { unwatchedCount = 0 }

    /// Waits for news, at most so long, and returns what there is.
    func wait(milliseconds: Int32) -> FolderNews {
        var news = FolderNews()
        var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return news }
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: MemoryLayout<inotify_event>.alignment) {
            buffer in
            while true {
                let count = read(descriptor.rawValue, buffer.baseAddress!, buffer.count)
                guard count > 0 else { break }
                var offset = 0
                while offset < count {
                    let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let start = offset + MemoryLayout<inotify_event>.size
                    let name = UnsafeRawBufferPointer(rebasing: buffer[start..<start + Int(event.len)])
                    take(event, name: Array(name.prefix { $0 != 0 }), into: &news)
                    offset = start + Int(event.len)
                }
            }
        }
        return news
    }

    private func take(_ event: inotify_event, name: [UInt8], into news: inout FolderNews) {
        func has(_ flag: Int) -> Bool { event.mask & UInt32(flag) != 0 }
        if has(Int(IN_Q_OVERFLOW)) || has(Int(IN_UNMOUNT)) { news.isIncomplete = true }
        guard let folder = folders[event.wd] else { return }
        if has(Int(IN_IGNORED)) {
            folders[event.wd] = nil
            return
        }
        guard !name.isEmpty else {
            if has(Int(IN_DELETE_SELF)) || has(Int(IN_MOVE_SELF)) { news.changed.insert(folder) }
            return
        }
        let bytes = name.map { CInterop.PlatformChar(bitPattern: $0) } + [0]
        let component = bytes.withUnsafeBufferPointer { FilePath.Component(platformString: $0.baseAddress!) }
        guard let component else { return }
        let path = folder.appending(component)
        let isFolder = has(Int(IN_ISDIR))
        if isFolder, has(Int(IN_MOVED_FROM)) { forget(below: path) }
        // A file that has just been made is still to be written, unless it is another name of an old one.
        if has(Int(IN_CREATE)), !isFolder, !Self.hasOtherNames(path) { return }
        news.changed.insert(path)
    }

    /// Listens no more to a folder that has been moved: it bears another name now, if it is still ours at all.
    private func forget(below path: FilePath) {
        for (watch, folder) in folders where folder.starts(with: path) {
            inotify_rm_watch(descriptor.rawValue, watch)
            folders[watch] = nil
        }
    }

    private static func hasOtherNames(_ path: FilePath) -> Bool {
        var status = stat()
        let code = path.withPlatformString { lstat($0, &status) }
        return code == 0 && (status.st_nlink > 1 || status.st_mode & S_IFMT == S_IFLNK)
    }
    #else
    let unwatchedCount = 0
    private var waited: Int32 = 0

    init() throws(Errno) {}

    func watch(_ folder: FilePath) {}

    func forgetUnwatched() {}

    func wait(milliseconds: Int32) -> FolderNews {
        usleep(UInt32(milliseconds) * 1000)
        waited += milliseconds
        let isDue = waited >= 2000
        if isDue { waited = 0 }
        return FolderNews(isIncomplete: isDue)
    }
    #endif
}
