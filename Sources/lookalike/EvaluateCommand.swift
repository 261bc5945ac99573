import ArgumentParser
import Evaluation
import Foundation
import ImageEmbedding
import SystemPackage

/// `lookalike evaluate`: measures how good results are.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure how good the results are, on pictures of your own.",
        discussion: """
              lookalike evaluate pictures/                            # a folder is a label
              lookalike evaluate pictures/ --report report.html
              lookalike evaluate pictures/ --labels labels.csv        # columns path,label
              lookalike evaluate pictures/ --judgements grades.csv    # columns query,image,grade (0 to 5)
              lookalike evaluate --judged                             # grades from lookalike judge and /judge
              lookalike evaluate pictures/ --near-duplicates          # are changed copies found?
              lookalike evaluate pictures/ --compare Models/other

            Every picture with a label is asked about in turn, and all others are ranked, by the model and by three \
            baselines that learned nothing: random, a perceptual hash, a colour histogram. No library is changed, and \
            none is needed but for --judged. docs/evaluation.md defines each metric and tells when it lies.
            """
    )

    @Argument(help: "Folder of the pictures; none with --judged.", completion: .directory)
    var folder: String?

    @Option(
        help: ArgumentHelp("Labels from a table with the columns path and label.", valueName: "csv"),
        completion: .file(extensions: ["csv"])
    )
    var labels: String?

    @Option(
        help: ArgumentHelp("Grades from a table with the columns query, image and grade.", valueName: "csv"),
        completion: .file(extensions: ["csv"])
    )
    var judgements: String?

    @Flag(help: "Grades that were given with lookalike judge or on the page, from the library.")
    var judged = false

    @Flag(help: "Ask with changed copies of the pictures for the originals.")
    var nearDuplicates = false

    @Option(
        help: ArgumentHelp(
            "What of a picture's place is its label: path, the folders from the top down, or name, the innermost "
                + "folder's name alone.",
            valueName: "part"
        ),
        transform: { text in
            guard let label = GroundTruth.FolderLabel(rawValue: text) else {
                throw ValidationError("it is path or name, not \(text)")
            }
            return label
        }
    )
    var folderLabel: GroundTruth.FolderLabel = .path

    @Option(
        help: ArgumentHelp("Another model to compare with; repeatable.", valueName: "folder"),
        completion: .directory
    )
    var compare: [String] = []

    @Option(
        name: .customShort("k"),
        help: ArgumentHelp(
            "Where results are cut off, 1 to 100; 10, or 1 with --near-duplicates.",
            valueName: "n"
        )
    )
    var cutoff: Int?

    @Option(help: ArgumentHelp("The most pictures that are asked about, drawn at random.", valueName: "n"))
    var queries = 1_000

    @Option(help: ArgumentHelp("What is drawn at random is drawn with this.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp("Pictures worked on at once; the number of cores unless told.", valueName: "n")
    )
    var jobs: Int?

    @Option(
        help: ArgumentHelp("Write a report that a browser shows, all in one file.", valueName: "html"),
        completion: .file(extensions: ["html"])
    )
    var report: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        let sources = [labels != nil, judgements != nil, judged, nearDuplicates].count { $0 }
        guard sources <= 1 else {
            throw ValidationError("Give one of --labels, --judgements, --judged and --near-duplicates.")
        }
        guard (folder == nil) == judged else {
            throw ValidationError(judged ? "--judged needs no folder." : "Name the folder of the pictures.")
        }
        guard sources == 0 || folderLabel == .path else {
            throw ValidationError("--folder-label is for labels that come from folders.")
        }
        if let cutoff, !(1...100).contains(cutoff) { throw ValidationError("-k must be 1 to 100.") }
        guard queries >= 1 else { throw ValidationError("--queries must be at least 1.") }
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256.") }
    }

    func run() throws {
        try checkReportPath()
        let truth = try groundTruth()
        let display = EvaluationDisplay()
        let contenders = try contenders()
        var options = Evaluation.Options()
        options.cutoff = cutoff ?? (nearDuplicates ? 1 : 10)
        options.queryLimit = queries
        options.seed = seed
        options.jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        let decoder = decoding.decoder(processCount: options.jobs)
        let result = try Evaluation(truth, contenders: contenders, decoder: decoder, options: options).run(
            display.show
        )
        display.finish()
        // The numbers first: whatever happens to the report, they are not lost.
        let numbers = EvaluationReport(result)
        if json { try writeJSON(numbers) } else { numbers.print() }
        guard let report else { return }
        let page = HTMLReport(result, numbers, decoder: decoder).html()
        for picture in page.unshown {
            writeLine(
                "not shown in the report: \(displayed(picture.path.string)): \(displayed(picture.reason))",
                to: .standardError
            )
        }
        do {
            let file = URL(filePath: FilePath(report).madeAbsolute.string)
            try Data(page.text.utf8).write(to: file, options: .atomic)
        } catch {
            throw UnwritableReport(path: report, reason: error.localizedDescription)
        }
        if !json { writeLine("\nThe report is in \(displayed(report)).") }
    }

    /// Finds out before the work rather than after it.
    private func checkReportPath() throws {
        guard let report else { return }
        let path = FilePath(report).madeAbsolute
        let folder = path.removingLastComponent().string
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path.string, isDirectory: &isFolder), isFolder.boolValue {
            throw UnwritableReport(path: report, reason: "it is a folder; name a file in it")
        }
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw UnwritableReport(path: report, reason: "there is no folder \(folder); make it first")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw UnwritableReport(path: report, reason: "the folder \(folder) may not be written to")
        }
    }

    private func groundTruth() throws -> GroundTruth {
        guard let folder else { return try GroundTruth(judgementsIn: library.directory) }
        let root = FilePath(folder).madeAbsolute
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root.string, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw ValidationError("there is no folder \(folder)")
        }
        if let labels { return try GroundTruth(labels: FilePath(labels).madeAbsolute, root: root) }
        if let judgements {
            return try GroundTruth(judgements: FilePath(judgements).madeAbsolute, root: root)
        }
        if nearDuplicates { return try GroundTruth(nearDuplicatesIn: root, seed: seed) }
        return try GroundTruth(folders: root, label: folderLabel)
    }

    /// The model, those it is compared with, and the baselines.
    private func contenders() throws -> [any PictureEmbedding] {
        var models = [ModelContender(try model.load(for: library))]
        for folder in compare {
            let other = try EmbeddingModel(folder: FilePath(folder).madeAbsolute, precision: model.precision)
            let isTaken = models.contains { $0.name == other.manifest.name }
            models.append(ModelContender(other, name: isTaken ? folder : nil))
        }
        return models + Baselines.all.reversed()
    }
}

/// The report cannot be written.
private struct UnwritableReport: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "the report \(path) cannot be written: \(reason)" }
}
