import Catalog
import SystemPackage
import Testing

@testable import IndexingPipeline

@Suite("Patterns mean what they mean in .gitignore files")
struct GlobPatternTests {
    @Test(
        "a pattern names what gitignore(5) says it names",
        arguments: [
            // Without a slash: at any depth.
            ("*.gif", "a.gif", true), ("*.gif", "x/y/a.gif", true), ("*.gif", "a.gif/b.jpg", false),
            ("raw", "raw", true), ("raw", "x/raw", true), ("raw", "raws", false),
            // With one at the beginning or in the middle: from the folder on.
            ("/raw", "raw", true), ("/raw", "x/raw", false),
            ("x/raw", "x/raw", true), ("x/raw", "y/x/raw", false),
            // Stars stay within a name, double stars do not.
            ("x/*", "x/a", true), ("x/*", "x/a/b", false),
            ("x/**", "x/a/b", true), ("**/raw", "raw", true), ("**/raw", "x/y/raw", true),
            ("x/**/raw", "x/raw", true), ("x/**/raw", "x/y/z/raw", true), ("x/**/raw", "y/x/raw", false),
            // Single characters.
            ("img_?.jpg", "img_1.jpg", true), ("img_?.jpg", "img_12.jpg", false),
            ("img_?.jpg", "img_é.jpg", true),
            ("[a-c].jpg", "b.jpg", true), ("[a-c].jpg", "d.jpg", false),
            ("[!a-c].jpg", "d.jpg", true), ("[^a-c].jpg", "b.jpg", false), ("[]].jpg", "].jpg", true),
            ("[a.jpg", "[a.jpg", true), ("\\*.jpg", "*.jpg", true), ("\\*.jpg", "a.jpg", false),
            ("*a*b*c", "xxaxxbxxc", true), ("*a*b*c", "xxaxxcxxb", false),
        ]
    )
    func matching(pattern: String, path: String, isNamed: Bool) throws {
        let names = path.split(separator: "/").map(String.init)
        #expect(try #require(GlobPattern(pattern)).matches(names, isFolder: false) == isNamed)
    }

    @Test("a slash at the end lets a pattern name folders alone")
    func folders() throws {
        let pattern = try #require(GlobPattern("raw/"))
        #expect(pattern.matches(["x", "raw"], isFolder: true))
        #expect(!pattern.matches(["x", "raw"], isFolder: false))
    }

    @Test("what would name nothing is refused", arguments: ["", "/", "# remark", "!again"])
    func refused(text: String) {
        #expect(GlobPattern(text) == nil)
        #expect(throws: IndexingError.unusablePattern(text)) { try ScanRules(FileRules(excludes: [text])) }
    }

    @Test("a pattern of many stars takes no longer than its length times the name's")
    func manyStars() throws {
        let pattern = try #require(GlobPattern(String(repeating: "*a", count: 100) + "b"))
        #expect(!pattern.matches([String(repeating: "a", count: 255)], isFolder: false))
    }

    @Test("what is hidden, of the system, no picture or excluded is passed over, unless a rule includes it")
    func rules() throws {
        let plain = try ScanRules(FileRules())
        #expect(plain.exclusion(of: ["x", ".a.jpg"], isFolder: false) == .hidden)
        #expect(plain.exclusion(of: [".cache"], isFolder: true) == .hidden)
        #expect(plain.exclusion(of: ["x", "@eaDir"], isFolder: true) == .systemFolder)
        #expect(plain.exclusion(of: ["$RECYCLE.BIN"], isFolder: true) == .systemFolder)
        #expect(plain.exclusion(of: ["notes.txt"], isFolder: false) == .notAPicture)
        #expect(plain.exclusion(of: ["jpg"], isFolder: false) == .notAPicture)
        #expect(plain.exclusion(of: ["a.JPG"], isFolder: false) == nil)
        #expect(plain.exclusion(of: ["folder"], isFolder: true) == nil)
        let own = try ScanRules(
            FileRules(excludes: ["raw/", "*.gif"], includes: [".keep", "*.dat", "best.gif"])
        )
        #expect(own.exclusion(of: ["raw"], isFolder: true) == .pattern)
        #expect(own.exclusion(of: ["a.gif"], isFolder: false) == .pattern)
        #expect(own.exclusion(of: ["best.gif"], isFolder: false) == nil)
        #expect(own.exclusion(of: [".keep"], isFolder: true) == nil)
        #expect(own.exclusion(of: ["scan.dat"], isFolder: false) == nil)
    }
}
