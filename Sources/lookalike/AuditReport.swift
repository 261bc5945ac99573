import ImageLibrary
import NeighborSearch

/// What `audit` found, as JSON and as text.
struct AuditReport: Encodable {
    struct Recall: Encodable {
        let recall: Double
        /// Both ends of the 95 % interval.
        let lowest: Double
        let highest: Double

        init(_ estimate: RecallEstimate) {
            recall = estimate.value
            lowest = estimate.interval.lowerBound
            highest = estimate.interval.upperBound
        }

        var text: String { "\(fixed(recall, 3)) (\(fixed(lowest, 3)) to \(fixed(highest, 3)))" }
    }

    struct Losses: Encodable {
        let quantisation: Double
        let graph: Double
        let deletions: Double
    }

    struct Filter: Encodable {
        let share: Double
        let found: Recall
        let loss: Double
        let exactAnswers: Int
    }

    struct Part: Encodable {
        let source: LibraryAudit.Source
        let queries: Int
        let answers: Recall
        let exactAnswers: Int
        let walk: Recall
        let losses: Losses
        let filters: [Filter]
    }

    struct Target: Encodable {
        let recall: Double
        /// Nil when none reaches the target.
        let beamWidth: Int?
        let reached: Double

        init(_ target: Double, _ outcome: RecallAudit.BeamWidthOutcome) {
            recall = target
            switch outcome {
            case .reached(let beamWidth, let recall): (self.beamWidth, reached) = (beamWidth, recall)
            case .outOfReach(_, let recall): (beamWidth, reached) = (nil, recall)
            }
        }
    }

    let pictures: Int
    let beamWidth: Int
    let walksGraph: Bool
    let parts: [Part]
    var target: Target?

    init(_ audit: LibraryAudit) {
        pictures = audit.imageCount
        beamWidth = audit.beamWidth
        walksGraph = audit.walksGraph
        parts = audit.parts.map { Part($0.source, $0.report) }
    }

    func print() {
        writeLine(
            "recall@10 among \(counted(pictures, "picture")) at beam width \(beamWidth), with 95 % intervals"
        )
        for part in parts { part.print() }
        if let target, let beamWidth = target.beamWidth {
            writeLine(
                "Beam width \(beamWidth) finds \(fixed(target.reached, 3)); searches use it from now on."
            )
        }
    }
}

extension AuditReport.Part {
    fileprivate init(_ source: LibraryAudit.Source, _ report: RecallAudit.Report) {
        self.source = source
        queries = report.queryCount
        answers = AuditReport.Recall(report.answers)
        exactAnswers = report.exactAnswerCount
        walk = AuditReport.Recall(report.walk)
        losses = AuditReport.Losses(
            quantisation: report.quantisationLoss,
            graph: report.graphLoss,
            deletions: report.deletionLoss
        )
        filters = report.filtered.map {
            AuditReport.Filter(
                share: $0.share,
                found: AuditReport.Recall($0.recall),
                loss: $0.loss,
                exactAnswers: $0.exactAnswerCount
            )
        }
    }

    fileprivate func print() {
        let name =
            switch source {
            case .stored: counted(queries, "picture of the library", "pictures of the library")
            case .logged: counted(queries, "logged query", "logged queries")
            }
        writeLine("\(name)")
        writeLine("  answers         \(answers.text)\(compared(exactAnswers))")
        writeLine("  graph walked    \(walk.text)")
        writeLine("    lost to quantisation   \(fixed(losses.quantisation, 3))")
        writeLine("    lost to the graph      \(fixed(losses.graph, 3))")
        writeLine("    lost to deletions      \(fixed(losses.deletions, 3))")
        for filter in filters {
            let share = fixed(filter.share * 100, 0).leftPadded(to: 2)
            writeLine("  filter of \(share) %  \(filter.found.text)\(compared(filter.exactAnswers))")
        }
    }

    private func compared(_ count: Int) -> String {
        switch count {
        case 0: ""
        case queries: ", comparing all one by one"
        default: ", comparing all one by one for \(count) of them"
        }
    }
}
