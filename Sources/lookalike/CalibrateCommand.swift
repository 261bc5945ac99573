import ArgumentParser
import Evaluation
import Foundation
import ImageEmbedding
import ImageLibrary
import QueryPipeline
import Reranking
import SystemPackage

/// `lookalike calibrate`: fits probabilities to what people have said.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Fit the probabilities in results to your own judgements.",
        discussion: """
              lookalike calibrate                    # from the judgements of lookalike judge, grade 3 or more is similar
              lookalike calibrate --by-folder        # pictures in one folder are similar
              lookalike calibrate --by-folder --check
              lookalike calibrate --forget           # back to what came with the model

            Says how well the probabilities hold on queries that they were not fitted to.
            """
    )

    @Flag(help: "Take pictures in one folder for similar, instead of judgements.")
    var byFolder = false

    @Option(help: ArgumentHelp("Pictures that are asked about with --by-folder.", valueName: "n"))
    var queries = 2000

    @Option(help: ArgumentHelp("Neighbours of each that are looked at.", valueName: "n"))
    var neighbors = 50

    @Flag(help: "Measure the probabilities there are now, and change nothing.")
    var check = false

    @Flag(help: "Forget what was fitted; what came with the model counts again.")
    var forget = false

    @Option(
        help: ArgumentHelp(
            "Write what is fitted to this file, for a model's folder, instead of the library.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json"])
    )
    var output: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard queries >= 1, (1...500).contains(neighbors) else {
            throw ValidationError("--queries must be 1 or more, --neighbors 1 to 500.")
        }
        guard !(forget && (check || output != nil)) else { throw ValidationError("--forget goes alone.") }
    }

    func run() throws {
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .reading)
        let store = CalibrationStore(library: library, model: model.identity)
        if forget { return try library.withWriterLock { try store.keep(nil) } }
        let pairs =
            byFolder
            ? try CalibrationPairs(foldersOf: library, queryCount: queries, neighborCount: neighbors)
            : try CalibrationPairs(judgementsIn: library)
        let reliability: Reliability?
        if check {
            guard let calibration = try self.model.calibration(for: self.library, in: library, model: model)
            else {
                throw NothingToCalibrate(description: "neither the library nor the model has a calibration")
            }
            reliability = pairs.reliability(of: calibration)
        } else {
            guard let calibration = pairs.calibration else {
                throw NothingToCalibrate(
                    description:
                        "\(pairs.source): there must be similar and dissimilar pairs; judge some more"
                )
            }
            reliability = pairs.crossValidation
            if let output {
                let encoded = try CalibrationStore.encoded(calibration, model: model.identity)
                try encoded.write(to: URL(filePath: FilePath(output).madeAbsolute.string), options: .atomic)
            } else {
                try library.withWriterLock { try store.keep(calibration) }
            }
        }
        try show(reliability, pairs)
    }

    private struct Report: Encodable {
        let source: String
        let pairCount: Int
        let reliability: Reliability?
    }

    private func show(_ reliability: Reliability?, _ pairs: CalibrationPairs) throws {
        if json {
            return try writeJSON(
                Report(source: pairs.source, pairCount: pairs.pairs.count, reliability: reliability)
            )
        }
        writeLine(pairs.source)
        guard let reliability else { return writeLine("Too few to say how well the probabilities hold.") }
        writeLine("predicted  observed    pairs")
        for bin in reliability.bins {
            let count = String(bin.count).leftPadded(to: 7)
            writeLine("    \(fixed(bin.predicted, 3))     \(fixed(bin.observed, 3))  \(count)")
        }
        let error = fixed(reliability.expectedCalibrationError, 4)
        writeLine("expected calibration error \(error), Brier score \(fixed(reliability.brierScore, 4))")
    }
}

/// There is nothing to fit a calibration to.
private struct NothingToCalibrate: Error, CustomStringConvertible {
    let description: String
}
