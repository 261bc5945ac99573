internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Reads files that are worth something only as long as nobody else knows them.
enum PrivateFile {
    /// Returns the bytes of the file at `path`.
    ///
    /// - Parameter limit: The most bytes it may have.
    /// - Throws: ``PrivateFileError``.
    static func bytes(of path: FilePath, upTo limit: Int) throws(PrivateFileError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try file.closeAfter { try bytes(of: file, path: path, upTo: limit) }
        } catch let error as PrivateFileError {
            throw error
        } catch {
            throw PrivateFileError(path: path, fault: "it cannot be read: \(error)")
        }
    }

    private static func bytes(of file: FileDescriptor, path: FilePath, upTo limit: Int) throws -> [UInt8] {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PrivateFileError(path: path, fault: "it is no file")
        }
        // Whoever can write to it can let himself in.
        guard status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP) == 0 else {
            throw PrivateFileError(path: path, fault: "others may read or change it; chmod 600 it")
        }
        guard status.st_size <= limit else {
            throw PrivateFileError(path: path, fault: "it has more than \(limit) bytes")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while bytes.count <= limit {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count > 0 else { return bytes }
            bytes += buffer.prefix(count)
        }
        throw PrivateFileError(path: path, fault: "it has more than \(limit) bytes")
    }
}

/// Thrown when a file that should be private is not, or cannot be read.
public struct PrivateFileError: Error, Equatable, CustomStringConvertible {
    let path: FilePath
    let fault: String

    /// Says which file, and what is wrong with it.
    public var description: String { "\(path.string) cannot be used: \(fault)" }
}
