import Foundation
import ImageDecoding
import Testing

@Suite("Every colour mode comes out as its sRGB twin")
struct ColourTests {
    @Test(
        "lossless files agree with their twins to the last bit",
        arguments: [
            ("interlaced.png", "scene.png"), ("sixteen-bit.png", "scene.png"), ("lossless.webp", "scene.png"),
            ("scene.tif", "scene.png"), ("cmyk.tif", "scene.png"), ("palette.png", "palette-twin.png"),
            ("scene.gif", "palette-twin.png"), ("one-bit.png", "one-bit-twin.png"),
        ]
    )
    func lossless(_ file: String, _ twin: String) throws {
        try expectAlike(decoded(file), decoded(twin))
    }

    @Test(
        "lossy files are near their twins",
        arguments: [
            ("scene.jpg", "scene.png"), ("progressive.jpg", "scene.png"), ("cmyk.jpg", "scene.png"),
            ("ycck.jpg", "scene.png"), ("grey.jpg", "grey.png"), ("lossy.webp", "scene.png"),
            ("jpeg.tif", "scene.png"), ("scene.avif", "scene.png"),
        ]
    )
    func lossy(_ file: String, _ twin: String) throws {
        try expectAlike(decoded(file), decoded(twin), mean: 1.5, largest: 9)
    }

    @Test("black ink darkens what the other inks leave")
    func blackInk() throws {
        try expectAlike(decoded("cmyk-black.tif"), decoded("cmyk-black-twin.png"), mean: 1, largest: 1)
    }

    @Test("grey pictures have three equal channels")
    func grey() throws {
        let pixels = try decoded("grey.png").pixels
        for start in stride(from: 0, to: pixels.count, by: 3) {
            #expect(pixels[start] == pixels[start + 1] && pixels[start] == pixels[start + 2])
        }
    }

    @Test("transparency is laid on white", arguments: ["transparent.png", "transparent.webp"])
    func transparency(_ file: String) throws {
        try expectAlike(decoded(file), decoded("transparent-twin.png"), mean: 1, largest: 1)
    }

    @Test("colours hidden under full transparency do not bleed into edges when resizing")
    func noBleeding() throws {
        let (small, twin) = (
            try decoded("transparent.png", size: .shorterSide(10)),
            try decoded("transparent-twin.png", size: .shorterSide(10))
        )
        try expectAlike(small, twin, mean: 1, largest: 2)
    }

    @Test("grey with transparency is laid on white")
    func greyTransparency() throws {
        let (image, grey) = (try decoded("transparent-grey.png"), try decoded("grey.png"))
        let row = 16 * image.width * 3
        #expect(Array(image.pixels[row..<row + 45]) == Array(grey.pixels[row..<row + 45]))
        #expect(image.pixels[row + 40 * 3] == 255)
    }

    @Test("an embedded profile is obeyed", arguments: ["swapped-profile.png", "swapped-profile.jpg"])
    func profile(_ file: String) throws {
        // Red and green have changed places in the samples and in the profile, so obeying it restores the
        // scene.
        try expectAlike(decoded(file), decoded("scene.png"), mean: 1, largest: 4)
    }

    @Test("a grey profile is obeyed")
    func greyProfile() throws {
        // The profile says that samples are light itself; sRGB's own curve (IEC 61966-2-1) then tells what to
        // expect.
        let expected = try decoded("grey.png").pixels.map { sample -> UInt8 in
            let light = Double(sample) / 255
            let encoded = light <= 0.003_130_8 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
            return UInt8((encoded * 255).rounded())
        }
        let image = try decoded("grey-profile.png")
        try expectAlike(
            image,
            PixelImage(width: image.width, height: image.height, pixels: expected),
            mean: 1,
            largest: 2
        )
    }

    @Test(
        "a profile that is broken, or made for other channels, does not fail the picture",
        arguments: [
            ("broken-profile.png", "scene.png"), ("broken-profile.jpg", "scene.jpg"),
            ("grey-with-rgb-profile.png", "grey.png"),
        ]
    )
    func brokenProfile(_ file: String, _ twin: String) throws {
        try expectAlike(decoded(file), decoded(twin))
    }

    @Test("of several pages or frames the first is decoded, and all are counted")
    func pages() throws {
        try expectAlike(decoded("animated.gif"), decoded("animated-twin.png"))
        try expectAlike(decoded("animated.webp"), decoded("scene.png"))
        try expectAlike(decoded("two-pages.tif"), decoded("scene.png"))
        for file in ["animated.gif", "animated.webp", "two-pages.tif"] {
            #expect(try ImageDecoder().header(of: .file(fixture(file))).pageCount == 2)
        }
    }
}
