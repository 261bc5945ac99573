import Catalog
import Foundation
import ImageLibrary
import SystemPackage
import TestSupport
import Testing

@testable import Feedback

@Suite("Feedback")
struct FeedbackTests {
    private let folder: TemporaryFolder
    private let directory: LibraryDirectory
    private let library: Library

    /// A library of nine pictures; picture n lies at /photos/n.jpg.
    init() throws {
        folder = try TemporaryFolder()
        directory = LibraryDirectory(path: try folder("library"))
        library = try Library(
            directory: directory,
            model: (identity: "test:1", dimension: 2),
            access: .writing
        )
        let outcomes = (1...9).map { FileOutcome.indexed($0, vector: [1, 0]) }
        try library.catalog.record(outcomes, model: library.index.catalogModel)
    }

    @Test("an interaction comes back as it was kept, without images that are not in the library")
    func keeping() throws {
        let first = Interaction(
            query: 1,
            shown: [5, 3, 4],
            clicked: [4, 3],
            at: Date(timeIntervalSince1970: 1e9)
        )
        #expect(try library.catalog.keep(first, for: .everyone))
        #expect(
            try library.catalog.keep(Interaction(query: 2, shown: [99, 7], clicked: [99]), for: .everyone)
        )
        let kept = try library.catalog.interactions()
        #expect(kept.first == first)
        #expect(kept.last?.shown == [7])
        #expect(kept.last?.clicked == [])
        #expect(try !library.catalog.keep(Interaction(query: 99, shown: [1], clicked: []), for: .everyone))
        #expect(try !library.catalog.keep(Interaction(query: 1, shown: [99], clicked: []), for: .everyone))
    }

    @Test("what a forgotten picture had to do with goes with it")
    func forgetting() throws {
        _ = try library.catalog.keep(Interaction(query: 1, shown: [2, 3], clicked: [2]), for: .everyone)
        _ = try library.catalog.keep(Interaction(query: 2, shown: [3], clicked: []), for: .everyone)
        _ = try library.catalog.forget(at: "/photos/2.jpg")
        let kept = try library.catalog.interactions()
        #expect(kept.map(\.query) == [1])
        #expect(kept.map(\.shown) == [[3]])
    }

    @Test("the metrics are those of hand-counted clicks")
    func metrics() {
        let metrics = OnlineMetrics([
            Interaction(query: 1, shown: [2, 3, 4, 5], clicked: [3, 5]),
            Interaction(query: 1, shown: [2, 3], clicked: []),
            Interaction(query: 2, shown: [6, 7], clicked: [6]),
        ])
        #expect((metrics.interactions, metrics.impressions, metrics.clicks) == (3, 8, 3))
        #expect(metrics.clickThroughRate == 3.0 / 8)
        #expect(metrics.successRate == 2.0 / 3)
        #expect(metrics.meanReciprocalRankOfClick == 0.75)
        let third = 1.0 / 3
        let byPosition: [Double] = [third, third, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(metrics.clickThroughRateByPosition == byPosition)
        let nothing = OnlineMetrics([])
        #expect(
            (nothing.clickThroughRate, nothing.successRate, nothing.meanReciprocalRankOfClick) == (0, 0, 0)
        )
    }

    @Test("the export names files, positions and clicks, a line for each list")
    func export() throws {
        _ = try library.catalog.keep(Interaction(query: 1, shown: [5, 3], clicked: [3]), for: .everyone)
        let lines = try InteractionExport.lines(from: directory)
        #expect(
            lines == [
                #"{"clicked":["/photos/3.jpg"],"query":"/photos/1.jpg","#
                    + #""shown":[{"file":"/photos/5.jpg","position":1},{"file":"/photos/3.jpg","position":2}]}"#
            ]
        )
    }
}
