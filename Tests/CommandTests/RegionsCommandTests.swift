import Foundation
import Testing

/// `lookalike index --regions`, and what it changes for search.
extension CommandTests {
    @Test("with regions, a part of a picture finds it by the part; without them, nothing of it is left")
    func regions() throws {
        let photos = try copyGroups(["windmills"])
        #expect(try lookalike("index", photos, "--regions").code == 0)
        #expect(try lookalike("status").output.contains("regions "))
        let crop = ["search", "\(photos)/windmills/linda.jpg", "--crop", "0.1,0.1,0.4,0.4", "--limit", "3"]
        #expect(try lookalike(crop).output.contains("(in 0."))
        #expect(try !lookalike(crop + ["--whole-pictures"]).output.contains("(in "))
        #expect(try lookalike("verify").code == 0)
        #expect(try lookalike("index", photos, "--no-regions").code == 0)
        #expect(try !lookalike("status").output.contains("regions "))
        #expect(try !lookalike(crop).output.contains("(in "))
        #expect(try lookalike("verify").code == 0)
    }
}
