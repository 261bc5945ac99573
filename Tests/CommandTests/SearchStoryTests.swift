import Catalog
import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

/// `lookalike search` and `list` with each of their options.
extension CommandTests {
    /// A JSON answer's pictures.
    private func paths(_ finished: Finished, _ key: String = "results") throws -> [String] {
        let found = try finished.json[key] as? [[String: Any]] ?? []
        return found.compactMap {
            $0["path"] as? String
                ?? ($0["locations"] as? [[String: Any]])?.first?["path"] as? String
        }
    }

    /// Fourteen windmills, nine hammers, and a picture of a known camera and time.
    private func indexedPhotos() throws -> String {
        let photos = try copyGroups(["windmills", "hammers"])
        let picture = try ImageDecoder().thumbnail(
            of: .file(samplePhotograph("castles-and-palaces/\(Self.castle)")),
            size: .longerSide(300)
        )
        .pixels
        let jpeg = try picture.jpegData(quality: 90)
        try folder.write(
            withCapture(jpeg, camera: "Acme X1", takenAt: "2024:05:01 17:31:09"),
            to: "photos/other/Castle.jpg"
        )
        try folder.write(picture.varied(by: .webp(quality: 80)), to: "photos/other/castle-web.webp")
        let indexed = try lookalike("index", photos)
        #expect(indexed.code == 0, "\(indexed.errors)")
        return photos
    }

    private static var castle: String {
        let folder = samplePhotograph("castles-and-palaces").string
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".jpg") }.min() ?? ""
    }

    @Test("list and search keep to each filter, and agree on what it means")
    func filters() throws {
        let photos = try indexedPhotos()
        let query = samplePhotograph("windmills/linda-dark.jpg").string
        let castle = "\(photos)/other/Castle.jpg"
        _ = try lookalike("tag", castle, "--add", "red", "--add", "old")
        _ = try lookalike("tag", "\(photos)/other/castle-web.webp", "--add", "red")
        let all = try lookalike("list", "--json").json["images"] as? [[String: Any]] ?? []
        let wide = all.count { ($0["width"] as? Int ?? 0) > 300 }
        let castles = ["Castle.jpg", "castle-web.webp"]
        let cases: [(filter: [String], count: Int, names: [String]?)] = [
            ([], 25, nil),
            (["--folder", "\(photos)/hammers"], 9, nil),
            (["--folder", "\(photos)/other", "--name", "CASTLE*"], 2, castles),
            (["--name", "*.webp"], 1, ["castle-web.webp"]),
            (["--format", "webp"], 1, ["castle-web.webp"]),
            (["--format", "webp", "--format", "jpeg"], 25, nil),
            (["--width=-300", "--height=-300"], 2, castles),
            (["--width", "301-"], wide, nil),
            (["--taken-after", "2024"], 1, ["Castle.jpg"]),
            (["--taken-after", "2024-05-01", "--taken-before", "2024-05-01"], 1, ["Castle.jpg"]),
            (["--taken-before", "2024-04"], 0, []),
            (["--camera", "acme"], 1, ["Castle.jpg"]),
            (["--added-after", "2020-01-01"], 25, nil),
            (["--added-before", "2020-01-01"], 0, []),
            (["--tag", "red"], 2, castles),
            (["--tag", "red", "--tag", "old"], 1, ["Castle.jpg"]),
            (["--any-tag", "old", "--any-tag", "none"], 1, ["Castle.jpg"]),
            (["--tag", "red", "--not-tag", "old"], 1, ["castle-web.webp"]),
            (["--status", "missing"], 0, []),
            (["--status", "any"], 25, nil),
            (["--visibility", "private"], 0, []),
        ]
        for (filter, count, names) in cases {
            let listed = try lookalike(["list", "--json"] + filter)
            let found = try lookalike(["search", query, "--json", "--limit", "100", "--all-copies"] + filter)
            #expect(listed.code == 0 && found.code == 0, "\(filter): \(listed.errors)\(found.errors)")
            let listedPaths = try paths(listed, "images")
            #expect(listedPaths.count == count, "\(filter)")
            #expect(try Set(paths(found)) == Set(listedPaths), "\(filter)")
            if let names {
                #expect(
                    Set(listedPaths.map { $0.split(separator: "/").last.map(String.init) ?? "" })
                        == Set(names)
                )
            }
        }
        for wrong in [
            ["--status", "gone"], ["--visibility", "secret"], ["--width", "a"], ["--taken-after", "May"],
        ] {
            #expect(try lookalike(["list"] + wrong).code == 64, "\(wrong)")
        }
    }

    @Test("list names the newest first, page by page, with what is known of each; hidden ones when asked for")
    func listing() throws {
        #expect(try lookalike("list").code == 3)
        let photos = try indexedPhotos()
        let all = try lookalike("list").output.split(separator: "\n").map(String.init)
        #expect(all.count == 25)
        let numbers = all.compactMap { Int($0.split(separator: " ").first ?? "") }
        #expect(numbers == numbers.sorted(by: >) && numbers.count == 25)
        #expect(
            all.contains { $0.contains("webp") && $0.hasSuffix("castle-web.webp") && $0.contains("300×") }
        )

        let first = try lookalike("list", "--limit", "20")
        #expect(first.errors == "There are more: --cursor \(numbers[19])\n")
        let rest = try lookalike("list", "--limit", "20", "--cursor", "\(numbers[19])")
        #expect(rest.errors.isEmpty)
        #expect(first.output + rest.output == all.joined(separator: "\n") + "\n")
        let page = try lookalike("list", "--limit", "20", "--json").json
        #expect(page["nextCursor"] as? String == "\(numbers[19])")

        _ = try lookalike("hide", "\(photos)/other/Castle.jpg")
        _ = try lookalike("hide", "--blocked", "\(photos)/other/castle-web.webp")
        #expect(try lookalike("list").output.split(separator: "\n").count == 23)
        let hidden = try lookalike("list", "--visibility", "private", "--visibility", "blocked", "--json")
        #expect(try paths(hidden, "images").count == 2)
        let query = samplePhotograph("windmills/linda-dark.jpg").string
        let asked = try lookalike("search", query, "--visibility", "private", "--json")
        #expect(try paths(asked) == ["\(photos)/other/Castle.jpg"])
        for misused in [["list", "--limit", "0"], ["list", "--limit", "1000"], ["list", "--cursor", "0"]] {
            #expect(try lookalike(misused).code == 64)
        }
    }

    @Test("a stored picture by its path gives what its number gives, though its file be gone")
    func stored() throws {
        let photos = try indexedPhotos()
        let path = "\(photos)/windmills/linda-dark.jpg"
        let listed = try lookalike("list", "--name", "linda-dark.jpg", "--json").json["images"]
        let number = try #require((listed as? [[String: Any]])?.first?["id"] as? Int)
        let byNumber = try lookalike("search", "--id", "\(number)", "--limit", "5").output
        #expect(try lookalike("search", "--stored", path, "--limit", "5").output == byNumber)
        #expect(byNumber.split(separator: "\n").count == 5 && !byNumber.contains(path))
        let unlike = try lookalike("search", path, "--unlike-id", "\(number)", "--unlike-weight", "0.2")
        let unlikeStored = try lookalike("search", path, "--unlike-stored", path, "--unlike-weight", "0.2")
        #expect(unlike.code == 0 && unlike.output == unlikeStored.output)
        try FileManager.default.removeItem(atPath: path)
        #expect(try lookalike("search", "--stored", path, "--limit", "5").output == byNumber)
        let unknown = try lookalike("search", "--stored", "\(photos)/none.jpg")
        #expect(unknown.code == 1 && unknown.errors.contains("none.jpg"))
    }

    /// Puts a camera's name and clock into a JPEG, as EXIF.
    private func withCapture(_ jpeg: [UInt8], camera: String, takenAt: String) -> [UInt8] {
        func short(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        func long(_ value: Int) -> [UInt8] { short(value & 0xFFFF) + short(value >> 16) }
        let model = Array(camera.utf8) + [0]
        let clock = Array(takenAt.utf8) + [0]
        // Behind the header two directories, one entry with text and a link in the first and a text in the second.
        let (second, texts) = (8 + 2 + 24 + 4, 8 + 2 + 24 + 4 + 2 + 12 + 4)
        var tiff = Array("II".utf8) + short(42) + long(8)
        tiff += short(2) + short(0x0110) + short(2) + long(model.count) + long(texts)
        tiff += short(0x8769) + short(4) + long(1) + long(second) + long(0)
        tiff += short(1) + short(0x9003) + short(2) + long(clock.count) + long(texts + model.count) + long(0)
        tiff += model + clock
        let payload = Array("Exif\0\0".utf8) + tiff
        let size = payload.count + 2
        return jpeg.prefix(2) + [0xFF, 0xE1, UInt8(size >> 8), UInt8(size & 255)] + payload
            + jpeg.dropFirst(2)
    }
}
