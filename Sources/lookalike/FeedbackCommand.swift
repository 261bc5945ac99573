import ArgumentParser
import Catalog
import Feedback
import Foundation
import ImageLibrary
import SystemPackage

/// `lookalike feedback`: what clicks on the page say about results.
struct FeedbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback",
        abstract: "Tell what was opened of the results on the page, and write it down for training.",
        discussion: """
              lookalike feedback
              lookalike feedback --export clicks.jsonl

            The page of lookalike serve notes which results were shown for a picture of the library, and which of \
            them were opened; nothing of who asked, and nothing of pictures that are not in the library. lookalike \
            serve --no-feedback notes nothing.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Write the interactions as lines of JSON, - for standard output.",
            valueName: "jsonl"
        ),
        completion: .file(extensions: ["jsonl"])
    )
    var export: String?

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        if export != nil, json { throw ValidationError("--export writes JSON already; leave out --json.") }
    }

    func run() throws {
        if let export { return try write(to: export) }
        let metrics = OnlineMetrics(try Library.readCatalog(in: library.directory) { try $0.interactions() })
        if json { return try writeJSON(metrics) }
        writeLine(
            "\(counted(metrics.interactions, "list")) of results looked at, \(counted(metrics.impressions, "picture")) "
                + "shown, \(counted(metrics.clicks, "opened", "opened"))"
        )
        guard metrics.interactions > 0 else { return }
        writeLine("click-through rate      \(fixed(metrics.clickThroughRate, 4))")
        writeLine("lists with a click      \(fixed(metrics.successRate, 3))")
        writeLine("1 / rank of the first   \(fixed(metrics.meanReciprocalRankOfClick, 3))")
        let byPosition = metrics.clickThroughRateByPosition.map { fixed($0, 3) }.joined(separator: "  ")
        writeLine("by position, 1 to 10    \(byPosition)")
    }

    private func write(to file: String) throws {
        let lines = try InteractionExport.lines(from: library.directory)
        let text = Data(lines.map { $0 + "\n" }.joined().utf8)
        if file == "-" {
            OutputStream.standardOutput.write(text)
        } else {
            try text.write(to: URL(filePath: FilePath(file).madeAbsolute.string), options: .atomic)
            writeLine("\(counted(lines.count, "interaction")) written to \(displayed(file))")
        }
    }
}
