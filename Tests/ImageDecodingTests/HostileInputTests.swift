import ImageDecoding
import Testing

@Suite("Bytes that mean harm, or came to harm")
struct HostileInputTests {
    @Test("text is no picture, whatever libvips would make of it")
    func text() {
        #expect(refusal(.bytes(Array("Dear Sir or Madam,\n".utf8))) == .notAnImage)
        #expect(refusal(.bytes(Array("3 3 1 0\n1 2 3\n4 5 6\n7 8 9\n".utf8))) == .notAnImage)
        #expect(refusal(.bytes([0xFF])) == .notAnImage)
    }

    @Test(
        "pictures of other kinds are named and refused",
        arguments: ["scene.bmp.bin", "scene.jp2.bin"]
    )
    func otherKinds(_ name: String) {
        #expect(refusal(.file(fixture(name))) == .unsupportedFormat)
    }

    @Test(
        "documents and scripts never reach a decoder",
        arguments: [
            "%PDF-1.7\n", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%!PS-Adobe", "8BPS",
            "P6 1 1 255\n...",
        ]
    )
    func documents(_ text: String) {
        #expect(refusal(.bytes(Array(text.utf8))) == .unsupportedFormat)
    }

    @Test("a film is not taken for a HEIF")
    func film() {
        let box: [UInt8] = [0, 0, 0, 20] + Array("ftypisom".utf8) + [0, 0, 2, 0] + Array("mp41".utf8)
        #expect(refusal(.bytes(box)) == .unsupportedFormat)
    }

    @Test("a signature with nothing behind it is truncated", arguments: ImageFormat.allCases)
    func signatureOnly(_ format: ImageFormat) throws {
        let names: [ImageFormat: String] = [
            .jpeg: "scene.jpg", .png: "scene.png", .webp: "lossy.webp", .gif: "scene.gif", .tiff: "scene.tif",
            .avif: "scene.avif",
        ]
        let start: [UInt8]
        if let name = names[format] {
            start = Array(try fixtureBytes(name).prefix(24))
        } else {
            start = [0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0] + Array("mif1".utf8)
        }
        #expect(refusal(.bytes(start)) == .truncated)
    }

    @Test("a GIF whose frame lies far outside its screen is refused")
    func gifBomb() {
        let screen: [UInt8] = [1, 0, 1, 0, 0, 0, 0]
        // A frame of 1×1 at 60000, 60000, its (empty) pixels, and the end.
        let frame: [UInt8] = [0x2C, 0x60, 0xEA, 0x60, 0xEA, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0, 0x3B]
        #expect(refusal(.bytes(Array("GIF89a".utf8) + screen + frame)) == .tooManyPixels)
        // The same behind an extension and a harmless frame.
        let harmless: [UInt8] = [0x21, 0xFE, 2, 65, 66, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0]
        #expect(refusal(.bytes(Array("GIF89a".utf8) + screen + harmless + frame)) == .tooManyPixels)
    }

    @Test("a PNG that claims 65500×65500 pixels is refused by its header")
    func pngClaim() throws {
        var bytes = try fixtureBytes("scene.png")
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xDC, 0, 0, 0xFF, 0xDC])
        bytes.replaceSubrange(29..<33, with: checksum(of: bytes[12..<29]))
        #expect(refusal(.bytes(bytes)) == .tooManyPixels)
    }

    @Test(
        "a JPEG that claims more blocks than it has bits is truncated, not a grey picture",
        arguments: [false, true]
    )
    func jpegWithoutData(isWhole: Bool) throws {
        let pixels = PixelImage(width: 64, height: 64, pixels: Array(repeating: 90, count: 64 * 64 * 3))
        var bytes = try pixels.jpegData(quality: 80)
        let frame = try #require(
            bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }
        )
        if !isWhole { bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x27, 0x0F, 0x27, 0x0F]) }
        if isWhole {
            _ = try ImageDecoder().thumbnail(of: .bytes(bytes), size: .longerSide(64))
        } else {
            let error = #expect(throws: ImageDecodingError.self) {
                try ImageDecoder().thumbnail(of: .bytes(bytes), size: .longerSide(64))
            }
            #expect(error?.reason == .truncated)
        }
    }

    @Test("a TIFF's channels beside the colours are transparency only if they say so", arguments: [0, 1, 2])
    func otherChannels(kind: Int) throws {
        // Red, and a fourth channel of zeros: wholly transparent, if that is what it is.
        let tiff = tiff(
            pixels: Array(repeating: [200, 0, 0, 0], count: 16).flatMap { $0 },
            extraSample: kind
        )
        let decoded = try ImageDecoder().thumbnail(of: .bytes(tiff), size: .longerSide(4))
        #expect(Array(decoded.pixels.pixels.prefix(3)) == (kind == 0 ? [200, 0, 0] : [255, 255, 255]))
    }

    /// A TIFF of 4 × 4 pixels of four bytes each.
    private func tiff(pixels: [UInt8], extraSample: Int) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(value >> (8 * $0) & 255) }
        }
        // tag, type (3: two bytes, 4: four), count, value or offset; bits per sample lie behind the directory.
        let entries = [
            (256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 4, 134), (259, 3, 1, 1), (262, 3, 1, 2),
            (273, 4, 1, 142),
            (277, 3, 1, 4), (278, 3, 1, 4), (279, 4, 1, pixels.count), (338, 3, 1, extraSample),
        ]
        let directory = entries.flatMap {
            number($0.0, 2) + number($0.1, 2) + number($0.2, 4) + number($0.3, 4)
        }
        let start =
            number(0x2A_4949, 3) + [0] + number(8, 4) + number(entries.count, 2) + directory + number(0, 4)
        return start + [8, 0, 8, 0, 8, 0, 8, 0] + pixels
    }

    @Test("a TIFF of one pixel with a tile of 60000×60000 is refused")
    func tiffTile() {
        #expect(
            refusal(.bytes(tiff(tags: [(256, 1), (257, 1), (322, 60_000), (323, 60_000)]))) == .tooManyPixels
        )
        // A decoder heeds the first of two tags, so a harmless second one must not hide it.
        let twice = [(256, 1), (257, 1), (322, 60_000), (322, 16), (323, 60_000), (323, 16)]
        #expect(refusal(.bytes(tiff(tags: twice))) == .tooManyPixels)
    }

    @Test("pictures up to the limit are decoded, one pixel more is not")
    func pixelLimit() {
        let source = ImageSource.file(fixture("scene.png"))
        #expect(refusal(source, limits: DecodingLimits(maximumPixelCount: 48 * 32)) == nil)
        #expect(refusal(source, limits: DecodingLimits(maximumPixelCount: 48 * 32 - 1)) == .tooManyPixels)
    }

    @Test(
        "a file cut anywhere is refused, or shows the whole picture because only its tail was cut",
        arguments: [
            "scene.jpg", "progressive.jpg", "cmyk.jpg", "scene.png", "interlaced.png", "lossy.webp",
            "lossless.webp",
            "scene.gif", "scene.tif", "scene.avif",
        ]
    )
    func truncation(_ name: String) throws {
        let bytes = try fixtureBytes(name)
        let whole = try decoded(name, size: .longerSide(16))
        var refused = 0
        let lengths =
            Array(stride(from: 12, to: bytes.count, by: max(1, bytes.count / 60))) + [bytes.count - 1]
        for length in lengths {
            do {
                let image = try ImageDecoder().thumbnail(
                    of: .bytes(Array(bytes.prefix(length))),
                    size: .longerSide(16)
                )
                #expect(image.pixels == whole, "cut after \(length) of \(bytes.count)")
            } catch {
                #expect(error.reason == .truncated, "cut after \(length) of \(bytes.count)")
                refused += 1
            }
        }
        #expect(refused * 10 > lengths.count * 7, "most cuts go through the pixels")
    }

    @Test("a file with its middle overwritten never crashes, and is refused for a reason that fits")
    func corruption() throws {
        for name in ["scene.jpg", "scene.png", "lossless.webp", "scene.gif", "scene.tif", "scene.avif"] {
            let bytes = try fixtureBytes(name)
            for start in stride(from: 12, to: bytes.count - 8, by: max(1, bytes.count / 40)) {
                var damaged = bytes
                damaged.replaceSubrange(start..<start + 8, with: [0xFF, 0, 0xAA, 0x55, 0xFF, 0xFF, 1, 0x80])
                let reason = refusal(.bytes(damaged))
                #expect(
                    reason.map { [.corrupt, .truncated, .tooManyPixels, .unsupportedFormat].contains($0) }
                        ?? true,
                    "\(name) at \(start): \(String(describing: reason))"
                )
            }
        }
    }

    @Test("a PNG with a wrong checksum is corrupt, not truncated")
    func checksumMismatch() throws {
        var bytes = try fixtureBytes("noise.png")
        bytes[bytes.count / 2] ^= 0x10
        #expect(refusal(.bytes(bytes)) == .corrupt)
    }

    /// CRC-32 of PNG chunks, as four big-endian bytes.
    private func checksum(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        crc = ~crc
        return (0..<4).map { UInt8(truncatingIfNeeded: crc >> (24 - 8 * UInt32($0))) }
    }

    /// A little-endian TIFF with these LONG tags and one tile of no bytes.
    private func tiff(tags: [(tag: Int, value: Int)]) -> [UInt8] {
        func digits(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let all = tags + [(324, 8), (325, 0)]
        let entries = all.flatMap { digits($0.tag, 2) + digits(4, 2) + digits(1, 4) + digits($0.value, 4) }
        return [0x49, 0x49, 42, 0] + digits(8, 4) + digits(all.count, 2) + entries + digits(0, 4)
    }
}
