import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

/// `lookalike check`, `duplicates`, `tag` and `hide`.
extension CommandTests {
    /// A smaller, coarser copy of a sample.
    private func nearCopy(of sample: String) throws -> [UInt8] {
        try ImageDecoder().thumbnail(of: .file(samplePhotograph(sample)), size: .longerSide(240)).pixels
            .jpegData(quality: 70)
    }

    @Test("check tells same, near-duplicate and new, and what its exit codes promise")
    func check() throws {
        let same = samplePhotograph("hammers/claw-wooden-angled.jpg").string
        #expect(try lookalike("check", same).code == 3)
        let photos = try copyGroups(["hammers"])
        _ = try lookalike("index", photos)
        let near = try folder.write(nearCopy(of: "hammers/claw-wooden-angled.jpg"), to: "near.jpg").string
        let new = samplePhotograph("windmills/linda-dark.jpg").string
        let broken = try folder.write(Array("text".utf8), to: "broken.jpg").string

        let known = try lookalike("check", same, near)
        #expect(known.code == 0 && known.errors.isEmpty)
        let lines = known.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("same  \(same)  "))
        #expect(lines[0].hasSuffix("\(photos)/hammers/claw-wooden-angled.jpg"))
        #expect(lines[1].hasPrefix("near-duplicate  \(near)  "))
        #expect(lines[1].hasSuffix("\(photos)/hammers/claw-wooden-angled.jpg"))

        let one = try lookalike("check", same, new)
        #expect(one.code == 4)
        #expect(one.output.hasSuffix("new  \(new)\n"))
        let unreadable = try lookalike("check", new, broken, same)
        #expect(unreadable.code == 2, "what cannot be read counts before what is new")
        #expect(unreadable.output.split(separator: "\n").count == 2)
        #expect(unreadable.errors.contains("broken.jpg: "))
        let answers = try lookalike("check", same, new, broken, "--json").jsonArray
        #expect(
            answers.map { ($0["check"] as? [String: Any])?["answer"] as? String } == ["same", "new", nil]
        )
        #expect(answers[2]["error"] is String)
    }

    @Test(
        "duplicates lists equal files and look-alike copies, each kind by itself, as many groups as are wanted"
    )
    func duplicates() throws {
        let photos = try copyGroups(["hammers"])
        try folder.copy("hammers/claw-wooden-angled.jpg", to: "photos/again.jpg")
        try folder.copy("windmills/linda-dark.jpg", to: "photos/mill.jpg")
        try folder.write(nearCopy(of: "windmills/linda-dark.jpg"), to: "photos/small-mill.jpg")
        _ = try lookalike("index", photos)

        let exact = try lookalike("duplicates", "--kind", "exact")
        #expect(exact.code == 0)
        #expect(exact.errors == "1 group of copies.\n")
        #expect(exact.output.hasPrefix("exact:\n"))
        #expect(exact.output.contains("\(photos)/again.jpg\n"))
        #expect(exact.output.contains("\(photos)/hammers/claw-wooden-angled.jpg\n"))
        let near = try lookalike("duplicates", "--kind", "near").output.split(separator: "\n")
        #expect(near.count == 3 && near[0] == "near:")
        #expect(near[1].hasSuffix("/mill.jpg") && near[2].hasSuffix("/small-mill.jpg"), "most pixels first")

        #expect(try lookalike("duplicates", "--json").jsonArray.count == 2)
        let first = try lookalike("duplicates", "--limit", "1", "--json").jsonArray
        #expect(first.compactMap { $0["kind"] as? String } == ["exact"])
        #expect(try lookalike("duplicates", "--limit", "0").code == 64)
        _ = try lookalike("remove", "\(photos)/again.jpg", "\(photos)/small-mill.jpg")
        #expect(try lookalike("duplicates").output.isEmpty)
    }

    @Test("tags are given by file or number, shown, listed and taken away")
    func tags() throws {
        let photos = try copyGroups(["hammers"])
        _ = try lookalike("index", photos)
        let file = "\(photos)/hammers/claw-wooden-angled.jpg"
        let tagged = try lookalike("tag", file, "--add", "tool", "--add", "summer 2024")
        #expect(tagged.code == 0)
        #expect(tagged.output.hasSuffix("  summer 2024, tool\n"))
        let number = String(try #require(tagged.output.split(separator: " ").first))
        #expect(try lookalike("tag", number).output == tagged.output)
        #expect(try lookalike("tag").output == "      1  summer 2024\n      1  tool\n")
        #expect(try lookalike("tag", "--json").jsonArray.count == 2)
        #expect(try lookalike("tag", number, "--remove", "tool").output == "\(number)  summer 2024\n")
        let shown = try lookalike("tag", number, "--json").jsonArray
        #expect(shown.first?["tags"] as? [String] == ["summer 2024"])
        #expect(try lookalike("tag", number, "--remove", "summer 2024").output == "\(number)  no tags\n")

        let unknown = try lookalike("tag", file, "\(photos)/none.jpg", "--add", "tool")
        #expect(unknown.code == 1 && unknown.errors.contains("none.jpg"))
        #expect(try lookalike("tag").output.isEmpty, "all or nothing")
        for wrong in [["--add", "x"], [file, "--add", "a,b"], [file, "--add", ""]] {
            #expect(try lookalike(["tag"] + wrong).code == 64, "\(wrong)")
        }
    }

    @Test("what is hidden is in no answer until that is undone")
    func hiding() throws {
        let photos = try copyGroups(["hammers"])
        _ = try lookalike("index", photos)
        let (secret, bad) = (
            "\(photos)/hammers/claw-wooden-angled.jpg", "\(photos)/hammers/\(Self.otherHammer)"
        )
        let query = samplePhotograph("hammers/claw-wooden-angled.jpg").string
        func found(_ options: String...) throws -> [String] {
            let lines = try lookalike(["search", query, "--limit", "100"] + options).output.split(
                separator: "\n"
            )
            return lines.compactMap { $0.split(separator: " ").last.map(String.init) }
        }
        #expect(try lookalike("hide").output.isEmpty)
        #expect(try lookalike("hide", secret).output.contains("private  \(secret)\n"))
        #expect(try lookalike("hide", "--blocked", bad).output.contains("blocked  \(bad)\n"))
        #expect(try lookalike("hide").output.split(separator: "\n").count == 2)
        #expect(try lookalike("hide", "--json").jsonArray.count == 2)
        #expect(try found().count == 7 && !found().contains(secret))
        #expect(try found("--include-private").count == 8 && found("--include-private").first == secret)
        let searched = try lookalike("search", query).errors
        #expect(searched.hasPrefix("7 pictures searched"), "\(searched)")

        #expect(try lookalike("hide", "--undo", secret, bad).code == 0)
        #expect(try found().count == 9)
        #expect(try lookalike("hide").output.isEmpty)
        #expect(try lookalike("hide", "--undo").code == 64)
        #expect(try lookalike("hide", "--undo", "--blocked", secret).code == 64)
        #expect(try lookalike("hide", "4711").code == 1)
    }

    private static var otherHammer: String {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: samplePhotograph("hammers").string)) ?? []
        return names.filter { $0.hasSuffix(".jpg") && $0 != "claw-wooden-angled.jpg" }.min() ?? ""
    }
}
