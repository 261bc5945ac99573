import ArgumentParser
import Foundation
import ImageDecoding
import SystemPackage

/// `lookalike-bench decode`: files to pixels of the network's size, on one thread.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Time how files become pixels of the network's size, on one thread."
    )

    @Argument(help: "Text file with the path of a picture in each line.", completion: .file())
    var list: String

    @Option(help: "Length that the shorter side is brought to.")
    var shorterSide = 256

    @Option(help: "Side of the square that is cut from the centre.")
    var side = 224

    @Option(help: "File for the squares: bytes without header, height × width × RGB, one after the other.")
    var output: String?

    func run() throws {
        let paths = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map {
            FilePath(String($0))
        }
        guard let first = paths.first else { throw ValidationError("\(list) names no picture.") }
        let decoder = ImageDecoder()
        // Starts libvips, which is not what is measured.
        _ = try decoder.thumbnail(of: .file(first), size: .shorterSide(shorterSide))
        let (images, cost) = try measure {
            try paths.map { try decoder.thumbnail(of: .file($0), size: .shorterSide(shorterSide)).pixels }
        }
        if let output {
            var pixels = RawFile()
            for image in images { pixels.append(centre: side, of: image) }
            try pixels.write(to: output)
        }
        try writeJSON(Report(pictures: images.count, decode: cost))
    }

    private struct Report: Encodable {
        let pictures: Int
        let decode: Cost
    }
}

extension RawFile {
    /// Appends the middle `side` × `side` pixels; an odd remainder is at the right and the bottom.
    mutating func append(centre side: Int, of image: PixelImage) {
        let left = (image.width - side) / 2
        let top = (image.height - side) / 2
        for row in top..<top + side {
            let start = (row * image.width + left) * 3
            append(image.pixels[start..<start + side * 3])
        }
    }
}
