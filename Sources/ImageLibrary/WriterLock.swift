internal import Foundation
internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Lets one process at a time write to a library.
///
/// The kernel keeps the lock and releases it when the process ends, however it ends: there is no stale lock
/// to remove.
final class WriterLock: Sendable {
    private let descriptor: FileDescriptor

    /// Takes the lock at `path`, or throws ``LibraryError/inUse(path:holder:)`` at once.
    init(path: FilePath, library: FilePath) throws(LibraryError) {
        do {
            descriptor = try FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
        } catch {
            throw .cannotLock(path: path.string, reason: String(describing: error))
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(in: descriptor)
            try? descriptor.close()
            throw .inUse(path: library.string, holder: holder)
        }
        // Who holds the lock is only for people; the lock holds without it.
        let command = ProcessInfo.processInfo.arguments.dropFirst().first.map { " (lookalike \($0))" } ?? ""
        let note = "process \(ProcessInfo.processInfo.processIdentifier)\(command)\n"
        _ = ftruncate(descriptor.rawValue, 0)
        _ = try? descriptor.writeAll(toAbsoluteOffset: 0, note.utf8)
    }

    deinit {
        try? descriptor.close()
    }

    private static func holder(in descriptor: FileDescriptor) -> String {
        var buffer = [UInt8](repeating: 0, count: 64)
        let length = buffer.withUnsafeMutableBytes {
            (try? descriptor.read(fromAbsoluteOffset: 0, into: $0)) ?? 0
        }
        let text = String(decoding: buffer[..<length], as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "another process" : text
    }
}
