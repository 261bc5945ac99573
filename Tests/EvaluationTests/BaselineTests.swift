import ImageDecoding
import TestSupport
import Testing

@testable import Evaluation

@Suite("Baselines")
struct BaselineTests {
    private static func picture(_ name: String) throws -> PixelImage {
        try ImageDecoder().thumbnail(of: .file(samplePhotograph(name)), size: .shorterSide(256)).pixels
    }

    @Test("every vector has length 1, and equal pictures have equal ones", arguments: 0..<3)
    func vectors(baseline: Int) throws {
        let baseline = Baselines.all[baseline]
        let picture = try Self.picture("windmills/linda-dark.jpg")
        let vector = baseline.embed(picture)
        #expect(abs(cosineSimilarity(vector, vector) - 1) < 1e-6)
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        #expect(vector == baseline.embed(picture))
        let flat = PixelImage(width: 3, height: 2, pixels: Array(repeating: 0, count: 18))
        #expect(baseline.embed(flat).count == vector.count, "a tiny black picture has a vector as well")
    }

    @Test("colours fall into the bins of their hue, saturation and value")
    func bins() {
        func bin(_ red: Int, _ green: Int, _ blue: Int) -> (Int, Int, Int) {
            let bin = ColorHistogram.bin(red: red, green: green, blue: blue)
            return (bin / 16, bin / 4 % 4, bin % 4)
        }
        #expect(bin(255, 0, 0) == (0, 3, 3))
        #expect(bin(0, 255, 0) == (5, 3, 3))
        #expect(bin(0, 0, 255) == (10, 3, 3))
        #expect(bin(255, 0, 255) == (13, 3, 3))
        #expect(bin(255, 0, 1) == (15, 3, 3), "just below red is the last hue")
        #expect(bin(128, 128, 128) == (0, 0, 2))
        #expect(bin(20, 0, 10) == (0, 0, 0), "the hue of the dark means nothing")
    }

    @Test("a perceptual hash sees through brightness and JPEG, and not through mirroring")
    func hash() throws {
        let picture = try Self.picture("windmills/linda-dark.jpg")
        let hash = PerceptualHashVector()
        func distance(_ variation: Variation) throws -> Int {
            let changed = try ImageDecoder().thumbnail(
                of: .bytes(picture.varied(by: variation)),
                size: .shorterSide(256)
            )
            return zip(hash.embed(picture), hash.embed(changed.pixels)).count { $0 != $1 }
        }
        #expect(try distance(.brightness(0.8)) <= 6)
        #expect(try distance(.jpeg(quality: 20)) <= 6)
        #expect(try distance(.mirrored) >= 16)
    }
}
