import Foundation
import TestSupport
import Testing

@testable import ImageDecoding

@Suite("EXIF data tell when a picture was taken, and with what")
struct CaptureMetadataTests {
    @Test("JPEG, PNG, WebP and TIFF, in both byte orders", arguments: [true, false])
    func containers(littleEndian: Bool) {
        let exif = EXIF(
            littleEndian: littleEndian,
            maker: "Canon",
            model: "Canon EOS 80D",
            takenAt: "2024:05:01 17:31:09"
        )
        for (bytes, format) in exif.files {
            let metadata = CaptureMetadata(of: bytes, format: format)
            #expect(metadata.takenAt == "2024-05-01T17:31:09", "\(format)")
            #expect(metadata.camera == "Canon EOS 80D", "\(format)")
        }
    }

    @Test(
        "maker and model are joined unless the model repeats the maker",
        arguments: [
            ("NIKON CORPORATION", "NIKON D70", "NIKON D70"), ("Apple", "iPhone 12", "Apple iPhone 12"),
            ("", "EOS", "EOS"), ("Sony  ", "", "Sony"), ("", "", nil), ("  ", "X\u{1}Y", "XY"),
        ]
    )
    func cameras(maker: String, model: String, expected: String?) {
        let exif = EXIF(littleEndian: true, maker: maker, model: model, takenAt: "")
        #expect(CaptureMetadata(of: exif.tiff, format: .tiff).camera == expected)
    }

    @Test(
        "what is no time is none",
        arguments: [
            "0000:00:00 00:00:00", "2024:13:01 00:00:00", "2024-05-01", "    :  :     :  :  ",
            "2024:05:01 24:00:00", "", "x",
            "2024:05:01 17:31:09:11", "99999:05:01 17:31:09",
        ]
    )
    func times(text: String) {
        let exif = EXIF(littleEndian: true, maker: "a", model: "b", takenAt: text)
        #expect(CaptureMetadata(of: exif.tiff, format: .tiff).takenAt == nil)
    }

    @Test("photographs without EXIF data have neither")
    func none() throws {
        let bytes = try bytes(of: samplePhotograph("windmills/linda.jpg"))
        #expect(CaptureMetadata(of: bytes, format: .jpeg) == CaptureMetadata(of: [], format: .gif))
    }

    @Test("damaged files are read to no harm", arguments: 1...20)
    func mutations(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        for (bytes, format) in EXIF(
            littleEndian: seed % 2 == 0,
            maker: "Canon",
            model: "Canon EOS",
            takenAt: "2024:05:01 17:31:09"
        ).files {
            for _ in 0..<200 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...6, using: &chance) {
                    damaged[Int.random(in: 0..<damaged.count, using: &chance)] = [0, 1, 0x7F, 0x80, 0xFF]
                        .randomElement(using: &chance)!
                }
                damaged.removeLast(Int.random(in: 0...min(30, damaged.count), using: &chance))
                let metadata = CaptureMetadata(of: damaged, format: format)
                #expect(metadata.takenAt.map { $0.count == 19 } ?? true)
                #expect(metadata.camera.map { !$0.isEmpty && $0.count <= 129 } ?? true)
            }
        }
    }
}

/// A TIFF structure with one directory and an EXIF directory below it, and files around it.
private struct EXIF {
    let tiff: [UInt8]

    init(littleEndian: Bool, maker: String, model: String, takenAt: String) {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let bytes = (0..<count).map { UInt8(value >> (8 * $0) & 255) }
            return littleEndian ? bytes : bytes.reversed()
        }
        let texts = [(271, maker), (272, model)]
        // Header, directory of three entries, EXIF directory of one entry, then the texts.
        let exifStart = 8 + 2 + 3 * 12 + 4
        var place = exifStart + 2 + 12 + 4
        var values: [UInt8] = []
        func entry(_ tag: Int, _ text: String) -> [UInt8] {
            let bytes = Array(text.utf8) + [0]
            // Texts of up to four bytes stand in the entry itself.
            if bytes.count <= 4 {
                return number(tag, 2) + number(2, 2) + number(bytes.count, 4) + bytes
                    + [UInt8](repeating: 0, count: 4 - bytes.count)
            }
            defer { place += bytes.count }
            values += bytes
            return number(tag, 2) + number(2, 2) + number(bytes.count, 4) + number(place, 4)
        }
        var bytes = Array((littleEndian ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + number(3, 2)
        for (tag, text) in texts { bytes += entry(tag, text) }
        bytes += number(34665, 2) + number(4, 2) + number(1, 4) + number(exifStart, 4) + number(0, 4)
        bytes += number(1, 2) + entry(36867, takenAt) + number(0, 4)
        tiff = bytes + values
    }

    var files: [([UInt8], ImageFormat)] {
        let prefix = Array("Exif".utf8) + [0, 0]
        func big(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(value >> (8 * $0) & 255) }
        }
        let segment = prefix + tiff
        let jpeg: [UInt8] =
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xE1] + big(segment.count + 2, 2) + segment + [
                0xFF, 0xDA,
            ]
        let png: [UInt8] =
            [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + big(1, 4) + Array("tEXt".utf8) + [65] + big(0, 4)
            + big(tiff.count, 4) + Array("eXIf".utf8) + tiff + big(0, 4)
        let webp =
            Array("RIFF".utf8) + big(0, 4) + Array("WEBP".utf8) + Array("VP8X".utf8) + [1, 0, 0, 0] + [7, 0]
            + Array("EXIF".utf8) + big(tiff.count, 4).reversed() + tiff
        return [(tiff, .tiff), (jpeg, .jpeg), (png, .png), (webp, .webp)]
    }
}
