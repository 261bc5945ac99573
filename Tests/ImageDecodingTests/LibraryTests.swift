import Foundation
import ImageDecoding
import Synchronization
import Testing

@Suite("libvips as a whole")
struct LibraryTests {
    @Test("every format is proven by decoding a fresh sample, or says that it is not")
    func describe() throws {
        let description = try DecodingLibrary.describe()
        #expect(description.formats.map(\.format) == ImageFormat.allCases)
        #expect(description.version.split(separator: ".").count == 3)
        for check in description.formats where [.jpeg, .png, .webp, .gif, .tiff].contains(check.format) {
            #expect(check.outcome == .works, "\(check.format)")
        }
        #expect(!description.formats.contains { $0.outcome == .failed })
    }

    @Test("four threads at once get what one gets")
    func concurrency() throws {
        let names = [
            "scene.jpg", "noise.png", "animated.webp", "scene.gif", "two-pages.tif", "cmyk.jpg", "scene.avif",
        ]
        let expected = try names.map { try decoded($0, size: .shorterSide(24)) }
        let bad = Array(try fixtureBytes("scene.jpg").dropLast(200))
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 4 * names.count) { iteration in
            let index = iteration % names.count
            let image = try? decoded(names[index], size: .shorterSide(24))
            if image != expected[index] { failures.withLock { $0.append(names[index]) } }
            if refusal(.bytes(bad)) != .truncated { failures.withLock { $0.append("the truncated one") } }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test("a thumbnail written as JPEG is read again as nearly the same picture")
    func jpeg() throws {
        let scene = try decoded("scene.png")
        let file = try scene.jpegData(quality: 95)
        #expect(file.starts(with: [0xFF, 0xD8, 0xFF]))
        let again = try ImageDecoder().thumbnail(of: .bytes(file), size: .longerSide(48)).pixels
        try expectAlike(scene, again, mean: 3, largest: 30)
        #expect(try scene.jpegData(quality: 20).count < file.count)
    }

    @Test("a picture too wide for JPEG is refused before encoding")
    func tooWideForJPEG() {
        let line = PixelImage(width: 65_536, height: 1, pixels: Array(repeating: 0, count: 65_536 * 3))
        #expect(throws: ImageDecodingError.self) { try line.jpegData(quality: 80) }
    }

    @Test("reasons have stable codes")
    func reasonCodes() {
        #expect(
            ImageDecodingError.Reason.allCases.map(\.rawValue) == [
                "unreadable", "not-a-file", "empty", "too-many-bytes", "not-an-image", "unsupported-format",
                "too-many-pixels", "too-elongated", "truncated", "corrupt", "too-slow",
                "too-much-memory", "decoder-crashed", "unavailable",
            ]
        )
    }
}
