import Foundation
import SystemPackage
import TestSupport
import Testing

/// What orders the results of `lookalike search`, option by option.
extension CommandTests {
    private func results(_ arguments: [String]) throws -> [[String: Any]] {
        let found = try lookalike(["search", "--json"] + arguments)
        #expect(found.code == 0, "\(arguments): \(found.errors)")
        return try found.json["results"] as? [[String: Any]] ?? []
    }

    private func paths(_ results: [[String: Any]]) -> [String] {
        results.compactMap { $0["path"] as? String }
    }

    private func numbers(_ results: [[String: Any]], _ key: String) -> [Double] {
        results.compactMap { ($0[key] as? NSNumber)?.doubleValue }
    }

    private static let windmill = samplePhotograph("windmills/linda-dark.jpg").string
    private static let hammer = samplePhotograph("hammers/claw-wooden-angled.jpg").string

    @Test("least similarity and probability leave out what is less, and cursors go on where a page ends")
    func leastAndPages() throws {
        _ = try lookalike("index", try copyGroups(["windmills", "hammers"]))
        let all = try results([Self.windmill, "--limit", "100"])
        #expect(all.count == 23)
        for (option, key) in [("--min-similarity", "similarity"), ("--min-probability", "probability")] {
            let values = numbers(all, key)
            #expect(values.count == 23)
            let least = (values[4] + values[5]) / 2
            let some = try results([Self.windmill, "--limit", "100", "\(option)=\(least)"])
            #expect(paths(some) == zip(paths(all), values).filter { $1 >= least }.map(\.0), "\(option)")
            #expect((1..<23).contains(some.count))
        }
        var (pages, cursor) = ([String](), String?.none)
        for _ in 0..<3 {
            let page = try lookalike(
                ["search", Self.windmill, "--json", "--limit", "10"]
                    + (cursor.map { ["--cursor", $0] } ?? [])
            )
            .json
            pages += paths(page["results"] as? [[String: Any]] ?? [])
            cursor = page["nextCursor"] as? String
        }
        #expect(pages == paths(all))
        #expect(cursor == nil)
        for wrong in [
            ["--cursor", "x"], ["--min-similarity", "2"], ["--min-probability", "-1"], ["--diversity", "2"],
        ] {
            #expect(try lookalike(["search", Self.windmill] + wrong).code == 64, "\(wrong)")
        }
    }

    @Test("copies are folded unless all are wanted; hidden ones are shown to nobody who does not ask")
    func copiesAndHidden() throws {
        let photos = try copyGroups(["hammers"])
        let bytes = try bytes(of: samplePhotograph("windmills/linda-dark.jpg"))
        try folder.write(bytes, to: "photos/mill.jpg")
        // Bytes behind the end change the content, not the picture.
        try folder.write(bytes + [0], to: "photos/mill-again.jpg")
        _ = try lookalike("index", photos)
        let folded = try results([Self.windmill, "--limit", "100"])
        #expect(folded.count == 10)
        #expect((folded[0]["duplicates"] as? [[String: Any]])?.count == 1)
        #expect(try lookalike("search", Self.windmill).output.contains("(+ 1 copy)"))
        #expect(try results([Self.windmill, "--limit", "100", "--all-copies"]).count == 11)

        _ = try lookalike("hide", "\(photos)/mill.jpg")
        #expect(try !paths(results([Self.windmill, "--all-copies"])).contains("\(photos)/mill.jpg"))
        let shown = try paths(results([Self.windmill, "--all-copies", "--include-private"]))
        #expect(shown.contains("\(photos)/mill.jpg"))
    }

    @Test("examples against, weights, crops of one of several, and a vector of one's own")
    func examples() throws {
        let photos = try copyGroups(["windmills", "hammers"])
        _ = try lookalike("index", photos)
        let (mill, hammer) = (Self.windmill, Self.hammer)
        func mills(_ arguments: [String]) throws -> Int {
            try paths(results(arguments + ["--limit", "10"])).count { $0.contains("/windmills/") }
        }
        let even = try mills([mill, hammer])
        let moreMill = try mills([mill, hammer, "--weight", "2:0.1"])
        let moreHammer = try mills([mill, hammer, "--weight", "1:0.1"])
        #expect(moreHammer <= even && even <= moreMill && moreHammer < moreMill)
        #expect(moreMill == 10)
        let against = try results([mill, "--unlike", hammer, "--limit", "1"])
        #expect(paths(against)[0].hasSuffix("linda-dark.jpg"))
        #expect(numbers(against, "similarity")[0] < 0.99)

        let whole = try results([mill, hammer])
        #expect(
            try paths(results([mill, hammer, "--crop", "1:0,0,1,1", "--crop", "2:0,0,1,1"])) == paths(whole)
        )
        let part = try results([mill, hammer, "--crop", "2:0.5,0.5,0.25,0.25"])
        #expect(numbers(part, "similarity") != numbers(whole, "similarity"))

        let models = try lookalike("status", "--json").json["models"] as? [[String: Any]]
        let size = try #require(models?.first?["dimension"] as? Int)
        let vector = try folder.write(
            Array("[1\(String(repeating: ",0.5", count: size - 1))]".utf8),
            to: "v.json"
        )
        #expect(try results(["--vector", vector.string, "--limit", "3"]).count == 3)
        let short = try folder.write(Array("[1, 2]".utf8), to: "short.json")
        let refused = try lookalike("search", "--vector", short.string)
        #expect(refused.code == 1 && refused.errors.contains("\(size) finite values"))

        for wrong in [
            ["--crop", "0,0,1,1"], ["--crop", "3:0,0,1,1"], ["--crop", "x:0,0,1,1"], ["--crop", "1:0,0,2"],
            ["--weight", "0.5"], ["--weight", "1:0"], ["--weight", "1:2"],
            ["--weight", "1:1", "--weight", "1:0.5"],
            ["--unlike-weight", "0"],
        ] {
            #expect(try lookalike(["search", mill, hammer] + wrong).code == 64, "\(wrong)")
        }
        #expect(try lookalike("search", mill, "--weight", "0.5", "--crop", "0,0,1,1").code == 0)
    }

    @Test("explanations, spread results and boosts from a file or the library's folder")
    func explanationsAndBoosts() throws {
        let photos = try copyGroups(["windmills", "hammers"])
        _ = try lookalike("index", photos)
        let plain = try results([Self.windmill])
        #expect(plain.allSatisfy { $0["explanation"] == nil })
        let explained = try results([Self.windmill, "--explain", "--limit", "2"])
        #expect(explained.allSatisfy { $0["explanation"] != nil })
        #expect(
            try lookalike("search", Self.windmill, "--explain", "--limit", "1").output.contains(
                " % of it from "
            )
        )

        let spread = try results([Self.windmill, "--diversity", "1"])
        #expect(Set(paths(spread)) != Set(paths(plain)))
        #expect(paths(spread)[0] == paths(plain)[0])

        let boosts = Array(
            #"{"boosts": [{"name": "tools", "when": {"folder": "\#(photos)/hammers"}, "add": 1}]}"#.utf8
        )
        let file = try folder.write(boosts, to: "boosts.json")
        let boosted = try paths(results([Self.windmill, "--ranking", file.string, "--limit", "5"]))
        #expect(boosted.count == 5 && boosted.allSatisfy { $0.contains("/hammers/") })
        #expect(try paths(results([Self.windmill, "--limit", "5"])) != boosted)
        try folder.write(boosts, to: "library/ranking.json")
        #expect(try paths(results([Self.windmill, "--limit", "5"])) == boosted)
        let wrong = try folder.write(Array("{\"boosts\": 3}".utf8), to: "wrong.json")
        for path in [wrong.string, "\(photos)/none.json"] {
            let refused = try lookalike("search", Self.windmill, "--ranking", path)
            #expect(refused.code == 1 && refused.errors.contains("docs/re-ranking.md"), "\(refused.errors)")
        }
    }
}
