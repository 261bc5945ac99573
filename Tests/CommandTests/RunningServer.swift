import Foundation
import SystemPackage
import Testing

/// A `lookalike serve` of its own process on a free port, which ends with the last reference to it.
final class RunningServer {
    /// Where it listens, such as `http://127.0.0.1:41234`.
    let address: String
    private let process = Process()

    /// Returns once the server listens.
    init(_ arguments: String...) throws {
        process.executableURL = URL(filePath: try lookalikeProgram.string)
        process.arguments = ["serve", "--port", "0"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let bytes = output.fileHandleForReading.availableData
            if bytes.isEmpty { break }
            line += bytes
        }
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        address = String(try #require(words.last { $0.hasPrefix("http://") }, "the server did not start"))
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }
}
