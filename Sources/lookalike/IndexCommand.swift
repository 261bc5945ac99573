import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import SystemPackage

/// `lookalike index`: brings folders into a library.
struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Bring folders of pictures into the library.",
        discussion: """
            Only what is new or has changed is read; run it again whenever you like. A file that cannot be \
            indexed is named with its reason and costs only itself. Ctrl-C stops at once and keeps what is done.

              lookalike index ~/Pictures
              lookalike index ~/Pictures --exclude 'raw/' --exclude '*.gif'
              lookalike index ~/Pictures --regions    # parts of pictures can be found as well
              lookalike index ~/Pictures --dry-run
              lookalike index                    # the folders indexed before, again, by their rules

            JPEG, PNG, WebP, GIF, TIFF, HEIF and AVIF are read. Passed over are what is hidden, the folders in \
            which systems keep thumbnails and waste, files not named like pictures, and what --exclude names. \
            Links are not followed. A file that is gone counts as missing and is kept: see lookalike prune.
            """
    )

    @Argument(
        help: "Folders, or single pictures. Without any: the folders indexed before.",
        completion: .directory
    )
    var folders: [String] = []

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Option(
        help: ArgumentHelp("Cores to keep busy; all of them unless told.", valueName: "n")
    )
    var jobs: Int?

    @Option(help: ArgumentHelp("Give way to other programs, 0 to 19.", valueName: "n"))
    var nice: Int32 = 0

    @OptionGroup var rules: RuleOptions

    @Flag(
        inversion: .prefixedNo,
        help:
            "Index nine regions of each picture as well, so that an object finds the scenes it is part of; remembered."
    )
    var regions: Bool?

    @Flag(help: "Only tell what would be done; nothing is read but names.")
    var dryRun = false

    @Flag(help: "Say of every file what became of it.")
    var files = false

    @Flag(help: "One line for each file as soon as it is settled, for programs; see the manual.")
    var porcelain = false

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256.") }
        guard (0...19).contains(nice) else { throw ValidationError("--nice must be 0 to 19.") }
        guard [dryRun, files, porcelain, json].count(where: { $0 }) <= 1 else {
            throw ValidationError("Give one of --dry-run, --files, --porcelain and --json.")
        }
    }

    func run() throws {
        giveWay(by: nice)
        // Before anything is made: a mistyped folder must not leave an empty library behind.
        let folders = try chosenFolders()
        if dryRun { return try preview(folders) }
        let model = try model.load(for: library)
        let embedder = ImageEmbedder(model: model)
        let library = try Library(
            library,
            model: model,
            access: .writing,
            regionKeeping: regions.map { $0 ? .on(count: embedder.regionCount) : .off } ?? .asBefore
        )
        let run = IndexingSession(
            library: library,
            embedder: embedder,
            jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount,
            decoding: decoding
        )
        let summary = try run.index(folders) { event in
            if porcelain { Porcelain.print(event) }
            if files { print(event) }
        }
        if let chosen = self.model.model {
            try library.catalog.set(.modelFolder, to: FilePath(chosen).madeAbsolute.string)
        }
        let report = IndexingReport(summary)
        if json {
            try writeJSON(report)
        } else if !porcelain {
            report.print(namingSkipped: !files)
        }
        if let code = run.exitCode { throw ExitCode(code) }
    }

    /// What was named, or else the folders indexed before, with the rules that hold for each.
    private func chosenFolders() throws -> [IndexedFolder] {
        let remembered =
            library.directory.exists
            ? try Library.readCatalog(in: library.directory) { try $0.indexedFolders() } : []
        let chosen =
            try folders.isEmpty
            ? present(remembered) : Indexer.resolve(folders.map { FilePath(argument: $0) })
        return chosen.map { path in
            IndexedFolder(
                path: path,
                rules: rules.rules(remembered: remembered.first { $0.path == path }?.rules)
            )
        }
    }

    /// Those of the folders indexed before that are there. One that is not, on a drive that is not plugged in perhaps, is
    /// named and left as it is: nothing below it is marked as missing.
    private func present(_ remembered: [IndexedFolder]) throws -> [FilePath] {
        if !library.directory.exists { throw LibraryError.notFound(path: library.directory.path.string) }
        let paths = remembered.map(\.path)
        let present = paths.filter { FileManager.default.fileExists(atPath: $0.string) }
        for path in paths where !present.contains(path) {
            writeLine("lookalike: \(displayed(path.string)) is not there; left as it is", to: .standardError)
        }
        guard !present.isEmpty else { throw NothingToIndex() }
        return present
    }

    private func preview(_ folders: [IndexedFolder]) throws {
        var counts: [String: Int] = [:]
        func show(_ path: FilePath, _ preview: FilePreview) {
            counts[preview.word, default: 0] += 1
            writeLine(
                "\(preview.word.padding(toLength: 14, withPad: " ", startingAt: 0)) \(displayed(String(decoding: path)))"
            )
        }
        if library.directory.exists {
            let identity = try model.identity(for: library)
            try Library.readCatalog(in: library.directory) { catalog in
                let model = try catalog.modelID(identity: identity)
                try Indexer.preview(folders: folders, catalog: catalog, model: model, show)
            }
        } else {
            try Indexer.preview(folders: folders, catalog: nil, model: nil, show)
        }
        let parts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        writeLine(
            parts.isEmpty ? "There is nothing." : parts.joined(separator: ", ") + ". Nothing was changed."
        )
    }

    private func print(_ event: IndexingEvent) {
        switch event {
        case .settled(let path, let fate):
            let word =
                switch fate {
                case .indexed: "indexed"
                case .unchanged: "unchanged"
                case .moved: "moved"
                case .duplicate: "duplicate"
                case .refused(let refusal): refusal.reason
                }
            writeLine(
                "\(word.padding(toLength: 18, withPad: " ", startingAt: 0)) \(displayed(String(decoding: path)))"
            )
        case .excluded(let path, let exclusion):
            let word = exclusion.rawValue.padding(toLength: 18, withPad: " ", startingAt: 0)
            writeLine("\(word) \(displayed(String(decoding: path)))")
        case .progress: break
        }
    }
}

extension FilePreview {
    fileprivate var word: String {
        switch self {
        case .read: "to read"
        case .unchanged: "unchanged"
        case .moved: "moved"
        case .refused(let refusal): refusal.reason
        case .excluded(let exclusion): exclusion.rawValue
        }
    }
}

/// Thrown when no folder is named and none that was indexed before is there.
private struct NothingToIndex: Error, CustomStringConvertible {
    let description = "there is no folder to index again; name one: lookalike index FOLDER"
}
