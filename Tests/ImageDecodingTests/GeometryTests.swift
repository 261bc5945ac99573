import ImageDecoding
import Testing

@Suite("Size and orientation")
struct GeometryTests {
    @Test("all eight EXIF orientations show the same upright picture", arguments: 1...8)
    func orientation(_ value: Int) throws {
        let file = "orientation-\(value).jpg"
        let header = try ImageDecoder().header(of: .file(fixture(file)))
        #expect((header.width, header.height) == (48, 32))
        try expectAlike(decoded(file), decoded("scene.png"), mean: 1, largest: 5)
        // Resizing happens before turning: a side taken for the other one would show here.
        try expectAlike(
            decoded(file, size: .shorterSide(8)),
            decoded("scene.png", size: .shorterSide(8)),
            mean: 1,
            largest: 4
        )
    }

    @Test(
        "the shorter side gets the length asked for, enlarging if need be",
        arguments: [(8, 12, 8), (32, 48, 32), (64, 96, 64), (1, 2, 1)]
    )
    func shorterSide(_ length: Int, _ width: Int, _ height: Int) throws {
        let image = try decoded("scene.png", size: .shorterSide(length))
        #expect((image.width, image.height) == (width, height))
    }

    @Test(
        "the longer side gets at most the length asked for, never enlarging",
        arguments: [(12, 12, 8), (48, 48, 32), (4_000, 48, 32), (1, 1, 1)]
    )
    func longerSide(_ length: Int, _ width: Int, _ height: Int) throws {
        let image = try decoded("scene.png", size: .longerSide(length))
        #expect((image.width, image.height) == (width, height))
    }

    @Test("one pixel becomes a plain square")
    func onePixel() throws {
        let file = try PixelImage(width: 1, height: 1, pixels: [200, 200, 200]).jpegData(quality: 100)
        let image = try ImageDecoder().thumbnail(of: .bytes(file), size: .shorterSide(16)).pixels
        #expect(image == PixelImage(width: 16, height: 16, pixels: Array(repeating: 200, count: 16 * 16 * 3)))
    }

    @Test(
        "very long pictures are fitted, and refused where the result would be huge",
        arguments: [true, false]
    )
    func extremes(isTall: Bool) throws {
        let (width, height) = isTall ? (1, 5_000) : (5_000, 1)
        let file = try PixelImage(
            width: width,
            height: height,
            pixels: Array(repeating: 90, count: width * height * 3)
        ).jpegData(quality: 90)
        let fitted = try ImageDecoder().thumbnail(of: .bytes(file), size: .longerSide(100)).pixels
        #expect((fitted.width, fitted.height) == (isTall ? (1, 100) : (100, 1)))
        #expect(fitted.pixels.allSatisfy { abs(Int($0) - 90) <= 1 })
        let error = #expect(throws: ImageDecodingError.self) {
            try ImageDecoder().thumbnail(of: .bytes(file), size: .shorterSide(256))
        }
        #expect(error?.reason == .tooElongated)
    }
}
