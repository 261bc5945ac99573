import Foundation
import IndexingPipeline

/// Shows how far a run has come: a line that redraws itself on a terminal, a plain line now and then
/// elsewhere.
struct ProgressDisplay {
    /// Seconds between plain lines.
    private static let plainInterval = 10.0

    private let isTerminal: Bool
    private var lastPlainLine = 0.0
    private var hasDrawn = false

    init(isTerminal: Bool) {
        self.isTerminal = isTerminal
    }

    mutating func show(_ progress: IndexingProgress) {
        if isTerminal {
            hasDrawn = true
            OutputStream.standardError.write(Data("\r\u{1B}[2K\(bar(progress)) \(figures(progress))".utf8))
        } else if progress.elapsedSeconds - lastPlainLine >= Self.plainInterval {
            lastPlainLine = progress.elapsedSeconds
            writeLine(figures(progress), to: .standardError)
        }
    }

    /// Clears the line that was drawn, so that what follows starts on an empty one.
    func finish() {
        if hasDrawn { OutputStream.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    }

    private func bar(_ progress: IndexingProgress) -> String {
        let width = 24
        guard progress.hasFoundAll, progress.found > 0 else {
            return "[" + String(repeating: "·", count: width) + "]"
        }
        let filled = min(width, width * progress.done / progress.found)
        return "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
            + "]"
    }

    private func figures(_ progress: IndexingProgress) -> String {
        let total = progress.hasFoundAll ? "\(progress.found)" : "\(progress.found)+"
        let left =
            progress.isSaving
            ? ", writing the index"
            : progress.remainingSeconds.map { ", \(clock($0)) left" } ?? ", still finding files"
        return "\(progress.done) of \(total) files, \(fixed(progress.rate, 1))/s\(left)"
    }

    private func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
            : String(format: "%d:%02d", minutes, whole % 60)
    }
}
