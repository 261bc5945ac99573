import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import QueryPipeline
import Reranking
import SystemPackage

/// `lookalike search`: finds the look-alikes of pictures.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the pictures that look like a picture, or like several.",
        discussion: """
              lookalike search holiday.jpg
              lookalike search holiday.jpg --crop 0.2,0.1,0.4,0.5     # a part of it
              lookalike search red.jpg round.jpg --unlike square.jpg  # several examples
              lookalike search holiday.jpg --folder ~/Pictures/2024 --tag family --limit 3 --json
              lookalike search https://example.org/a.png --allow-urls
              lookalike search --id 17           # the look-alikes of a picture in the library
              lookalike search --stored ~/Pictures/a.jpg              # the same by its file, which is not read
              lookalike search red.jpg round.jpg --weight 2:0.5 --crop 1:0,0,0.5,1

            One line per result, best first: rank, similarity (1 is the same picture), how likely a person would call it \
            similar, number, path. Copies of a picture are folded into the best of them. Timings go to \
            standard error. Control characters in names are escaped; in --json they are as they are.
            """
    )

    @Argument(
        help: "The pictures' files, - to read one from standard input, or with --allow-urls addresses.",
        completion: .file()
    )
    var pictures: [String] = []

    @OptionGroup var examples: ExampleOptions
    @OptionGroup var web: WebOptions

    @Option(help: ArgumentHelp("How many results, 1 to 1000.", valueName: "n"))
    var limit = 10

    @Option(
        help: ArgumentHelp(
            "Go on after the results of an earlier search; --json names it.",
            valueName: "cursor"
        )
    )
    var cursor: String?

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Ranking") var ranking: RankingOptions

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var logging: QueryLogOptions

    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        guard !pictures.isEmpty || examples.namesWanted else {
            throw ValidationError("Name a picture, or give --id, --stored or --vector.")
        }
        guard (1...SearchPipeline.maximumLimit).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(SearchPipeline.maximumLimit).")
        }
        if let cursor, SearchCursor(cursor) == nil {
            throw ValidationError(
                "\(cursor) is no cursor; take nextCursor from the JSON of an earlier search."
            )
        }
        if (pictures + examples.unlike).count(where: { $0 == "-" }) > 1 {
            throw ValidationError("Standard input is one picture.")
        }
        try web.check(pictures + examples.unlike)
    }

    func run() async throws {
        // Starting a worker and loading the model take about as long, and each one core; the digest of the weights fills
        // the gaps that the rest leaves on the other.
        let decoder = decoding.decoder(processCount: 1)
        if !pictures.isEmpty { decoder.startInBackground() }
        let (model, digest) = try model.open(for: library)
        let options = self.library
        let library = try Library(options, model: model, access: .reading)
        let queryLog = logging.open(for: library)
        let pipeline = SearchPipeline(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: decoder,
            ranking: try ranking.configuration(of: library),
            calibration: try self.model.calibration(for: options, in: library, model: model),
            queryLog: queryLog
        )
        var response: SearchResponse
        do {
            let start = ContinuousClock.now
            let request = try await request(decoder.limits)
            let time = ContinuousClock.now - start
            response = try pipeline.search(request)
            if (pictures + examples.unlike).contains(where: WebOptions.isAddress) {
                response.precede(with: "fetch", taking: time)
            }
        } catch QueryError.undecodable(let reason) {
            throw RefusedPicture(name: pictures.map(WebOptions.shown).joined(separator: ", "), reason: reason)
        }
        try digest.check()
        if json {
            try writeJSON(response)
        } else {
            print(response)
        }
        queryLog?.write()
    }

    private func request(_ limits: DecodingLimits) async throws -> SearchRequest {
        let wanted = try await web.queries(of: pictures, upTo: limits.maximumByteCount)
        let unliked = try await web.queries(of: examples.unlike, upTo: limits.maximumByteCount)
        var request = SearchRequest(
            try examples.examples(pictures: wanted, unliked: unliked),
            limit: limit
        )
        request.filter = try filters.filter()
        request.cursor = cursor.flatMap(SearchCursor.init)
        ranking.apply(to: &request)
        if filters.audience == .administrators { request.audience = .administrators }
        return request
    }

    private func print(_ response: SearchResponse) {
        for (rank, result) in response.results.enumerated() {
            let number = String(format: "%3d", rank + 1)
            let id = String(result.imageID).leftPadded(to: 7)
            let probability =
                result.probability.map { "\(Int(($0 * 100).rounded())) %".leftPadded(to: 5) } ?? ""
            let copies =
                result.duplicates.isEmpty ? "" : "  (+ \(counted(result.duplicates.count, "copy", "copies")))"
            let part = result.part.map { "  (in \($0.cropText))" } ?? ""
            writeLine(
                "\(number)  \(fixed(Double(result.similarity), 3))  \(probability)  \(id)  \(displayed(result.path))"
                    + part + copies
            )
            if let explanation = result.explanation { print(explanation) }
        }
        let stages = response.timings.map { "\($0.stage) \(fixed($0.milliseconds, 1))" }.joined(
            separator: ", "
        )
        let total = response.timings.reduce(0) { $0 + $1.milliseconds }
        writeLine(
            "\(counted(response.searchedImageCount, "picture")) searched in \(fixed(total, 1)) ms"
                + " (\(stages); \(response.method))",
            to: .standardError
        )
    }

    private func print(_ explanation: Explanation) {
        let stages = explanation.stages.map { "\($0.stage) \(fixed(Double($0.score), 3))" }
        writeLine("       \(stages.joined(separator: " → "))")
        for rule in explanation.rules { writeLine("       \(rule)") }
        guard let regions = explanation.regions else { return }
        let share = Int((regions.share * 100).rounded())
        let query = regions.query.map { " to \($0.cropText) of the query" } ?? ""
        writeLine("       \(share) % of it from \(regions.image.cropText)\(query)")
    }
}
