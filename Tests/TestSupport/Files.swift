internal import Foundation
public import SystemPackage

/// The checkout that the tests were built from.
public let repository = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent()

/// The folder of the model that comes with the program.
public let defaultModel = repository.appending("Models/lookalike-base")

/// A sample photograph, such as `windmills/linda-dark.jpg`.
public func samplePhotograph(_ name: String) -> FilePath {
    repository.appending("SampleImages").pushing(FilePath(name))
}

/// A folder that goes with everything in it when the last reference to it goes.
public final class TemporaryFolder: Sendable {
    /// Absolute path without symbolic links.
    public let path: FilePath

    /// Makes an empty folder.
    public init() throws {
        let base = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
        path = FilePath(base).appending("lookalike-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// The path of an entry, which need not exist; folders on the way to it are made.
    public func callAsFunction(_ name: String) throws -> FilePath {
        let entry = path.pushing(FilePath(name))
        try FileManager.default.createDirectory(
            atPath: entry.removingLastComponent().string,
            withIntermediateDirectories: true
        )
        return entry
    }

    /// Writes a file and returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> FilePath {
        let file = try self(name)
        try Data(bytes).write(to: URL(filePath: file.string))
        return file
    }

    /// Writes a file under a name of any bytes and returns its path.
    public func write(_ bytes: [UInt8], as name: FilePath.Component) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = try FileDescriptor.open(
            file,
            .writeOnly,
            options: [.create, .truncate],
            permissions: .ownerReadWrite
        )
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        return file
    }

    /// Copies a sample photograph, under its own name unless told, and returns the copy's path.
    @discardableResult
    public func copy(_ sample: String, to name: String? = nil) throws -> FilePath {
        let file = try self(name ?? sample)
        try FileManager.default.copyItem(atPath: samplePhotograph(sample).string, toPath: file.string)
        return file
    }
}

extension FilePath.Component {
    /// A name of any bytes but 0 and the slash; nil for the names that every folder has.
    public init?(bytes: [UInt8]) {
        let name = bytes.map { CInterop.PlatformChar(bitPattern: $0) } + [0]
        let component = name.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { FilePath.Component(platformString: $0) }
        }
        guard let component else { return nil }
        self = component
    }
}

/// The bytes of a file.
public func bytes(of path: FilePath) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path.string)))
}
