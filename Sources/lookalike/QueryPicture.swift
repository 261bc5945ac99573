import Foundation
import ImageDecoding
import QueryPipeline
import SystemPackage

extension ImageQuery {
    /// The picture that an argument names: a file, or with - what standard input brings.
    ///
    /// - Parameter limit: How many bytes are read from standard input, and one more: enough to refuse it.
    static func named(_ argument: String, upTo limit: Int) throws -> ImageQuery {
        guard argument == "-" else { return .file(FilePath(argument: argument)) }
        let bytes = try FileHandle.standardInput.read(upToCount: limit + 1) ?? Data()
        return .bytes([UInt8](bytes))
    }
}

extension PictureRegion {
    /// The rectangle as `--crop` takes it: left, top, width and height in parts of the picture's size, to a ten-thousandth.
    var cropText: String {
        func span(_ start: Double, _ extent: Double) -> (start: String, extent: String) {
            // Edges are rounded, not extents: what ends with the picture still does.
            let (first, end) = ((start * 10_000).rounded(), ((start + extent) * 10_000).rounded())
            return (fixed(first / 10_000, 4), fixed((end - first) / 10_000, 4))
        }
        let (across, down) = (span(x, width), span(y, height))
        return [across.start, down.start, across.extent, down.extent].joined(separator: ",")
    }
}

/// The query picture cannot be read.
struct RefusedPicture: Error, CustomStringConvertible {
    let name: String
    let reason: ImageDecodingError

    var description: String { "\(name): \(reason.message)" }
}
