import ArgumentParser
import Catalog
import Foundation
import ImageEmbedding
import ImageLibrary
import QueryPipeline
import Reranking
import SystemPackage

/// Says how results are ordered and which are left out.
struct RankingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The least similarity of a result, -1 to 1.", valueName: "cosine"))
    var minSimilarity: Float?

    @Option(
        help: ArgumentHelp(
            "The least probability that a person would call it similar, 0 to 1.",
            valueName: "share"
        )
    )
    var minProbability: Float?

    @Flag(help: "Show copies of a picture as results of their own.")
    var allCopies = false

    @Option(
        help: ArgumentHelp("Spread the first results: 0 not at all, 1 as much as can be.", valueName: "share")
    )
    var diversity: Float = 0

    @Flag(help: "Compare whole pictures only, where the library also has regions of them.")
    var wholePictures = false

    @Flag(help: "Say for each result what its score is made of, and which parts of both pictures match.")
    var explain = false

    @Flag(help: "Show private pictures as well.")
    var includePrivate = false

    @OptionGroup var file: RankingFileOptions

    func validate() throws {
        if let minSimilarity, !(-1...1).contains(minSimilarity) {
            throw ValidationError("--min-similarity must be -1 to 1.")
        }
        if let minProbability, !(0...1).contains(minProbability) {
            throw ValidationError("--min-probability must be 0 to 1.")
        }
        guard (0...1).contains(diversity) else { throw ValidationError("--diversity must be 0 to 1.") }
    }

    /// Writes the options into a request.
    func apply(to request: inout SearchRequest) {
        request.leastSimilarity = minSimilarity
        request.leastProbability = minProbability
        request.foldsDuplicates = !allCopies
        request.diversity = diversity
        request.searchesRegions = !wholePictures
        request.explains = explain
        request.audience = includePrivate ? .administrators : .everyone
    }

    func configuration(of library: Library) throws -> RankingConfiguration {
        try file.configuration(of: library)
    }
}

/// Names the operator's wishes for the order of results.
struct RankingFileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A JSON file with boosts for folders, tags and new pictures; without it ranking.json in the library's "
                + "folder, if there is one.",
            valueName: "file"
        ),
        completion: .file()
    )
    var ranking: String?

    func configuration(of library: Library) throws -> RankingConfiguration {
        let standard = library.directory.path.appending("ranking.json").string
        let path = ranking ?? standard
        guard ranking != nil || FileManager.default.fileExists(atPath: standard) else {
            return RankingConfiguration()
        }
        guard let json = try? Data(contentsOf: URL(filePath: path)) else {
            throw UnusableRanking(path: path, reason: "it cannot be read")
        }
        do {
            return try RankingConfiguration(json: json)
        } catch {
            throw UnusableRanking(path: path, reason: String(describing: error))
        }
    }
}

/// The ranking configuration cannot be used.
private struct UnusableRanking: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path) is no ranking configuration: \(reason); docs/re-ranking.md shows one" }
}
