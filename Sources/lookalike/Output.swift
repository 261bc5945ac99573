import Foundation

#if canImport(Glibc)
@preconcurrency import Glibc
#else
import Darwin
#endif

/// Writes `line` and a line feed.
func writeLine(_ line: String, to handle: FileHandle = .standardOutput) {
    handle.write(Data((line + "\n").utf8))
}

/// Writes `value` as indented JSON with sorted keys.
func writeJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
}

/// Makes a file's name fit for a line of text: control characters, line feeds among them, are escaped.
func displayed(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
        if scalar.properties.generalCategory == .control {
            text += scalar.escaped(asASCII: true)
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return text
}

/// Writes `count` with the noun in the right number.
func counted(_ count: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? singular : plural ?? singular + "s")"
}

/// Writes `value` with so many digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}

/// Whether standard error is a terminal that somebody watches.
var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
