import Foundation
import SystemPackage
import TestSupport
import Testing

/// `lookalike verify`, `repair`, `backup` and `restore`, on damage done to real libraries.
extension CommandTests {
    private var query: String { samplePhotograph("hammers/claw-wooden-angled.jpg").string }

    private func results() throws -> String {
        try lookalike("search", query, "--no-query-log").output
    }

    private func flip(_ bits: [Int], in name: String) throws {
        let file = URL(filePath: library + "/" + name)
        var content = try Data(contentsOf: file)
        for bit in bits { content[bit / 8] ^= 1 << (bit % 8) }
        try content.write(to: file)
    }

    private func verdicts(_ finished: Finished) throws -> [String] {
        try finished.jsonArray.compactMap { $0["verdict"] as? String }
    }

    @Test(
        "a flipped bit is never searched in silence; verify names it, repair sets it right, answers are as before"
    )
    func flippedBit() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let before = try results()
        #expect(before.split(separator: "\n").count == 9)
        #expect(try verdicts(lookalike("verify", "--json")) == ["sound", "sound"])
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: library + "/catalog.sqlite")[.size] as? Int
        )
        for page in [0, size / 4096 / 2, size / 4096 - 1] {
            try flip([page * 4096 * 8 + 777], in: "catalog.sqlite")
            let damaged = try lookalike("verify")
            #expect(damaged.code == 1)
            #expect(damaged.output.contains("DAMAGED"))
            let found = try lookalike("search", query, "--no-query-log")
            #expect(found.output == before || found.errors.contains("lookalike repair"))
            let repaired = try lookalike("repair")
            #expect(repaired.code == 0, "\(repaired.output)\(repaired.errors)")
            #expect(repaired.output.contains("as they were written"))
            #expect(try results() == before)
        }
    }

    @Test("pages beyond mending: repair copies the rest and brings back the pictures from their files")
    func salvage() throws {
        _ = try lookalike("index", try copyGroups(["hammers", "windmills"]))
        let before = try results()
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: library + "/catalog.sqlite")[.size] as? Int
        )
        // All pages but those with the list of tables, which begins on the first one.
        for page in stride(from: 12, to: size / 4096, by: 2) {
            try flip([page * 4096 * 8 + 777, page * 4096 * 8 + 900], in: "catalog.sqlite")
        }
        let repaired = try lookalike("repair", "--json")
        #expect(repaired.code == 0, "\(repaired.output)\(repaired.errors)")
        #expect(try verdicts(repaired).contains("mended"))
        #expect(try verdicts(lookalike("verify", "--json")) == ["sound", "sound"])
        // Numbers may be new ones; pictures and similarities are the same.
        func withoutNumbers(_ output: String) -> [String] {
            output.split(separator: "\n").map { line in
                let parts = line.split(separator: " ", omittingEmptySubsequences: true)
                return "\(parts[0]) \(parts[1]) \(parts[3...].joined(separator: " "))"
            }
        }
        #expect(try withoutNumbers(results()) == withoutNumbers(before))
    }

    @Test("verify --deep names pictures that were changed or are gone, and does not call that damage")
    func deep() throws {
        let photos = try copyGroups(["hammers"])
        _ = try lookalike("index", photos)
        #expect(try verdicts(lookalike("verify", "--deep", "--json")) == ["sound", "sound", "sound"])
        let names = try FileManager.default.contentsOfDirectory(atPath: photos + "/hammers").sorted()
        try Data([1, 2, 3]).write(to: URL(filePath: photos + "/hammers/" + names[0]))
        try FileManager.default.removeItem(atPath: photos + "/hammers/" + names[1])
        let changed = try lookalike("verify", "--deep", "--json")
        #expect(changed.code == 0)
        #expect(try Set(verdicts(changed)) == ["sound", "changed", "gone", "note"])
    }

    @Test("a backup answers as the library does, restoring it sets aside what was there, and says where")
    func backup() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let before = try results()
        let copy = library + "-copy"
        let made = try lookalike("backup", copy)
        #expect(made.code == 0, "\(made.errors)")
        let searched = try lookalike(
            ["search", query, "--no-query-log", "--library", copy],
            inLibrary: false
        )
        #expect(searched.output == before)
        #expect(try lookalike("backup", copy).code == 1)

        _ = try lookalike("remove", library.replacing("/library", with: "/photos"))
        #expect(try results().isEmpty)
        let restored = try lookalike("restore", copy)
        #expect(restored.code == 0, "\(restored.errors)")
        let name = try #require(restored.output.split(separator: " ").last?.dropLast())
        #expect(name.hasPrefix("catalog.replaced-"))
        #expect(FileManager.default.fileExists(atPath: library + "/" + name))
        #expect(try results() == before)
        #expect(try lookalike("restore", library + "-nowhere").errors.contains("there is no backup"))
    }

    @Test("a catalog whose beginning is gone is refused by every command, which say what to do")
    func noBeginning() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let file = URL(filePath: library + "/catalog.sqlite")
        var content = try Data(contentsOf: file)
        content.replaceSubrange(0..<4096, with: Data(repeating: 1, count: 4096))
        try content.write(to: file)
        for command in [["search", query], ["status"], ["index"], ["repair"]] {
            let refused = try lookalike(command)
            #expect(refused.code == 1, "\(command)")
            #expect(refused.errors.contains("lookalike restore"), "\(command): \(refused.errors)")
        }
    }
}
