import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

@testable import Evaluation

@Suite("Reports")
struct ReportTests {
    private static let result = Result {
        var options = Evaluation.Options()
        (options.cutoff, options.queryLimit, options.jobs) = (5, 30, 2)
        let truth = try GroundTruth(folders: repository.appending("SampleImages"))
        return try Evaluation(
            truth,
            contenders: [ColorHistogram(), PerceptualHashVector()],
            decoder: ImageDecoder(),
            options: options
        ).run()
    }

    @Test("the numbers are the result's")
    func numbers() throws {
        let result = try Self.result.get()
        let report = EvaluationReport(result)
        #expect(report.queries == 30)
        #expect(report.contenders.map(\.name) == ["colour histogram", "perceptual hash"])
        let first = try #require(report.contenders.first)
        #expect(first.metrics.map(\.metric) == ["mAP", "nDCG@5", "MRR", "P@5", "R@5"])
        for (place, measured) in first.metrics.enumerated() {
            let values = result.values(place, of: 0)
            let estimate = try #require(measured.estimate)
            #expect(estimate.mean == values.reduce(0, +) / Double(values.count))
            #expect((estimate.lowest...estimate.highest).contains(estimate.mean))
            #expect(measured.queries == 30)
            #expect(measured.against == nil)
        }
        #expect(report.contenders[1].metrics.allSatisfy { $0.against != nil })
        let weighted = try first.groups.reduce(0) { try $0 + #require($1.means[0]) * Double($1.queries) } / 30
        let mean = try #require(first.metrics[0].estimate?.mean)
        #expect(abs(weighted - mean) < 1e-9)
        #expect(report.leadingMetric == "mAP")
        #expect(report.significanceTest.hasPrefix("Fisher's randomisation test"))
    }

    @Test("the page needs nothing else, and says what the numbers say")
    func page() throws {
        let result = try Self.result.get()
        let report = EvaluationReport(result)
        let (html, unshown) = HTMLReport(result, report, decoder: ImageDecoder()).html()
        #expect(unshown.isEmpty)
        for forbidden in ["http:", "https:", "<script", "@import", "url("] {
            #expect(!html.contains(forbidden))
        }
        let mean = try #require(report.contenders[0].metrics[0].estimate?.mean)
        #expect(html.contains(String(format: "%.3f", mean)))
        #expect(html.contains("<th>nDCG@5, colour histogram</th>"))
        // 24 queries with 5 results each.
        #expect(html.components(separatedBy: "<img src=\"data:image/jpeg;base64,").count - 1 == 24 * 6)
        #expect(html.components(separatedBy: "<polyline").count - 1 == 2)
    }

    @Test("a picture that is gone when the page is made costs only its own place")
    func gone() throws {
        let folder = try TemporaryFolder()
        for (place, name) in ["x/a.jpg", "x/b.jpg", "x/c.jpg"].enumerated() {
            try folder.copy(
                ["windmills/linda-dark.jpg", "windmills/linda.jpg", "windmills/dudutki.jpg"][place],
                to: name
            )
        }
        let result = try Evaluation(
            try GroundTruth(folders: folder.path),
            contenders: [ColorHistogram()],
            decoder: ImageDecoder(),
            options: Evaluation.Options()
        )
        .run()
        try FileManager.default.removeItem(atPath: folder.path.appending("x/b.jpg").string)
        let page = HTMLReport(result, EvaluationReport(result), decoder: ImageDecoder()).html()
        #expect(page.unshown.map(\.path.stem) == ["b"])
        #expect(page.text.components(separatedBy: "b.jpg cannot be shown").count - 1 == 3)
        #expect(page.text.components(separatedBy: "<img src=").count - 1 == 6)
    }

    @Test("names from files are text on the page, whatever is in them")
    func escaping() throws {
        let folder = try TemporaryFolder()
        try folder.copy("windmills/linda-dark.jpg", to: "<b>&\"x/a.jpg")
        let second = try FileManager.default.contentsOfDirectory(atPath: samplePhotograph("windmills").string)
            .filter { $0.hasSuffix(".jpg") && $0 != "linda-dark.jpg" }
        try folder.copy("windmills/\(try #require(second.first))", to: "<b>&\"x/b.jpg")
        var options = Evaluation.Options()
        options.cutoff = 1
        let truth = try GroundTruth(folders: folder.path)
        let result = try Evaluation(
            truth,
            contenders: [ColorHistogram()],
            decoder: ImageDecoder(),
            options: options
        ).run()
        let html = HTMLReport(result, EvaluationReport(result), decoder: ImageDecoder()).html().text
        #expect(!html.contains("<b>"))
        #expect(html.contains("&lt;b&gt;&amp;&quot;x"))
    }
}
