import Foundation
import ImageDecoding
import SystemPackage
import Testing

/// The folder of pictures that Fixtures/make_fixtures.py drew.
private let fixtures = FilePath(#filePath).removingLastComponent().appending("Fixtures")

func fixture(_ name: String) -> FilePath {
    fixtures.appending(name)
}

func fixtureBytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: fixture(name).string)))
}

/// Decodes a fixture without changing its size, unless another is asked for.
func decoded(_ name: String, size: ThumbnailSize = .longerSide(10_000)) throws -> PixelImage {
    try ImageDecoder().thumbnail(of: .file(fixture(name)), size: size).pixels
}

/// The mean and the largest difference of samples; nil for pictures of different size.
func difference(_ one: PixelImage, _ other: PixelImage) -> (mean: Double, largest: Int)? {
    guard one.width == other.width, one.height == other.height else { return nil }
    let differences = zip(one.pixels, other.pixels).map { abs(Int($0.0) - Int($0.1)) }
    return (Double(differences.reduce(0, +)) / Double(differences.count), differences.max() ?? 0)
}

/// Expects two pictures to be of one size and to differ by no more than this.
func expectAlike(
    _ one: PixelImage,
    _ other: PixelImage,
    mean: Double = 0,
    largest: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let found = try #require(difference(one, other), sourceLocation: sourceLocation)
    #expect(found.mean <= mean && found.largest <= largest, sourceLocation: sourceLocation)
}

/// The reason for which a picture is refused, or nil if it is not.
func refusal(_ source: ImageSource, limits: DecodingLimits = .default) -> ImageDecodingError.Reason? {
    do {
        _ = try ImageDecoder(limits: limits).thumbnail(of: source, size: .longerSide(16))
        return nil
    } catch {
        return error.reason
    }
}
