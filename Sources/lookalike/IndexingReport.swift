import Foundation
import IndexingPipeline
import SystemPackage

/// The summary of a run, as JSON and as text.
struct IndexingReport: Encodable {
    let found: Int
    let embedded: Int
    let duplicates: Int
    let moved: Int
    let unchanged: Int
    let missing: Int
    let excluded: [String: Int]
    let skipped: [SkippedFile]
    let emptiedFolders: [String]
    let indexedImages: Int
    let cancelled: Bool
    let seconds: Double
    let stageSeconds: [String: Double]

    init(_ summary: IndexingSummary) {
        found = summary.found
        embedded = summary.embedded
        duplicates = summary.duplicates
        moved = summary.moved
        unchanged = summary.unchanged
        missing = summary.missing
        excluded = Dictionary(uniqueKeysWithValues: summary.excluded.map { ($0.key.rawValue, $0.value) })
        skipped = summary.refused.map(SkippedFile.init)
        emptiedFolders = summary.emptiedFolders.map { String(decoding: $0) }
        indexedImages = summary.indexedImages
        cancelled = summary.wasCancelled
        seconds = summary.seconds
        stageSeconds = summary.stageSeconds
    }

    func print(namingSkipped: Bool = true) {
        if namingSkipped {
            for file in skipped {
                writeLine("skipped  \(displayed(file.path))")
                writeLine("         \(file.reason): \(file.message)")
            }
        }
        for folder in emptiedFolders {
            writeLine(
                "lookalike: \(displayed(folder)) is empty; if its drive is not plugged in, plug it in and index again",
                to: .standardError
            )
        }
        var parts = ["\(counted(embedded, "picture")) embedded"]
        if moved > 0 { parts.append("\(moved) moved") }
        if duplicates > 0 { parts.append("\(duplicates) known already") }
        if unchanged > 0 { parts.append("\(unchanged) unchanged") }
        if !skipped.isEmpty { parts.append("\(skipped.count) skipped") }
        if missing > 0 { parts.append("\(missing) gone missing") }
        let passedOver = excluded.values.reduce(0, +)
        if passedOver > 0 { parts.append("\(passedOver) passed over") }
        let rate = seconds > 0 ? " (\(fixed(Double(found) / seconds, 1)) files/s)" : ""
        writeLine((cancelled ? "Stopped: " : "") + parts.joined(separator: ", ") + ".")
        writeLine(
            "The library holds \(counted(indexedImages, "picture")). This took \(fixed(seconds, 1)) s\(rate)."
        )
    }
}
