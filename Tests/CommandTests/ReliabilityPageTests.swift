import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("The page on reliability points to tests that there are")
struct ReliabilityPageTests {
    @Test("every test that the page names exists")
    func namedTests() throws {
        let page = String(
            decoding: try bytes(of: repository.appending("docs/reliability.md")),
            as: UTF8.self
        )
        let sources = try allTests()
        var suite = ""
        var count = 0
        // `SuiteTests`, `SuiteTests.name`, and `.name` for one more of the same suite or one named alone after it.
        for match in page.matches(of: /`([A-Z][A-Za-z]+Tests)?(?:\.)?([a-z][A-Za-z]+)?`/) {
            if let named = match.output.1 { suite = String(named) }
            let isShort = match.output.1 == nil && page[match.range].hasPrefix("`.")
            guard match.output.1 != nil || isShort, let source = sources[suite] else {
                #expect(match.output.1 == nil, "there is no suite \(suite)")
                continue
            }
            count += 1
            if let name = match.output.2 {
                #expect(source.contains("func \(name)("), "\(suite) has no test \(name)")
            }
        }
        #expect(count > 30)
    }

    /// The sources of all suites by their names.
    private func allTests() throws -> [String: String] {
        let folder = repository.appending("Tests")
        let files = try #require(FileManager.default.enumerator(atPath: folder.string)).compactMap {
            $0 as? String
        }
        var sources: [String: String] = [:]
        for file in files where file.hasSuffix(".swift") {
            let text = String(decoding: try bytes(of: folder.pushing(FilePath(file))), as: UTF8.self)
            for match in text.matches(of: /(?:struct|class|extension) ([A-Z][A-Za-z]+Tests)\b/) {
                sources[String(match.output.1), default: ""] += text
            }
        }
        return sources
    }
}
