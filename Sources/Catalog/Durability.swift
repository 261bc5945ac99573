public import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Waits until what was written to a file, or to a folder's list of names, is on the disk.
func synchronize(_ descriptor: FileDescriptor) throws {
    guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
}

/// Waits until the file or the folder at `path` is on the disk.
public func synchronizeToDisk(_ path: FilePath) throws {
    let descriptor = try FileDescriptor.open(path, .readOnly)
    try descriptor.closeAfter { try synchronize(descriptor) }
}
