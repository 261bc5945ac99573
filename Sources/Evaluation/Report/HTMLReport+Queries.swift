internal import Foundation
internal import ImageDecoding
internal import SystemPackage

// Queries with their results, as pictures.
extension HTMLReport {
    var hasGrades: Bool {
        result.outcomes[0].contains { $0.top.contains { (1..<GradedRanking.bestGrade).contains($0.grade) } }
    }

    /// A third each of the worst queries, of those in the middle, and of the best: by the average precision of labels and
    /// changes, and the gain of grades.
    private var chosen: [Int] {
        let metric = result.truth.kind == .grades ? result.leadingMetric : 0
        let ordered = result.queries.indices.sorted {
            (result.outcomes[0][$0].values[metric] ?? 0, $0) < (
                result.outcomes[0][$1].values[metric] ?? 0, $1
            )
        }
        guard ordered.count > Self.shownQueries else { return ordered }
        let third = Self.shownQueries / 3
        let middle = (ordered.count - third) / 2
        return ordered.prefix(third) + ordered[middle..<middle + third] + ordered.suffix(third)
    }

    func queryRows(_ unshown: inout [LeftOut]) -> String {
        var rows: [String] = []
        for place in chosen {
            let query = result.truth.queries[result.queries[place]]
            let outcome = result.outcomes[0][place]
            // Grades have no label that says more than the file's name.
            let caption =
                result.truth.kind == .grades
                ? result.truth.pictures[query.picture].lastComponent?.string ?? "" : query.group
            var cells = ""
            for hit in outcome.top {
                let isRight = hit.grade >= GradedRanking.relevantGrade
                let verdict = hasGrades ? "\(isRight ? "✓" : "✗") \(hit.grade)" : isRight ? "✓" : "✗"
                cells +=
                    "<figure class=\"\(isRight ? "right" : "wrong")\">\(picture(hit.picture, nil, &unshown))"
                    + "<figcaption>\(verdict) <small>\(number(Double(hit.similarity), 2))</small></figcaption></figure>"
            }
            let metrics = zip(result.metrics, outcome.values).prefix(2)
                .compactMap { metric, value in value.map { "\(escaped(metric.queryName)) \(number($0))" } }
                .joined(separator: ", ")
            rows.append(
                """
                <section class="query">
                <figure class="asked">\(picture(query.picture, query.variation, &unshown))<figcaption>\(escaped(caption))<br>\
                <small>\(metrics)</small></figcaption></figure>
                <div class="results">\(cells)</div>
                </section>
                """
            )
        }
        return rows.joined(separator: "\n")
    }

    private func picture(_ place: Int, _ variation: Variation?, _ unshown: inout [LeftOut]) -> String {
        let path = result.truth.pictures[place]
        do throws(ImageDecodingError) {
            return try element(of: path, variation)
        } catch {
            let one = LeftOut(path: path, reason: error.message)
            if !unshown.contains(one) { unshown.append(one) }
            let name = escaped(path.lastComponent?.string ?? path.string)
            return "<span class=\"gone\" title=\"\(escaped(error.message))\">\(name) cannot be shown</span>"
        }
    }

    private func element(of path: FilePath, _ variation: Variation?) throws(ImageDecodingError) -> String {
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
}
