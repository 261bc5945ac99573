import SystemPackage
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs `body` with an empty directory and removes it and its files afterwards.
func withTemporaryDirectory(_ body: (FilePath) throws -> Void) throws {
    var template = Array("\(P_tmpdir)/neighbor-search-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
    let directory = FilePath(platformString: try #require(made))
    defer {
        for name in (try? fileNames(in: directory)) ?? [] {
            _ = directory.appending(name).withPlatformString { remove($0) }
        }
        _ = directory.withPlatformString { rmdir($0) }
    }
    try body(directory)
}

func makeDirectory(_ path: FilePath) throws {
    try #require(path.withPlatformString { mkdir($0, 0o755) } == 0)
}

func fileNames(in directory: FilePath) throws -> [String] {
    let stream = try #require(directory.withPlatformString { opendir($0) })
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

func readFile(_ path: FilePath) throws -> [UInt8] {
    let file = try FileDescriptor.open(path, .readOnly)
    return try file.closeAfter {
        let length = try Int(file.seek(offset: 0, from: .end))
        try file.seek(offset: 0, from: .start)
        return try [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            try #require(count == length)
        }
    }
}

func writeFile(_ bytes: [UInt8], to path: FilePath) throws {
    let options: FileDescriptor.OpenOptions = [.create, .truncate]
    let file = try FileDescriptor.open(path, .writeOnly, options: options, permissions: .ownerReadWrite)
    _ = try file.closeAfter { try file.writeAll(bytes) }
}
