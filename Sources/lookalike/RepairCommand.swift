import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import SystemPackage

/// `lookalike repair`: mends a damaged library.
struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Mend a damaged library, and say what was done.",
        discussion: """
              lookalike repair
              lookalike repair --json

            A single flipped bit in a page is set right. Of a catalog with worse damage everything that can be read is \
            copied into a new one; the damaged one is kept beside it. Damaged embeddings are made again from their \
            pictures, index files from the catalog. A sound library stays as it is. Stop lookalike serve first.

            Exit code 1 when something is still damaged.
            """
    )

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let repair = try LibraryRepair(of: library.directory)
        var findings = repair.findings
        if !repair.files.isEmpty || repair.needsIndex { findings += try rebuild(repair) }
        let after = try LibraryVerification(of: library.directory)
        try show(findings + after.findings, asJSON: json)
        if !after.isSound { throw ExitCode.failure }
    }

    /// Embeds pictures again, and writes the index anew.
    private func rebuild(_ repair: LibraryRepair) throws -> [LibraryFinding] {
        let used = try Library.readCatalog(in: library.directory) { try $0.identitiesOfUsedModels() }
        let model: EmbeddingModel
        do {
            model = try self.model.load(for: library)
            guard used.isEmpty || used.contains(model.identity) else {
                throw LibraryError.otherModel(wanted: model.identity, known: used)
            }
        } catch {
            let rest = "the rest is left to lookalike index: \(error)"
            return [LibraryFinding("index", .note, rest)]
        }
        let opened = try Library(
            directory: library.directory,
            model: (identity: model.identity, dimension: model.dimension),
            access: .writing
        )
        var findings: [LibraryFinding] = []
        let gone = repair.files.filter { !FileManager.default.fileExists(atPath: $0.string) }
        findings += gone.map {
            LibraryFinding(
                String(decoding: $0),
                .gone,
                "it is not there, so nothing was read from it; lookalike index does when it is back"
            )
        }
        let present = repair.files.filter { !gone.contains($0) }
        if !present.isEmpty {
            let rules = try Dictionary(
                uniqueKeysWithValues: opened.catalog.indexedFolders().map { ($0.path, $0.rules) }
            )
            let run = IndexingSession(
                library: opened,
                embedder: ImageEmbedder(model: model),
                jobs: ProcessInfo.processInfo.activeProcessorCount,
                decoding: decoding
            )
            let summary = try run.index(
                Indexer.resolve(present).map { IndexedFolder(path: $0, rules: rules[$0] ?? FileRules()) }
            ) { _ in }
            findings.append(
                LibraryFinding("pictures", .mended, "\(counted(summary.embedded, "picture")) embedded again")
            )
            findings += summary.refused.map {
                LibraryFinding(
                    String(decoding: $0.path),
                    .note,
                    "\($0.refusal.reason): \($0.refusal.message)"
                )
            }
        }
        try opened.saveIndexes()
        findings.append(
            LibraryFinding(
                "index",
                .mended,
                "written from the catalog: \(counted(opened.index.count, "vector"))"
            )
        )
        return findings
    }
}
