import Foundation
import SystemPackage
import Testing

/// The command, built beside the program that runs the tests.
var lookalikeProgram: FilePath {
    get throws {
        let tests = FilePath(try #require(Bundle.main.executablePath))
        return tests.removingLastComponent().appending("lookalike")
    }
}
