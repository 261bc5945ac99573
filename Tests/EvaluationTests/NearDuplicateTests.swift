import SystemPackage
import TestSupport
import Testing

@testable import Evaluation
@testable import ImageDecoding

@Suite("Near-duplicates")
struct NearDuplicateTests {
    private static let picture = Result {
        try ImageDecoder().thumbnail(
            of: .file(samplePhotograph("windmills/linda-dark.jpg")),
            size: .longerSide(400)
        )
        .pixels
    }

    private static func decoded(_ bytes: [UInt8]) throws -> PixelImage {
        try ImageDecoder().thumbnail(of: .bytes(bytes), size: .longerSide(2000)).pixels
    }

    private static func mean(_ picture: PixelImage) -> Double {
        Double(picture.pixels.reduce(0) { $0 + Int($1) }) / Double(picture.pixels.count)
    }

    /// The mean difference of two pictures of one size.
    private static func difference(_ first: PixelImage, _ second: PixelImage) -> Double {
        Double(zip(first.pixels, second.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) })
            / Double(first.pixels.count)
    }

    /// The mean distance of a pixel's largest value from its smallest.
    private static func colourfulness(_ picture: PixelImage) -> Double {
        let spreads = stride(from: 0, to: picture.pixels.count, by: 3).map { pixel in
            let values = picture.pixels[pixel..<pixel + 3]
            return Int(values.max() ?? 0) - Int(values.min() ?? 0)
        }
        return Double(spreads.reduce(0, +)) / Double(spreads.count)
    }

    @Test("each change does what it says")
    func changes() throws {
        let original = try Self.picture.get()
        let (width, height) = (original.width, original.height)

        let half = try Self.decoded(original.varied(by: .crop(area: 0.5, horizontal: 0, vertical: 1)))
        #expect(abs(Double(half.width * half.height) / Double(width * height) - 0.5) < 0.01)
        let rows = (height - half.height)..<height
        let corner = PixelImage(
            width: half.width,
            height: half.height,
            pixels: rows.flatMap { original.pixels[($0 * width) * 3..<($0 * width + half.width) * 3] }
        )
        #expect(Self.difference(half, corner) < 3)

        let mirrored = try Self.decoded(original.varied(by: .mirrored))
        let again = try Self.decoded(mirrored.varied(by: .mirrored))
        #expect(Self.difference(original, mirrored) > 10)
        #expect(Self.difference(original, again) < 3)

        let brighter = try Self.decoded(original.varied(by: .brightness(1.2)))
        let darker = try Self.decoded(original.varied(by: .brightness(0.8)))
        #expect(Self.mean(brighter) > Self.mean(original) * 1.05)
        #expect(abs(Self.mean(darker) / Self.mean(original) - 0.8) < 0.02)

        let grey = try Self.decoded(original.varied(by: .saturation(0)))
        #expect(Self.colourfulness(grey) < 2 && Self.colourfulness(original) > 20)
        let colourful = try Self.decoded(original.varied(by: .saturation(1.5)))
        #expect(Self.colourfulness(colourful) > 1.2 * Self.colourfulness(original))
        #expect(abs(Self.mean(colourful) - Self.mean(original)) < 12)

        let small = try Self.decoded(original.varied(by: .scaled(0.5)))
        #expect((small.width, small.height) == (width / 2, height / 2))

        let turned = try Self.decoded(original.varied(by: .turned(degrees: 15)))
        #expect(turned.width > width && turned.height > height)
        #expect(turned.pixels.prefix(3).allSatisfy { $0 > 245 }, "white comes in at the corners")

        let poor = try original.varied(by: .jpeg(quality: 20))
        #expect(poor.count * 3 < (try original.jpegData(quality: 95)).count)
        #expect(Self.difference(original, try Self.decoded(poor)) < 10)
        let web = try original.varied(by: .webp(quality: 20))
        #expect(web.starts(with: Array("RIFF".utf8)) && web[8..<12].elementsEqual("WEBP".utf8))
        #expect(Self.difference(original, try Self.decoded(web)) < 10)
    }

    @Test("each picture is asked for with every change, and only it is right")
    func queries() throws {
        let truth = try GroundTruth(nearDuplicatesIn: repository.appending("SampleImages/windmills"))
        #expect(truth.queries.count == truth.pictures.count * 11)
        var options = Evaluation.Options()
        (options.cutoff, options.queryLimit, options.jobs) = (1, 3, 2)
        let result = try Evaluation(
            truth,
            contenders: [ColorHistogram(), RandomVector()],
            decoder: ImageDecoder(),
            options: options
        )
        .run()
        #expect(result.queries.count == 33)
        #expect(result.groups.count == 11)
        let mirrored = try #require(result.groups.first { $0.name == "mirrored" })
        #expect(result.mean(4, of: 0, over: mirrored.queries) == 1, "a mirrored picture has the same colours")
    }

    @Test("a picture that cannot be changed is named with the change, and the rest is measured")
    func unchangeable() throws {
        /// Decodes nothing as large as pictures are changed.
        struct NoLargePictures: PictureDecoding {
            let whole = ImageDecoder()
            var limits: DecodingLimits { whole.limits }

            func thumbnail(
                of source: ImageSource,
                size: ThumbnailSize
            ) throws(ImageDecodingError) -> DecodedImage {
                if case .file(let path) = source, path.stem == "b", size == .longerSide(1024) {
                    throw ImageDecodingError(reason: .unreadable, message: "gone meanwhile")
                }
                return try whole.thumbnail(of: source, size: size)
            }
        }
        let folder = try TemporaryFolder()
        try folder.copy("windmills/linda-dark.jpg", to: "a.jpg")
        try folder.copy("hammers/claw-wooden-angled.jpg", to: "b.jpg")
        let result = try Evaluation(
            try GroundTruth(nearDuplicatesIn: folder.path),
            contenders: [ColorHistogram()],
            decoder: NoLargePictures(),
            options: Evaluation.Options()
        )
        .run()
        #expect(result.queries.count == 11)
        #expect(result.leftOutQueries.count == 11)
        #expect(
            result.leftOutQueries.contains { $0.path.stem == "b" && $0.reason == "mirrored: gone meanwhile" }
        )
        #expect(EvaluationReport(result).leftOutQueries.count == 11)
    }
}
