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
        let numbers = EvaluationReport(result)
        if let report {
            let html = try HTMLReport(result, numbers, decoder: decoder).html()
            try Data(html.utf8).write(
                to: URL(filePath: FilePath(report).madeAbsolute.string),
                options: .atomic
            )
        }
        if json {
            try writeJSON(numbers)
        } else {
            numbers.print()
            if let report { writeLine("\nThe report is in \(displayed(report)).") }
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

/// Shows on a terminal how far an evaluation is.
private struct EvaluationDisplay {
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
        for omission in leftOut.prefix(10) {
            writeLine("left out: \(displayed(omission.path)): \(omission.reason)", to: .standardError)
        }
        if leftOut.count > 10 { writeLine("… and \(leftOut.count - 10) more left out", to: .standardError) }
        let width = max(16, contenders.map(\.name.count).max() ?? 0)
        let metrics = contenders[0].metrics.map(\.metric)
        writeLine("")
        writeLine(
            String(repeating: " ", count: width)
                + metrics.map { $0.leftPadded(to: 8) + String(repeating: " ", count: 16) }.joined()
        )
        for contender in contenders {
            let cells = contender.metrics.map { measured in
                "\(fixed(measured.estimate.mean, 3).leftPadded(to: 8)) "
                    + "(\(fixed(measured.estimate.lowest, 3))–\(fixed(measured.estimate.highest, 3)))  "
            }
            writeLine(contender.name.padded(to: width) + cells.joined())
        }
        printComparisons(width: width)
        printGroups(width: width)
    }

    /// What the others gain or lose against the first, in its main metric.
    private func printComparisons(width: Int) {
        guard contenders.count > 1 else { return }
        writeLine("\nagainst \(contenders[0].name), \(contenders[0].metrics[0].metric)")
        for contender in contenders.dropFirst() {
            guard let paired = contender.metrics[0].against else { continue }
            let difference = paired.difference
            writeLine(
                "\(contender.name.padded(to: width))\(signed(difference.mean).leftPadded(to: 8)) "
                    + "(\(signed(difference.lowest)) to \(signed(difference.highest))), p "
                    + (paired.probability < 0.001 ? "< 0.001" : fixed(paired.probability, 3))
            )
        }
    }

    /// The groups of the queries; of many, the ten worst.
    private func printGroups(width: Int) {
        let first = contenders[0]
        guard first.groups.count > 1 else { return }
        // With a cut-off at 1 whether the one right picture comes first is what one wants to know.
        let metric = cutoff == 1 ? first.metrics.count - 1 : 0
        let ordered = first.groups.indices.sorted {
            (first.groups[$0].means[metric], $0) < (first.groups[$1].means[metric], $1)
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
                fixed($0.groups[place].means[metric], 3).leftPadded(to: max(10, $0.name.count) + 2)
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
