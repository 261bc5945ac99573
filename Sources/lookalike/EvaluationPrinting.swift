import Evaluation
import Foundation

/// Shows on a terminal how far an evaluation is.
struct EvaluationDisplay {
    private let isTerminal = standardErrorIsTerminal

    /// Every hundredth step, in place.
    var show: @Sendable (Evaluation.Progress) -> Void {
        guard isTerminal else { return { _ in } }
        return { progress in
            let (done, total, what) =
                switch progress {
                case .embedding(let done, let total): (done, total, "pictures")
                case .ranking(let done, let total): (done, total, "queries")
                }
            guard done % 100 == 0 || done == total else { return }
            OutputStream.standardError.write(Data("\r\u{1B}[K\(done) of \(total) \(what)".utf8))
        }
    }

    func finish() {
        if isTerminal { OutputStream.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

extension EvaluationReport {
    /// Prints the tables.
    func print() {
        writeLine(
            "\(counted(queries, "query", "queries")) about \(counted(pictures, "picture")), judged by \(groundTruth)"
        )
        name(leftOut, "left out")
        name(leftOutQueries, "query left out")
        let width = max(16, contenders.map(\.name.count).max() ?? 0)
        let metrics = contenders[0].metrics.map(\.metric)
        writeLine("")
        writeLine(
            String(repeating: " ", count: width)
                + metrics.map { $0.leftPadded(to: 8) + String(repeating: " ", count: 16) }.joined()
        )
        for contender in contenders {
            let cells = contender.metrics.map { measured in
                guard let estimate = measured.estimate else {
                    return "–".leftPadded(to: 8) + String(repeating: " ", count: 16)
                }
                return "\(fixed(estimate.mean, 3).leftPadded(to: 8)) "
                    + "(\(fixed(estimate.lowest, 3))–\(fixed(estimate.highest, 3)))  "
            }
            writeLine(contender.name.padded(to: width) + cells.joined())
        }
        if queriesWithoutRelevant > 0 {
            writeLine(
                "\(counted(queriesWithoutRelevant, "query has", "queries have")) no picture of grade "
                    + "\(GradedRanking.relevantGrade) or more: left out of all but nDCG"
            )
        }
        printComparisons(width: width)
        printGroups()
    }

    /// The first ten of what was left out.
    private func name(_ omissions: [Omission], _ what: String) {
        for omission in omissions.prefix(10) {
            writeLine(
                "\(what): \(displayed(omission.path)): \(displayed(omission.reason))",
                to: .standardError
            )
        }
        if omissions.count > 10 { writeLine("… and \(omissions.count - 10) more", to: .standardError) }
    }

    /// What the others gain or lose against the first, in the metric to look at first.
    private func printComparisons(width: Int) {
        guard contenders.count > 1 else { return }
        writeLine("\nagainst \(contenders[0].name), \(leadingMetric)")
        for contender in contenders.dropFirst() {
            guard let paired = contender.metrics[leadingPlace].against else { continue }
            let difference = paired.difference
            writeLine(
                "\(contender.name.padded(to: width))\(signed(difference.mean).leftPadded(to: 8)) "
                    + "(\(signed(difference.lowest)) to \(signed(difference.highest))), p "
                    + (paired.probability < 0.001 ? "< 0.001" : fixed(paired.probability, 3))
            )
        }
        writeLine("p: \(significanceTest)")
    }

    /// The groups of the queries; of many, the ten worst.
    private func printGroups() {
        let first = contenders[0]
        guard first.groups.count > 1 else { return }
        let metric = leadingPlace
        let ordered = first.groups.indices.sorted {
            (first.groups[$0].means[metric] ?? 2, $0) < (first.groups[$1].means[metric] ?? 2, $1)
        }
        let shown = ordered.prefix(10)
        let names = first.groups.map(\.name.count).max() ?? 0
        writeLine(
            "\n\(first.metrics[metric].metric) by group"
                + (ordered.count > 10 ? ", the ten worst of \(ordered.count)" : "")
        )
        writeLine(
            String(repeating: " ", count: names + 9)
                + contenders.map { $0.name.leftPadded(to: max(10, $0.name.count) + 2) }.joined()
        )
        for place in shown {
            let group = first.groups[place]
            let cells = contenders.map {
                ($0.groups[place].means[metric].map { fixed($0, 3) } ?? "–")
                    .leftPadded(to: max(10, $0.name.count) + 2)
            }
            writeLine(
                "\(displayed(group.name).padded(to: names))\("\(group.queries)".leftPadded(to: 9))\(cells.joined())"
            )
        }
    }
}

private func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + fixed(value, 3) }

extension String {
    /// The text with spaces after it, so that it takes at least `width` places.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
