import Foundation
import SystemPackage
import TestSupport
import Testing

/// `lookalike crops`, and what its rectangles are for.
extension CommandTests {
    @Test("crops suggests rectangles that search --crop takes, the same for a file, its bytes and its number")
    func crops() throws {
        _ = try lookalike("index", try copyGroups(["windmills"]))
        let picture = samplePhotograph("windmills/linda-dark.jpg")
        let suggested = try lookalike("crops", picture.string)
        #expect(suggested.code == 0, "\(suggested.errors)")
        let lines = suggested.output.split(separator: "\n")
        let crops = lines.compactMap {
            $0.wholeMatch(of: /([0-9.]+(?:,[0-9.]+){3})  \d+ %/).map { String($0.1) }
        }
        #expect(!crops.isEmpty && crops.count == lines.count && crops.count <= 4)
        for crop in crops {
            let found = try lookalike("search", picture.string, "--crop", crop, "--limit", "1")
            #expect(found.code == 0, "\(found.errors)")
            #expect(found.output.split(separator: "\n").count == 1)
        }

        let parts = try lookalike("crops", picture.string, "--json").jsonArray
        #expect(parts.compactMap { $0["crop"] as? String } == crops)
        for part in parts {
            let region = try #require(part["region"] as? [String: Double])
            let edges = try #require(part["crop"] as? String).split(separator: ",").compactMap { Double($0) }
            for (name, edge) in zip(["x", "y", "width", "height"], edges) {
                #expect(abs(try #require(region[name]) - edge) < 0.000_11)
            }
        }
        let first = try lookalike("search", picture.string, "--json", "--limit", "1").json["results"]
        let number = try #require((first as? [[String: Any]])?.first?["id"] as? Int)
        #expect(try lookalike("crops", "--id", String(number)).output == suggested.output)
        #expect(try lookalike("crops", "-", input: try bytes(of: picture)).output == suggested.output)
        #expect(try lookalike("crops", picture.string, "--limit", "1").output == lines[0] + "\n")
    }

    @Test("crops says what it cannot look at, with the exit codes that search has")
    func cropsOfNothing() throws {
        let text = try folder.write(Array("text".utf8), to: "text.jpg").string
        #expect(try lookalike("crops", text).code == 3)
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let refused = try lookalike("crops", text)
        #expect(refused.code == 2)
        #expect(refused.errors.contains("text.jpg: "))
        let unknown = try lookalike("crops", "--id", "4711")
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("4711"))
        for misused in [["crops"], ["crops", text, "--id", "1"], ["crops", text, "--limit", "0"]] {
            #expect(try lookalike(misused).code == 64, "\(misused)")
        }
    }
}
