import Foundation
import SystemPackage
import Testing

@testable import ImageDecoding

/// Three of the photographs that come with Lookalike.
private let photographs: [FilePath] = {
    let folder = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        .appending("SampleImages")
    let names =
        FileManager.default.enumerator(atPath: folder.string)?
        .compactMap { $0 as? String }.filter { $0.hasSuffix(".jpg") }.sorted() ?? []
    return stride(from: 0, to: names.count, by: max(1, names.count / 3)).prefix(3).map {
        folder.pushing(FilePath(names[$0]))
    }
}()

@Suite("Real photographs")
struct PhotographTests {
    @Test("there are photographs to test with")
    func present() {
        #expect(photographs.count == 3)
    }

    @Test(
        "decoding smaller in the JPEG decoder hardly differs from decoding all and resizing",
        arguments: photographs
    )
    func shrinkOnLoad(_ file: FilePath) throws {
        let decoder = ImageDecoder()
        let (bytes, format) = try ImageSource.file(file).read(limits: .default)
        let opened = try decoder.open(bytes, format: format)
        let (width, height) = (opened.header.width / 7, opened.header.height / 7)
        #expect(format.shrinkOnLoad(reducingBy: 7) == 4)
        let fast = try #require(decoder.decode(bytes, opened: opened, width: width, height: height))
        let exact = try #require(
            decoder.decode(bytes, opened: opened, width: width, height: height, shrinkingOnLoad: false)
        )
        let squares = zip(fast.pixels, exact.pixels).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
        let decibels = 10 * log10(255 * 255 / max(squares / Double(fast.pixels.count), 1e-9))
        #expect(fast != exact, "the decoder was asked to shrink")
        #expect(decibels > 29, "\(file): \(decibels) dB")
    }
}
