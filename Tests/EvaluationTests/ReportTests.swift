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
            #expect(measured.estimate.mean == values.reduce(0, +) / Double(values.count))
            #expect((measured.estimate.lowest...measured.estimate.highest).contains(measured.estimate.mean))
            #expect(measured.against == nil)
        }
        #expect(report.contenders[1].metrics.allSatisfy { $0.against != nil })
        let weighted = first.groups.reduce(0) { $0 + $1.means[0] * Double($1.queries) } / 30
        #expect(abs(weighted - first.metrics[0].estimate.mean) < 1e-9)
    }

    @Test("the page needs nothing else, and says what the numbers say")
    func page() throws {
        let result = try Self.result.get()
        let report = EvaluationReport(result)
        let html = try HTMLReport(result, report, decoder: ImageDecoder()).html()
        for forbidden in ["http:", "https:", "<script", "@import", "url("] {
            #expect(!html.contains(forbidden))
        }
        #expect(html.contains(String(format: "%.3f", report.contenders[0].metrics[0].estimate.mean)))
        // 24 queries with 5 results each.
        #expect(html.components(separatedBy: "<img src=\"data:image/jpeg;base64,").count - 1 == 24 * 6)
        #expect(html.components(separatedBy: "<polyline").count - 1 == 2)
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
        let html = try HTMLReport(result, EvaluationReport(result), decoder: ImageDecoder()).html()
        #expect(!html.contains("<b>"))
        #expect(html.contains("&lt;b&gt;&amp;&quot;x"))
    }
}
