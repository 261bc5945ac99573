import ArgumentParser
import Catalog
import ImageLibrary
import SystemPackage

/// `lookalike status`: tells what a library holds.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell what the library holds.",
        discussion: """
              lookalike status
              lookalike status --skipped         # every file that is not indexed, and why
              lookalike status --json
            """
    )

    @OptionGroup var library: LibraryOptions

    @Flag(help: "List the files that were skipped, with their reasons.")
    var skipped = false

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let status = try Library.readCatalog(in: library.directory) { catalog in
            try LibraryStatus(catalog, path: library.directory.path.string, listsSkipped: skipped)
        }
        if json {
            try writeJSON(status)
        } else {
            status.print()
        }
    }
}

private struct LibraryStatus: Encodable {
    struct Rules: Encodable {
        let path: String
        let exclude: [String]
        let include: [String]
    }

    struct Model: Encodable {
        let identity: String
        let dimension: Int
        let embeddings: Int
        let embeddingsByPrecision: [String: Int]
    }

    struct Regions: Encodable {
        let identity: String
        let dimension: Int
        let images: Int
    }

    let library: String
    let folders: [String]
    /// Folders of which patterns say what is indexed.
    let rules: [Rules]
    let images: Int
    let files: Int
    let missingFiles: Int
    /// Images that no present file holds.
    let fileless: Int
    let skippedFiles: Int
    let skippedByReason: [String: Int]
    let models: [Model]
    /// Vectors of regions: all of an image in one, so many values long.
    let regions: [Regions]
    let beamWidth: BeamWidthChoice?
    let skipped: [SkippedFile]?

    init(_ catalog: Catalog, path: String, listsSkipped: Bool) throws {
        let counts = try catalog.counts()
        let refused = try catalog.refusedFiles()
        library = path
        let indexed = try catalog.indexedFolders()
        folders = indexed.map { String(decoding: $0.path) }
        rules = indexed.filter { $0.rules != FileRules() }.map {
            Rules(path: String(decoding: $0.path), exclude: $0.rules.excludes, include: $0.rules.includes)
        }
        images = counts.presentImages
        files = counts.files
        missingFiles = counts.missingFiles
        fileless = counts.images - counts.presentImages
        skippedFiles = counts.refusedFiles
        skippedByReason = Dictionary(grouping: refused, by: \.refusal.reason).mapValues(\.count)
        let models = try catalog.models()
        regions = models.filter(\.isOfRegions).map {
            Regions(identity: $0.identity, dimension: $0.dimension, images: $0.embeddingCount)
        }
        self.models = models.filter { !$0.isOfRegions }.map {
            Model(
                identity: $0.identity,
                dimension: $0.dimension,
                embeddings: $0.embeddingCount,
                embeddingsByPrecision: $0.embeddingCounts
            )
        }
        beamWidth = try catalog.beamWidthChoice()
        skipped = listsSkipped ? refused.map(SkippedFile.init) : nil
    }

    func print() {
        writeLine("library   \(displayed(library))")
        for folder in folders { writeLine("folder    \(displayed(folder))") }
        for rule in rules {
            let patterns = rule.exclude.map { "--exclude \($0)" } + rule.include.map { "--include \($0)" }
            writeLine("rules     \(displayed(rule.path)): \(displayed(patterns.joined(separator: " ")))")
        }
        writeLine("pictures  \(images) in \(counted(files, "file"))")
        if missingFiles > 0 {
            writeLine("missing   \(counted(missingFiles, "file")), kept; see lookalike prune")
        }
        if fileless > 0 { writeLine("kept      \(counted(fileless, "picture")) that no present file holds") }
        for (reason, count) in skippedByReason.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            writeLine("skipped   \(count) \(reason)")
        }
        for model in models {
            let counts = model.embeddingsByPrecision.sorted { $0.key < $1.key }
            let precisions = counts.map { counts.count == 1 ? $0.key : "\($0.value) in \($0.key)" }
            writeLine(
                "model     \(model.identity), \(model.dimension) dimensions, \(counted(model.embeddings, "embedding"))"
                    + (counts.isEmpty ? "" : ", \(precisions.joined(separator: ", "))")
            )
        }
        for region in regions {
            writeLine("regions   \(region.identity), of \(counted(region.images, "picture"))")
        }
        if let beamWidth {
            writeLine(
                "search    beam width \(beamWidth.beamWidth), chosen for recall \(fixed(beamWidth.target, 3)) "
                    + "when there were \(counted(beamWidth.pictureCount, "picture"))"
            )
        }
        for file in skipped ?? [] {
            writeLine("\(displayed(file.path))\n    \(file.reason): \(file.message)")
        }
    }
}
