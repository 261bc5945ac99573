import Catalog
import Foundation
import ImageLibrary
import SystemPackage
import TestSupport
import Testing

/// `lookalike judge`, `calibrate`, `evaluate` and `feedback`.
extension CommandTests {
    private func judge(_ answers: String...) throws -> Finished {
        try lookalike(["judge"], input: Array((answers.joined(separator: "\n") + "\n").utf8))
    }

    private func queries(_ finished: Finished) -> [String] {
        finished.output.split(separator: "\n").filter { $0.hasPrefix("query: ") }.map {
            String($0.dropFirst(7))
        }
    }

    /// The estimates of the first contender.
    private func means(_ finished: Finished) throws -> [String: Double] {
        let contenders = try finished.json["contenders"] as? [[String: Any]]
        let metrics = contenders?.first?["metrics"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: metrics.compactMap { metric in
                guard let name = metric["metric"] as? String,
                    let mean = (metric["estimate"] as? [String: Any])?["mean"] as? Double
                else { return nil }
                return (name, mean)
            }
        )
    }

    @Test(
        "what was judged is kept at once, goes on where it was broken off, and can be evaluated and exported"
    )
    func judging() throws {
        let photos = try copyGroups(["windmills", "hammers"])
        _ = try lookalike("index", photos)
        let nothing = try lookalike("evaluate", "--judged")
        #expect(nothing.code == 1 && nothing.errors.contains("judge some results first"))

        let first = try judge("5", "3", "7", "x", "0", "s", "2", "q")
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.output.hasSuffix("4 grades for 2 queries kept\n"))
        #expect(first.output.components(separatedBy: "0 to 5, s or q, please").count - 1 == 2)
        let asked = queries(first)
        #expect(asked.count == 2 && asked[0] != asked[1])

        // The end of the input is an end as well; the query judged last comes first, then the other that was begun.
        let second = try judge("s", "4")
        #expect(second.output.contains("5 grades for 2 queries kept"))
        #expect(queries(second) == [asked[1], asked[0]])

        let table = try lookalike("judge", "--export", "-").output
        #expect(table.hasPrefix("query,image,grade\n\"\(asked[0])\","))
        #expect(table.split(separator: "\n").count == 6)
        let file = folder.path.appending("grades.csv").string
        #expect(try lookalike("judge", "--export", file).output == "5 grades written to \(file)\n")
        let exported = try means(lookalike("evaluate", photos, "--judgements", file, "--json"))
        let kept = try means(lookalike("evaluate", "--judged", "--json"))
        #expect(exported == kept && exported["nDCG@10"] != nil && exported["mAP"] != nil)
        let printed = try lookalike("evaluate", "--judged").output
        #expect(printed.contains("1 query has no picture of grade 3 or more: left out of all but nDCG"))
        #expect(printed.contains(", nDCG@10\n"))
        #expect(printed.contains("p: Fisher's randomisation test, two-sided, 10000 exchanges; not corrected"))
    }

    @Test("a name that no table can hold is left out of an export, and named")
    func exportOfBytes() throws {
        let photos = try copyGroups(["hammers"])
        let name = try #require(FilePath.Component(bytes: Array("na".utf8) + [0xEF] + Array("ve.jpg".utf8)))
        let other = FilePath(photos).appending(name)
        let descriptor = try FileDescriptor.open(
            other,
            .writeOnly,
            options: .create,
            permissions: .ownerReadWrite
        )
        let bytes = try bytes(of: samplePhotograph("windmills/linda-dark.jpg"))
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        _ = try lookalike("index", photos)
        let images = try #require(try lookalike("list", "--json").json["images"] as? [[String: Any]])
        let numbers = images.compactMap { ($0["id"] as? NSNumber)?.int64Value }
        let directory = LibraryDirectory(path: FilePath(library))
        try Library.changeCatalog(in: directory) { catalog in
            for number in numbers.dropFirst() {
                _ = try catalog.keep(Judgement(query: numbers[0], image: number, grade: 3))
            }
        }
        let exported = try lookalike("judge", "--export", "-")
        #expect(exported.code == 0)
        #expect(exported.errors.hasPrefix("left out: \(photos)/na\\xefve.jpg: the name is not UTF-8"))
        #expect(exported.errors.split(separator: "\n").count == 1)
        #expect(!exported.output.contains("\u{FFFD}"))
        // Either it asked, and nothing is left, or it was one of nine answers.
        #expect([1, 9].contains(exported.output.split(separator: "\n").count))
    }

    @Test("evaluate prints and writes what it measured, and says before the work what cannot be written")
    func evaluating() throws {
        let photos = try copyGroups(["windmills", "hammers"])
        let small = repository.appending("Models/lookalike-small").string
        let report = folder.path.appending("report.html").string
        let options = ["evaluate", photos, "--queries", "16", "-k", "3", "--report", report]
        let printed = try lookalike(options + ["--compare", small])
        #expect(printed.code == 0, "\(printed.errors)")
        for part in [
            "16 queries about 23 pictures", "mAP", "nDCG@3", "against lookalike-base, mAP", "lookalike-small",
            "colour histogram", "mAP by group", "p: Fisher's randomisation test",
            "The report is in \(report).",
        ] {
            #expect(printed.output.contains(part), "\(part)")
        }
        let html = String(decoding: try bytes(of: FilePath(report)), as: UTF8.self)
        #expect(html.contains("<h2>By label</h2>") && html.contains("lookalike-small"))
        let encoded = try lookalike(options + ["--json"]).json
        #expect(encoded["leadingMetric"] as? String == "mAP")
        #expect(encoded["queries"] as? Int == 16)
        #expect((encoded["significanceTest"] as? String)?.hasPrefix("Fisher") == true)

        for (path, says) in [
            (folder.path.appending("none/report.html").string, "there is no folder"),
            (folder.path.string, "it is a folder"),
        ] {
            let refused = try lookalike("evaluate", photos, "--report", path)
            #expect(refused.code == 1 && refused.output.isEmpty)
            #expect(refused.errors.contains(says), "\(refused.errors)")
        }
        let near = try lookalike("evaluate", "\(photos)/hammers", "--near-duplicates", "--queries", "2")
        #expect(near.code == 0, "\(near.errors)")
        for change in ["grey", "half the size", "WebP quality 20", "mirrored"] {
            #expect(near.output.contains("\n\(change)"), "\(change)")
        }
        #expect(near.output.contains("all changes of a picture together"))
        for misused in [
            [photos, "--judged"], [], [photos, "-k", "0"], [photos, "--judged", "--near-duplicates"],
            [photos + "/none"],
        ] {
            #expect(try lookalike(["evaluate"] + misused).code == 64, "\(misused)")
        }
    }

    @Test("calibrate fits to folders or judgements, says how well that holds, and forgets it again")
    func calibrating() throws {
        let photos = try copyGroups(["windmills", "hammers"])
        _ = try lookalike("index", photos)
        let query = samplePhotograph("windmills/linda-dark.jpg").string
        let before = try lookalike("search", query).output
        let none = try lookalike("calibrate")
        #expect(none.code == 1 && none.errors.contains("judge some more"))
        let checked = try lookalike("calibrate", "--by-folder", "--check")
        #expect(checked.code == 0 && checked.output.contains("expected calibration error"))
        #expect(try lookalike("search", query).output == before, "--check changes nothing")

        let file = folder.path.appending("calibration.json").string
        #expect(try lookalike("calibrate", "--by-folder", "--output", file).code == 0)
        #expect(try lookalike("search", query).output == before, "--output changes nothing")
        #expect(String(decoding: try bytes(of: FilePath(file)), as: UTF8.self).contains("lookalike-base"))

        let fitted = try lookalike(
            "calibrate",
            "--by-folder",
            "--queries",
            "10",
            "--neighbors",
            "22",
            "--json"
        )
        #expect(try fitted.json["pairCount"] as? Int == 220)
        #expect(try fitted.json["reliability"] is [String: Any])
        #expect(try lookalike("search", query).output != before)
        #expect(try lookalike("calibrate", "--forget").code == 0)
        #expect(try lookalike("search", query).output == before)

        _ = try judge("5", "4", "0", "0", "1", "q")
        let own = try lookalike("calibrate")
        #expect(own.code == 0 && own.output.hasPrefix("5 judgements, similar from grade 3 on\n"))
        #expect(own.output.contains("Too few to say"))
        #expect(try lookalike("search", query).output != before)
        for misused in [["--forget", "--check"], ["--queries", "0"], ["--neighbors", "501"]] {
            #expect(try lookalike(["calibrate"] + misused).code == 64, "\(misused)")
        }
    }

    @Test("feedback counts what was shown and opened, and exports it by file")
    func feedback() throws {
        let photos = try copyGroups(["hammers"])
        _ = try lookalike("index", photos)
        #expect(try lookalike("feedback").output.hasPrefix("0 lists of results looked at"))
        let images = try #require(try lookalike("list", "--json").json["images"] as? [[String: Any]])
        let numbers = images.compactMap { ($0["id"] as? NSNumber)?.int64Value }
        try Library.changeCatalog(in: LibraryDirectory(path: FilePath(library))) { catalog in
            let shown = Array(numbers[1...4])
            _ = try catalog.keep(
                Interaction(query: numbers[0], shown: shown, clicked: [numbers[2]]),
                for: .everyone
            )
            _ = try catalog.keep(Interaction(query: numbers[5], shown: shown, clicked: []), for: .everyone)
        }
        let told = try lookalike("feedback").output
        #expect(told.hasPrefix("2 lists of results looked at, 8 pictures shown, 1 opened\n"))
        #expect(told.contains("click-through rate      0.1250\n"))
        #expect(told.contains("lists with a click      0.500\n"))
        #expect(told.contains("1 / rank of the first   0.500\n"))
        #expect(try lookalike("feedback", "--json").json["clicks"] as? Int == 1)
        let lines = try lookalike("feedback", "--export", "-").output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("\"clicked\":[\"\(photos)/hammers/"))
        let file = folder.path.appending("clicks.jsonl").string
        #expect(try lookalike("feedback", "--export", file).output.hasPrefix("2 interactions written to "))
        #expect(try lookalike("feedback", "--export", file, "--json").code == 64)
    }
}
