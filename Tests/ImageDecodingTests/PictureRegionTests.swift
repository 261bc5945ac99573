import TestSupport
import Testing

@testable import ImageDecoding

@Suite("Parts of pictures, and what pictures look like from afar")
struct PictureRegionTests {
    /// The sample of pixel (x, y) is (x, y, 0).
    private let grid = PixelImage(
        width: 20,
        height: 10,
        pixels: (0..<10).flatMap { y in (0..<20).flatMap { x in [UInt8(x), UInt8(y), 0] } }
    )

    @Test("a crop has the pixels of its rectangle, one at least")
    func crop() {
        let part = grid.cropped(to: PictureRegion(x: 0.25, y: 0.5, width: 0.5, height: 0.3))
        #expect((part.width, part.height) == (10, 3))
        #expect(Array(part.pixels.prefix(3)) == [5, 5, 0])
        #expect(Array(part.pixels.suffix(3)) == [14, 7, 0])
        let point = grid.cropped(to: PictureRegion(x: 0.999, y: 0.999, width: 0.0001, height: 0.0001))
        #expect(point.pixels == [19, 9, 0])
        #expect(grid.cropped(to: .whole) == grid)
    }

    @Test("rectangles with an extent inside the picture are rectangles, others are not")
    func inside() {
        for region in [PictureRegion.whole, PictureRegion(x: 0.5, y: 0, width: 0.5, height: 0.01)] {
            #expect(region.isInside)
        }
        for region in [
            PictureRegion(x: -0.1, y: 0, width: 1, height: 1),
            PictureRegion(x: 0.5, y: 0, width: 0.6, height: 1),
            PictureRegion(x: 0, y: 0, width: 0, height: 1), PictureRegion(x: 0, y: .nan, width: 1, height: 1),
            PictureRegion(x: 0, y: 0, width: 1, height: .infinity),
        ] {
            #expect(!region.isInside)
        }
    }

    @Test("resizing a decoded picture is what decoding at that size does")
    func resizing() throws {
        let source = ImageSource.file(samplePhotograph("windmills/linda.jpg"))
        let whole = try ImageDecoder().thumbnail(of: source, size: .longerSide(10_000)).pixels
        let small = try ImageDecoder().thumbnail(of: source, size: .shorterSide(256)).pixels
        let resized = whole.resized(to: .shorterSide(256))
        #expect((resized.width, resized.height) == (small.width, small.height))
        let differences = zip(resized.pixels, small.pixels).map { abs(Int($0) - Int($1)) }
        // Decoding may have shrunk on load.
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 2)
        #expect(grid.resized(to: .longerSide(20)) == grid)
    }

    @Test("copies keep most of a perceptual hash, other pictures half of it")
    func perceptualHash() throws {
        let names = [
            "windmills/linda.jpg", "windmills/linda-dark.jpg", "hammers/claw-wooden-angled.jpg",
            "hoofed-animals/moose.jpg",
        ]
        let pictures = try names.map {
            try ImageDecoder().thumbnail(of: .file(samplePhotograph($0)), size: .shorterSide(256)).pixels
        }
        let hashes = pictures.map { PerceptualHash(of: $0) }
        for (picture, hash) in zip(pictures, hashes) {
            for variation in [Variation.jpeg(quality: 20), .brightness(1.2)] {
                let copy = try ImageDecoder().thumbnail(
                    of: .bytes(picture.varied(by: variation)),
                    size: .longerSide(120)
                ).pixels
                #expect(hash.distance(to: PerceptualHash(of: copy)) <= 8)
            }
        }
        for first in hashes.indices {
            for second in hashes.indices where first < second {
                #expect(hashes[first].distance(to: hashes[second]) > 10)
            }
        }
        #expect(hashes[0].distance(to: hashes[0]) == 0)
        // One pixel has no frequencies but the lowest.
        #expect(
            PerceptualHash(of: PixelImage(width: 1, height: 1, pixels: [9, 9, 9])).bits.nonzeroBitCount <= 33
        )
    }
}
