internal import Foundation
internal import GRDB
internal import SystemPackage

/// Stores a file path without losing a byte of it: as text where it is UTF-8, as a blob where it is not.
struct StoredPath: DatabaseValueConvertible {
    let path: FilePath

    init(_ path: FilePath) {
        self.path = path
    }

    var databaseValue: DatabaseValue {
        if let text = String(validating: path) { return text.databaseValue }
        return Data(bytes).databaseValue
    }

    static func fromDatabaseValue(_ value: DatabaseValue) -> StoredPath? {
        switch value.storage {
        case .string(let text): StoredPath(FilePath(text))
        case .blob(let bytes): StoredPath(FilePath(bytes: bytes))
        case .null, .int64, .double: nil
        }
    }

    private var bytes: [UInt8] {
        path.withPlatformString { name in
            UnsafeBufferPointer(start: name, count: path.length).map { UInt8(bitPattern: $0) }
        }
    }

    /// The half-open ranges of stored values that hold every path below this directory.
    ///
    /// In SQLite's order texts come before blobs and both compare byte by byte, so a directory's contents are
    /// the values between its name with "/" appended and its name with "0", the byte after "/", appended.
    var rangesBelow: [(lower: DatabaseValue, upper: DatabaseValue)] {
        var lower = bytes
        if lower.last != UInt8(ascii: "/") { lower.append(UInt8(ascii: "/")) }
        let upper = lower.dropLast() + [UInt8(ascii: "0")]
        var ranges = [(Data(lower).databaseValue, Data(upper).databaseValue)]
        if let lowerText = String(validating: lower, as: UTF8.self),
            let upperText = String(validating: upper, as: UTF8.self)
        {
            ranges.append((lowerText.databaseValue, upperText.databaseValue))
        }
        return ranges
    }
}

extension FilePath {
    fileprivate init(bytes: Data) {
        let name = bytes.map { CInterop.PlatformChar(bitPattern: $0) } + [0]
        self = name.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
        }
    }
}
