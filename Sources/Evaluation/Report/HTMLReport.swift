internal import Foundation
public import ImageDecoding
internal import SystemPackage

/// An evaluation as one HTML file that needs nothing else: pictures, curves and tables are in it.
public struct HTMLReport {
    let result: EvaluationResult
    private let report: EvaluationReport
    let decoder: any PictureDecoding

    /// Queries shown with their results.
    static let shownQueries = 24
    static let thumbnailSize = ThumbnailSize.longerSide(128)
    private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]

    /// Prepares the report.
    public init(_ result: EvaluationResult, _ report: EvaluationReport, decoder: any PictureDecoding) {
        self.decoder = decoder
        self.result = result
        self.report = report
    }

    /// Writes the file's text.
    ///
    /// - Returns: The text, and the pictures that could be read before and cannot be shown now: their names stand in their
    ///   places.
    public func html() -> (text: String, unshown: [LeftOut]) {
        var unshown: [LeftOut] = []
        let queries = queryRows(&unshown)
        let text = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Evaluation: \(escaped(report.groundTruth))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>How good are the results?</h1>
            <p>\(counted(report.queries, "query", "queries")) about \(counted(report.pictures, "picture", "pictures")); judged by \
            \(escaped(report.groundTruth)).</p>
            \(omissions)
            \(metricTable)
            <h2>Precision and recall</h2>
            \(curves)
            \(groupSection)
            <h2>Queries</h2>
            <p>The first results of <strong>\(escaped(report.contenders[0].name))</strong>, worst queries first, then \
            ordinary ones and the best. ✓ right, ✗ wrong\(hasGrades ? "; grades 0 to 5" : "").</p>
            \(queries)
            </main>
            </body>
            </html>

            """
        return (text, unshown)
    }

    // MARK: - Tables

    private var omissions: String {
        func list(_ omissions: [EvaluationReport.Omission], _ singular: String, _ plural: String) -> String {
            guard !omissions.isEmpty else { return "" }
            let items = omissions.prefix(200).map {
                "<li><code>\(escaped($0.path))</code>: \(escaped($0.reason))</li>"
            }
            let count = counted(omissions.count, singular, plural)
            return "<details><summary>\(count) left out</summary><ul>\(items.joined())</ul></details>"
        }
        return list(report.leftOut, "picture was", "pictures were")
            + list(report.leftOutQueries, "query was", "queries were")
    }

    private var metricTable: String {
        let header = report.contenders[0].metrics.map { "<th>\(escaped($0.metric))</th>" }.joined()
        let rows = report.contenders.map { contender in
            let cells = contender.metrics.map { measured in
                guard let estimate = measured.estimate else { return "<td>–</td>" }
                let against =
                    measured.against.map {
                        "<br><small>\(signed($0.difference.mean)) (\(signed($0.difference.lowest)) to "
                            + "\(signed($0.difference.highest)))<br>p \(probability($0.probability))</small>"
                    } ?? ""
                return "<td><strong>\(number(estimate.mean))</strong><br>"
                    + "<small>\(number(estimate.lowest)) to \(number(estimate.highest))</small>\(against)</td>"
            }
            return "<tr><th scope=\"row\">\(escaped(contender.name))</th>\(cells.joined())</tr>"
        }
        return """
            <div class="wide"><table>
            <thead><tr><th></th>\(header)</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody>
            </table></div>
            <p><small>Means with bootstrapped 95 % intervals. Below them the difference to the first row, with its interval, and \
            how often as large a one would come about by chance (\(escaped(report.significanceTest))): of twenty comparisons of equals \
            one is below 0.05.\(withoutRelevant)</small></p>
            """
    }

    private var withoutRelevant: String {
        guard report.queriesWithoutRelevant > 0 else { return "" }
        return " \(counted(report.queriesWithoutRelevant, "query has", "queries have")) no picture of grade "
            + "\(GradedRanking.relevantGrade) or more, and \(report.queriesWithoutRelevant == 1 ? "counts" : "count") in nDCG alone."
    }

    /// The labels, or the kinds of change; nothing for grades, where each query is a group of its own and shown below.
    private var groupSection: String {
        guard result.truth.kind != .grades else { return "" }
        let isByLabel = result.truth.kind == .labels
        let metrics = report.contenders[0].metrics.map(\.metric)
        let shown = report.leadingPlace
        // Beside it, of the first contender, what a label's first results are like.
        let gain = isByLabel ? result.metrics.firstIndex { !$0.isBinary } : nil
        let first = report.contenders[0]
        var header = report.contenders.map { "<th>\(escaped($0.name))</th>" }.joined()
        if let gain { header += "<th>\(escaped(metrics[gain])), \(escaped(first.name))</th>" }
        func cell(_ value: Double?) -> String {
            guard let value else { return "<td>–</td>" }
            return "<td>\(number(value))<span class=\"bar\" style=\"width:\(Int(value * 80))px\"></span></td>"
        }
        let groups = first.groups.indices.sorted {
            (first.groups[$0].means[shown] ?? 2, $0) < (first.groups[$1].means[shown] ?? 2, $1)
        }
        let rows = groups.map { place in
            let group = first.groups[place]
            var cells = report.contenders.map { cell($0.groups[place].means[shown]) }.joined()
            if let gain { cells += cell(group.means[gain]) }
            return "<tr><th scope=\"row\">\(escaped(group.name))</th><td>\(group.queries)</td>\(cells)</tr>"
        }
        return """
            <h2>By \(isByLabel ? "label" : "change")</h2>
            <div class="wide"><table>
            <thead><tr><th>\(escaped(metrics[shown]))</th><th>queries</th>\(header)</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody>
            </table></div>
            """
    }

    // MARK: - Curves

    private var curves: String {
        let (width, height, margin) = (460.0, 300.0, 44.0)
        func x(_ recall: Double) -> String { number(margin + recall * (width - margin - 12), 1) }
        func y(_ precision: Double) -> String { number(12 + (1 - precision) * (height - margin - 12), 1) }
        let grid = (0...5).map { step -> String in
            let value = Double(step) / 5
            return
                "<line class=\"grid\" x1=\"\(x(0))\" y1=\"\(y(value))\" x2=\"\(x(1))\" y2=\"\(y(value))\"/>"
                + "<text x=\"\(x(0))\" dx=\"-8\" y=\"\(y(value))\" dy=\"4\" text-anchor=\"end\">\(number(value, 1))</text>"
                + "<text x=\"\(x(value))\" y=\"\(y(0))\" dy=\"18\" text-anchor=\"middle\">\(number(value, 1))</text>"
        }
        let lines = report.contenders.enumerated().map { place, contender -> String in
            let points = zip(GradedRanking.recallLevels, contender.precisionAtRecallLevels)
                .map { "\(x($0)),\(y($1))" }.joined(separator: " ")
            return
                "<polyline points=\"\(points)\" stroke=\"\(colour(place))\"><title>\(escaped(contender.name))</title>"
                + "</polyline>"
        }
        let legend = report.contenders.enumerated().map {
            "<li><span style=\"background:\(colour($0.offset))\"></span>\(escaped($0.element.name))</li>"
        }
        return """
            <figure>
            <svg viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="Precision by recall, one line per contender">
            \(grid.joined())
            <text x="\(x(0.5))" y="\(number(height - 6, 0))" text-anchor="middle">recall</text>
            <text x="12" y="\(y(0.5))" text-anchor="middle" transform="rotate(-90 12 \(y(0.5)))">precision</text>
            \(lines.joined())
            </svg>
            <ul class="legend">\(legend.joined())</ul>
            </figure>
            """
    }

    private func colour(_ place: Int) -> String { Self.colours[place % Self.colours.count] }

    // MARK: - Text

    private func counted(_ count: Int, _ singular: String, _ plural: String) -> String {
        "\(count) \(count == 1 ? singular : plural)"
    }

    func number(_ value: Double, _ digits: Int = 3) -> String {
        String(format: "%.\(digits)f", value)
    }

    private func signed(_ value: Double) -> String {
        String(format: "%+.3f", value).replacingOccurrences(of: "-", with: "−")
    }

    private func probability(_ value: Double) -> String { value < 0.001 ? "< 0.001" : number(value) }

    func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static let style = """
        :root { --line: #d4d8dd; --soft: #5b6570; --right: #12805c; --wrong: #c0392b; --bar: #9db8d2; }
        @media (prefers-color-scheme: dark) {
          :root { --line: #3a4149; --soft: #a3acb5; --right: #4cc38a; --wrong: #ff8379; --bar: #3f5f7d; }
        }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
        main { max-width: 1200px; margin: 0 auto; padding: 24px 16px 64px; }
        h1 { font-size: 26px; margin: 0 0 8px; } h2 { font-size: 19px; margin: 36px 0 8px; }
        small { color: var(--soft); font-size: 12.5px; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; } th, td { text-align: left; padding: 6px 14px 6px 0; vertical-align: top;
          border-bottom: 1px solid var(--line); white-space: nowrap; font-variant-numeric: tabular-nums; }
        .bar { display: inline-block; height: 9px; margin-left: 8px; background: var(--bar); border-radius: 2px; }
        figure { margin: 0; } svg { max-width: 560px; width: 100%; font-size: 12px; fill: currentColor; }
        polyline { fill: none; stroke-width: 2; } .grid { stroke: var(--line); }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; }
        .legend span { display: inline-block; width: 18px; height: 3px; margin-right: 7px; vertical-align: middle; }
        .query { display: flex; gap: 20px; padding: 12px 0; border-bottom: 1px solid var(--line); }
        .asked { flex: 0 0 150px; } .results { display: flex; flex-wrap: wrap; gap: 8px; min-width: 0; }
        .query img { display: block; max-width: 100%; height: 88px; width: auto; object-fit: cover; border-radius: 3px; }
        .asked img { height: auto; max-height: 128px; }
        .gone { display: block; width: 88px; min-height: 88px; color: var(--soft); overflow-wrap: anywhere; }
        .right img { outline: 3px solid var(--right); } .wrong img { outline: 3px solid var(--wrong); }
        .results img { outline-offset: -3px; } .right figcaption { color: var(--right); } .wrong figcaption { color: var(--wrong); }
        figcaption { font-size: 13px; overflow-wrap: anywhere; }
        @media (max-width: 560px) { .query { flex-direction: column; gap: 8px; } .query .results img { height: 64px; } }
        """
}
