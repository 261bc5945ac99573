internal import Foundation
public import ImageDecoding
internal import SystemPackage

/// An evaluation as one HTML file that needs nothing else: pictures, curves and tables are in it.
public struct HTMLReport {
    private let result: EvaluationResult
    private let report: EvaluationReport
    private let decoder: any PictureDecoding

    /// Queries shown with their results.
    private static let shownQueries = 24
    private static let thumbnailSize = ThumbnailSize.longerSide(128)
    private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]

    /// Prepares the report.
    public init(_ result: EvaluationResult, _ report: EvaluationReport, decoder: any PictureDecoding) {
        self.decoder = decoder
        self.result = result
        self.report = report
    }

    /// Writes the file's text.
    ///
    /// - Throws: `ImageDecodingError` when a picture that could be read before cannot any more.
    public func html() throws(ImageDecodingError) -> String {
        let queries = try queryRows()
        return """
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
            \(escaped(report.groundTruth)). \(omissions)</p>
            \(metricTable)
            <h2>Precision and recall</h2>
            \(curves)
            <h2>By \(groupNoun)</h2>
            \(groupTable)
            <h2>Queries</h2>
            <p>The first results of <strong>\(escaped(report.contenders[0].name))</strong>, worst queries first, then \
            ordinary ones and the best. ✓ right, ✗ wrong\(hasGrades ? "; grades 0 to 5" : "").</p>
            \(queries)
            </main>
            </body>
            </html>

            """
    }

    // MARK: - Tables

    private var omissions: String {
        guard !report.leftOut.isEmpty else { return "" }
        let items = report.leftOut.prefix(200).map {
            "<li><code>\(escaped($0.path))</code>: \(escaped($0.reason))</li>"
        }
        let count = counted(report.leftOut.count, "picture was", "pictures were")
        return "<details><summary>\(count) left out</summary><ul>\(items.joined())</ul></details>"
    }

    private var metricTable: String {
        let header = report.contenders[0].metrics.map { "<th>\(escaped($0.metric))</th>" }.joined()
        let rows = report.contenders.map { contender in
            let cells = contender.metrics.map { measured in
                let (low, high) = (measured.estimate.lowest, measured.estimate.highest)
                let against =
                    measured.against.map {
                        "<br><small>\(signed($0.difference.mean)) (\(signed($0.difference.lowest)) to "
                            + "\(signed($0.difference.highest)))<br>p \(probability($0.probability))</small>"
                    } ?? ""
                return "<td><strong>\(number(measured.estimate.mean))</strong><br>"
                    + "<small>\(number(low)) to \(number(high))</small>\(against)</td>"
            }
            return "<tr><th scope=\"row\">\(escaped(contender.name))</th>\(cells.joined())</tr>"
        }
        return """
            <div class="wide"><table>
            <thead><tr><th></th>\(header)</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody>
            </table></div>
            <p><small>Means with bootstrapped 95 % intervals. Below them the difference to the first row, with its interval, and \
            how often as large a one would come about by chance (Fisher's randomisation test).</small></p>
            """
    }

    private var groupNoun: String {
        result.truth.queries.contains { $0.variation != nil } ? "change" : "label"
    }

    private var groupTable: String {
        let metrics = report.contenders[0].metrics.map(\.metric)
        // With changes it is whether the original comes first; with labels, the whole ranking.
        let shown = groupNoun == "change" ? metrics.count - 1 : 0
        let header = report.contenders.map { "<th>\(escaped($0.name))</th>" }.joined()
        let groups = report.contenders[0].groups.indices.sorted {
            let groups = report.contenders[0].groups
            return (groups[$0].means[shown], $0) < (groups[$1].means[shown], $1)
        }
        let rows = groups.map { place in
            let group = report.contenders[0].groups[place]
            let cells = report.contenders.map { contender in
                let value = contender.groups[place].means[shown]
                return
                    "<td>\(number(value))<span class=\"bar\" style=\"width:\(Int(value * 80))px\"></span></td>"
            }
            return
                "<tr><th scope=\"row\">\(escaped(group.name))</th><td>\(group.queries)</td>\(cells.joined())</tr>"
        }
        return """
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

    // MARK: - Query rows

    private var hasGrades: Bool {
        result.outcomes[0].contains { $0.top.contains { (1..<GradedRanking.bestGrade).contains($0.grade) } }
    }

    /// A third each of the worst queries, of those in the middle, and of the best, by the first metric.
    private var chosen: [Int] {
        let ordered = result.queries.indices.sorted {
            (result.outcomes[0][$0].values[0], $0) < (result.outcomes[0][$1].values[0], $1)
        }
        guard ordered.count > Self.shownQueries else { return ordered }
        let third = Self.shownQueries / 3
        let middle = (ordered.count - third) / 2
        return ordered.prefix(third) + ordered[middle..<middle + third] + ordered.suffix(third)
    }

    private func queryRows() throws(ImageDecodingError) -> String {
        var rows: [String] = []
        for place in chosen {
            let query = result.truth.queries[result.queries[place]]
            let outcome = result.outcomes[0][place]
            var cells = ""
            for hit in outcome.top {
                let isRight = hit.grade >= GradedRanking.relevantGrade
                let verdict = hasGrades ? "\(isRight ? "✓" : "✗") \(hit.grade)" : isRight ? "✓" : "✗"
                cells +=
                    "<figure class=\"\(isRight ? "right" : "wrong")\">\(try picture(hit.picture, nil))"
                    + "<figcaption>\(verdict) <small>\(number(Double(hit.similarity), 2))</small></figcaption></figure>"
            }
            let metrics = zip(result.metrics, outcome.values).prefix(2)
                .map { "\(escaped($0.queryName)) \(number($1))" }.joined(separator: ", ")
            rows.append(
                """
                <section class="query">
                <figure class="asked">\(try picture(query.picture, query.variation))<figcaption>\(escaped(query.group))<br>\
                <small>\(metrics)</small></figcaption></figure>
                <div class="results">\(cells)</div>
                </section>
                """
            )
        }
        return rows.joined(separator: "\n")
    }

    private func picture(_ place: Int, _ variation: Variation?) throws(ImageDecodingError) -> String {
        let path = result.truth.pictures[place]
        var source = ImageSource.file(path)
        if let variation {
            let whole = try decoder.thumbnail(of: source, size: .longerSide(1024))
            source = .bytes(try whole.pixels.varied(by: variation))
        }
        let thumbnail = try decoder.thumbnail(of: source, size: Self.thumbnailSize).pixels
        let data = Data(try thumbnail.jpegData(quality: 75)).base64EncodedString()
        let name = escaped(path.lastComponent?.string ?? path.string)
        return
            "<img src=\"data:image/jpeg;base64,\(data)\" width=\"\(thumbnail.width)\" height=\"\(thumbnail.height)\" "
            + "alt=\"\(name)\" title=\"\(escaped(path.string))\">"
    }

    // MARK: - Text

    private func counted(_ count: Int, _ singular: String, _ plural: String) -> String {
        "\(count) \(count == 1 ? singular : plural)"
    }

    private func number(_ value: Double, _ digits: Int = 3) -> String {
        String(format: "%.\(digits)f", value)
    }

    private func signed(_ value: Double) -> String {
        String(format: "%+.3f", value).replacingOccurrences(of: "-", with: "−")
    }

    private func probability(_ value: Double) -> String { value < 0.001 ? "< 0.001" : number(value) }

    private func escaped(_ text: String) -> String {
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
        .right img { outline: 3px solid var(--right); } .wrong img { outline: 3px solid var(--wrong); }
        .results img { outline-offset: -3px; } .right figcaption { color: var(--right); } .wrong figcaption { color: var(--wrong); }
        figcaption { font-size: 13px; overflow-wrap: anywhere; }
        @media (max-width: 560px) { .query { flex-direction: column; gap: 8px; } .query .results img { height: 64px; } }
        """
}
