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
            indexed is named with its reason and costs only itself. Ctrl-C stops at the next picture and keeps \
            what is done.

              lookalike index ~/Pictures
              lookalike index ~/Pictures /mnt/scans --jobs 1
              lookalike index                    # the folders indexed before, again

            JPEG, PNG, WebP, GIF, TIFF, HEIF and AVIF are read. Hidden files are passed over, links are not followed.
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
        help: ArgumentHelp("Pictures worked on at once; the number of cores unless told.", valueName: "n")
    )
    var jobs: Int?

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256.") }
    }

    func run() throws {
        // Before anything is made: a mistyped folder must not leave an empty library behind.
        let roots = try folders.isEmpty ? rememberedRoots() : Indexer.resolve(folders.map { FilePath($0) })
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .writing)
        let jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        let decoder = decoding.decoder(processCount: jobs)
        let indexer = Indexer(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: decoder,
            jobs: jobs
        )
        let cancellation = Cancellation()
        let signals = InterruptSignals {
            cancellation.cancel()
            decoder.stop()
        }
        defer { signals.stop() }
        var display = ProgressDisplay(isTerminal: standardErrorIsTerminal)
        defer { display.finish() }
        let summary = try indexer.run(roots: roots, cancellation: cancellation) { display.show($0) }
        display.finish()
        if let chosen = self.model.model {
            try library.catalog.set(.modelFolder, to: FilePath(chosen).madeAbsolute.string)
        }
        if json {
            try writeJSON(IndexingReport(summary))
        } else {
            IndexingReport(summary).print()
        }
        if summary.wasCancelled { throw ExitCode.interrupted }
    }

    /// The folders indexed before. One that is not there, on a drive that is not plugged in perhaps, is named
    /// and left as it is: nothing below it is marked as missing.
    private func rememberedRoots() throws -> [FilePath] {
        let remembered = try Library.readCatalog(in: library.directory) { try $0.roots() }
        let present = remembered.filter { FileManager.default.fileExists(atPath: $0.string) }
        for root in remembered where !present.contains(root) {
            writeLine("lookalike: \(displayed(root.string)) is not there; left as it is", to: .standardError)
        }
        guard !present.isEmpty else { throw NothingToIndex() }
        return present
    }
}

/// Thrown when no folder is named and none that was indexed before is there.
private struct NothingToIndex: Error, CustomStringConvertible {
    let description = "there is no folder to index again; name one: lookalike index FOLDER"
}

/// The summary of a run, as JSON and as text.
private struct IndexingReport: Encodable {
    let found: Int
    let embedded: Int
    let duplicates: Int
    let unchanged: Int
    let missing: Int
    let ignored: Int
    let skipped: [SkippedFile]
    let indexedImages: Int
    let cancelled: Bool
    let seconds: Double
    let stageSeconds: [String: Double]

    init(_ summary: IndexingSummary) {
        found = summary.found
        embedded = summary.embedded
        duplicates = summary.duplicates
        unchanged = summary.unchanged
        missing = summary.missing
        ignored = summary.ignored
        skipped = summary.refused.map(SkippedFile.init)
        indexedImages = summary.indexedImages
        cancelled = summary.wasCancelled
        seconds = summary.seconds
        stageSeconds = summary.stageSeconds
    }

    func print() {
        for file in skipped {
            writeLine("skipped  \(displayed(file.path))")
            writeLine("         \(file.reason): \(file.message)")
        }
        var parts = ["\(counted(embedded, "picture")) embedded"]
        if duplicates > 0 { parts.append(counted(duplicates, "duplicate")) }
        if unchanged > 0 { parts.append("\(unchanged) unchanged") }
        if !skipped.isEmpty { parts.append("\(skipped.count) skipped") }
        if missing > 0 { parts.append("\(missing) gone missing") }
        if ignored > 0 { parts.append("\(counted(ignored, "other file")) passed over") }
        let rate = seconds > 0 ? " (\(fixed(Double(found) / seconds, 1)) files/s)" : ""
        writeLine((cancelled ? "Stopped: " : "") + parts.joined(separator: ", ") + ".")
        writeLine(
            "The library holds \(counted(indexedImages, "picture")). This took \(fixed(seconds, 1)) s\(rate)."
        )
    }
}
