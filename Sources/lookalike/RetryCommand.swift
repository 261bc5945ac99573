import ArgumentParser
import Catalog
import Foundation
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import SystemPackage

/// `lookalike retry`: tries files again that were refused.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Try skipped files again, although they have not changed.",
        discussion: """
            A file that was skipped is not tried again until it changes. When the reason lay elsewhere, a limit or a \
            decoder that is there now, this tries it all the same.

              lookalike retry
              lookalike retry --reason too-slow --decoder-seconds 60
            """
    )

    @Option(
        help: ArgumentHelp("Only files skipped for this reason; may be given again.", valueName: "code")
    )
    var reason: [String] = []

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func run() throws {
        let refused = try Library.readCatalog(in: library.directory) { try $0.refusedFiles() }
        // What is no regular file is looked at in every run anyway.
        let files = refused.filter { file in
            (reason.isEmpty || reason.contains(file.refusal.reason))
                && !["symbolic-link", "folder-loop", "unreadable-folder"].contains(file.refusal.reason)
        }
        guard !files.isEmpty else {
            return writeLine("No such file was skipped; there is nothing to try again.")
        }
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .writing)
        let run = IndexingSession(
            library: library,
            embedder: ImageEmbedder(model: model),
            jobs: min(files.count, ProcessInfo.processInfo.activeProcessorCount),
            decoding: decoding,
            retriesRefused: true
        )
        let summary = try run.index(files.map { IndexedFolder(path: $0.path) }) { _ in }
        let report = IndexingReport(summary)
        if json { try writeJSON(report) } else { report.print() }
        if let code = run.exitCode { throw ExitCode(code) }
    }
}
