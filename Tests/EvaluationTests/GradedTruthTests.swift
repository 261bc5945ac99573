import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

@testable import Evaluation

@Suite("Grades")
struct GradedTruthTests {
    private let folder: TemporaryFolder

    /// Greys of 10, 20, 30 and 200, and a copy of the first.
    init() throws {
        folder = try TemporaryFolder()
        for (name, value) in [("a", 10), ("b", 20), ("c", 30), ("d", 200), ("copy", 10)] as [(String, UInt8)]
        {
            let picture = PixelImage(width: 16, height: 16, pixels: Array(repeating: value, count: 768))
            try folder.write(picture.jpegData(quality: 95), to: name + ".jpg")
        }
    }

    private func evaluate(_ grades: [(query: String, image: String, grade: Int)]) throws -> EvaluationResult {
        let judgements = grades.map { grade in
            GroundTruth.Judgement(
                query: folder.path.appending("\(grade.query).jpg"),
                image: folder.path.appending("\(grade.image).jpg"),
                grade: grade.grade
            )
        }
        return try Evaluation(
            try GroundTruth(judgements, origin: "grades"),
            contenders: [ColorHistogram(), RandomVector()],
            decoder: ImageDecoder(),
            options: Evaluation.Options()
        )
        .run()
    }

    @Test("a query without a relevant picture counts in the metric that knows grades, and in no other")
    func withoutRelevant() throws {
        let result = try evaluate([("a", "b", 5), ("a", "d", 0), ("b", "c", 2), ("b", "d", 0)])
        #expect(result.queries.count == 2)
        for (place, metric) in result.metrics.enumerated() {
            #expect(result.values(place, of: 0).count == (metric.isBinary ? 1 : 2), "\(metric.name)")
            #expect(try #require(result.comparison(place, of: 1)).difference.mean <= 0)
        }
        #expect(
            result.estimate(0, of: 0)?.mean == 1,
            "the query that has nothing relevant takes nothing away"
        )
        let report = EvaluationReport(result)
        #expect(report.queriesWithoutRelevant == 1)
        #expect(report.contenders[0].metrics.map(\.queries) == [1, 2, 1, 1, 1])
        #expect(report.leadingMetric == "nDCG@10")
        #expect(report.contenders[0].precisionAtRecallLevels.last == 1)
    }

    @Test("grades that are all below 3 give one metric, and dashes for the rest")
    func nothingRelevant() throws {
        let result = try evaluate([("a", "b", 2), ("a", "d", 0)])
        #expect(
            result.metrics.indices.map { result.estimate($0, of: 0) != nil } == [
                false, true, false, false, false,
            ]
        )
        let report = EvaluationReport(result)
        let html = HTMLReport(result, report, decoder: ImageDecoder()).html().text
        #expect(html.contains("<td>–</td>"))
        #expect(html.contains("1 query has no picture of grade 3 or more"))
        #expect(!html.contains("<h2>By"), "each graded query is a group of its own")
        #expect(html.contains("<figcaption>a.jpg<br>"))
        let json = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
        #expect(json.contains("\"queriesWithoutRelevant\":1"))
    }

    @Test("a copy that somebody graded is an answer, and can ask")
    func copies() throws {
        let result = try evaluate([("a", "copy", 5), ("a", "d", 1), ("copy", "b", 5), ("copy", "d", 0)])
        #expect(result.leftOut.isEmpty)
        #expect(result.queries.count == 2)
        let asked = result.queries.map { result.truth.pictures[result.truth.queries[$0].picture].stem }
        #expect(asked == ["a", "copy"])
        #expect(result.outcomes[0][0].top.map(\.grade) == [5, 1])
    }

    @Test("a query whose right pictures cannot be read is named")
    func unreadable() throws {
        try folder.write(Array("no picture".utf8), to: "broken.jpg")
        let result = try evaluate([("a", "b", 5), ("a", "d", 0), ("c", "broken", 5), ("c", "d", 0)])
        #expect(result.queries.count == 1)
        #expect(result.leftOutQueries.map(\.path.stem) == ["c"])
        #expect(throws: EvaluationError.self) { try evaluate([("c", "broken", 5)]) }
    }
}
