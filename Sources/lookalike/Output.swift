import Foundation

#if canImport(Glibc)
@preconcurrency import Glibc
#else
import Darwin
#endif

/// Where the command's words go.
enum OutputStream {
    case standardOutput
    case standardError

    /// Writes bytes as they are.
    ///
    /// A reader that has gone away ends the program quietly, as it does other programs in a pipe; any other
    /// failure to write results is said on standard error. What cannot be said on standard error is lost, and
    /// changes nothing.
    func write(_ data: Data) {
        switch self {
        case .standardError:
            try? FileHandle.standardError.write(contentsOf: data)
        case .standardOutput:
            do {
                try FileHandle.standardOutput.write(contentsOf: data)
            } catch {
                let isClosedPipe = (error as NSError).underlyingCode == EPIPE
                if !isClosedPipe {
                    writeLine("lookalike: cannot write the results: \(error.reason)", to: .standardError)
                }
                exit(isClosedPipe ? 128 + SIGPIPE : 1)
            }
        }
    }
}

/// Opens the standard streams that whoever started the program has closed. The library's files would get their numbers, and
/// what is printed would go into them.
func openStandardStreams() {
    var descriptor: Int32
    repeat { descriptor = open("/dev/null", O_RDWR) } while (0...2).contains(descriptor)
    if descriptor > 2 { close(descriptor) }
}

/// Writes `line` and a line feed.
func writeLine(_ line: String, to stream: OutputStream = .standardOutput) {
    stream.write(Data((line + "\n").utf8))
}

/// Writes `value` as indented JSON with sorted keys.
func writeJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    OutputStream.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
}

extension NSError {
    fileprivate var underlyingCode: Int32? {
        (userInfo[NSUnderlyingErrorKey] as? NSError).map { Int32($0.code) }
            ?? (domain == NSPOSIXErrorDomain ? Int32(code) : nil)
    }
}

extension Error {
    fileprivate var reason: String {
        (self as NSError).underlyingCode.map { String(cString: strerror($0)) } ?? localizedDescription
    }
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

extension String {
    /// The text with spaces before it, so that it takes at least `width` places.
    func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}

/// Whether standard error is a terminal that somebody watches.
var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
