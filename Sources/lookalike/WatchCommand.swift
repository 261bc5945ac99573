import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import SystemPackage

/// `lookalike watch`: keeps a library up to date with its folders.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Index what changes in the library's folders, as it changes.",
        discussion: """
            First all folders are walked as lookalike index does it; then a file that appears can be found within a \
            second or two, and one that goes is shown no more. Ends with Ctrl-C. The library is locked only while \
            something is written: other commands go on working, and what they add is watched as well.

              lookalike watch                    # the folders indexed before
              lookalike watch ~/Pictures --exclude 'raw/'

            lookalike serve --watch does the same beside the server.
            """
    )

    @Argument(help: "Folders to add to those indexed before.", completion: .directory)
    var folders: [String] = []

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var rules: RuleOptions
    @OptionGroup var watching: WatchOptions

    func run() throws {
        giveWay(by: watching.nice)
        let roots = try Indexer.resolve(folders.map { FilePath(argument: $0) })
        guard !roots.isEmpty || library.directory.exists else {
            throw LibraryError.notFound(path: library.directory.path.string)
        }
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .sharing)
        if !roots.isEmpty {
            let remembered = try library.catalog.indexedFolders()
            try library.withWriterLock {
                try library.catalog.remember(
                    roots.map { path in
                        let known = remembered.first { $0.path == path }
                        return IndexedFolder(path: path, rules: rules.rules(remembered: known?.rules))
                    }
                )
            }
        }
        let watch = try Watch(library: library, model: model, options: watching, decoding: decoding)
        let signals = InterruptSignals { watch.stop() }
        watch.run()
        if let code = signals.exitCode { throw ExitCode(code) }
    }
}

/// How folders are watched; shared by the commands that do.
struct WatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Minutes after which all folders are walked again, for what was not heard of.",
            valueName: "n"
        )
    )
    var rescanMinutes = 60.0

    @Option(help: ArgumentHelp("Give way to other programs, 0 to 19.", valueName: "n"))
    var nice: Int32 = 0

    func validate() throws {
        guard rescanMinutes > 0 else { throw ValidationError("--rescan-minutes must be more than 0.") }
        guard (0...19).contains(nice) else { throw ValidationError("--nice must be 0 to 19.") }
    }
}

/// Folders being watched, for the command and for the server.
final class Watch: @unchecked Sendable {
    private let watcher: CollectionWatcher
    private let cancellation = Cancellation()
    private let stopDecoding: @Sendable () -> Void

    init(
        library: Library,
        model: EmbeddingModel,
        options: WatchOptions,
        decoding: DecodingOptions
    ) throws {
        let jobs = pipelineCount(keepingBusy: ProcessInfo.processInfo.activeProcessorCount)
        let decoder = decoding.decoder(processCount: jobs)
        stopDecoding = { decoder.stop() }
        watcher = try CollectionWatcher(
            library: library,
            indexer: Indexer(
                library: library,
                embedder: ImageEmbedder(model: model),
                decoder: decoder,
                jobs: jobs
            ),
            rescanSeconds: 60 * options.rescanMinutes
        )
    }

    /// Watches until it is stopped; blocks. Only one thread may call this.
    func run() {
        watcher.run(cancellation: cancellation, report: Self.show)
    }

    /// Ends the watch at once, from any thread.
    func stop() {
        cancellation.cancel()
        stopDecoding()
    }

    private static func show(_ event: CollectionWatcher.Event) {
        switch event {
        case .caughtUp(let summary):
            show(summary)
            writeLine(
                "Watching; the library holds \(counted(summary.indexedImages, "picture")).",
                to: .standardError
            )
        case .updated(let summary):
            show(summary)
        case .waiting(let holder):
            writeLine("lookalike: waiting for \(holder), which writes to the library", to: .standardError)
        case .unwatchedFolders(let count):
            writeLine(
                "lookalike: the system does not listen to \(counted(count, "more folder")); "
                    + "they are walked every 30 s (raise fs.inotify.max_user_watches)",
                to: .standardError
            )
        case .failed(let reason):
            writeLine("lookalike: \(displayed(reason)); trying again in 10 s", to: .standardError)
        }
    }

    private static func show(_ summary: IndexingSummary) {
        for file in summary.refused where file.refusal.reason != "symbolic-link" {
            writeLine(
                "skipped \(displayed(String(decoding: file.path))): \(file.refusal.message)",
                to: .standardError
            )
        }
        let parts = [
            (summary.embedded, "embedded"), (summary.moved, "moved"), (summary.duplicates, "known already"),
            (summary.missing, "gone"),
        ]
        let told = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        if !told.isEmpty { writeLine(told.joined(separator: ", "), to: .standardError) }
    }
}
