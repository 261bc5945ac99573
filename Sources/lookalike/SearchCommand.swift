import ArgumentParser
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import QueryPipeline
import SystemPackage

/// `lookalike search`: finds the look-alikes of a picture.
struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the pictures that look like a picture.",
        discussion: """
              lookalike search holiday.jpg
              lookalike search holiday.jpg --limit 3 --json
              curl -s https://example.org/a.png | lookalike search -
              lookalike search --id 17           # the look-alikes of a picture in the library

            One line per result, best first: rank, similarity (1 is the same picture), number, path. Timings go to \
            standard error. Control characters in names are escaped; in --json they are as they are.
            """
    )

    @Argument(help: "The picture's file, or - to read it from standard input.", completion: .file())
    var picture: String?

    @Option(help: ArgumentHelp("A picture of the library instead of a file.", valueName: "number"))
    var id: Int64?

    @Option(help: ArgumentHelp("How many results, 1 to 1000.", valueName: "n"))
    var limit = 10

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var logging: QueryLogOptions

    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        guard (picture == nil) != (id == nil) else { throw ValidationError("Name a picture, or give --id.") }
        guard (1...SearchPipeline.maximumLimit).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(SearchPipeline.maximumLimit).")
        }
    }

    func run() throws {
        // Starting a worker and loading the model take about as long, and each one core; the digest of the weights fills
        // the gaps that the rest leaves on the other.
        let decoder = decoding.decoder(processCount: 1)
        if id == nil { decoder.startInBackground() }
        let (model, digest) = try model.open(for: library)
        let library = try Library(library, model: model, access: .reading)
        let queryLog = logging.open(for: library)
        let pipeline = SearchPipeline(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: decoder,
            queryLog: queryLog
        )
        let response: SearchResponse
        do {
            response = try pipeline.search(try query(decoder.limits), limit: limit)
        } catch QueryError.undecodable(let reason) {
            throw RefusedPicture(name: picture ?? "-", reason: reason)
        }
        try digest.check()
        if json {
            try writeJSON(response)
        } else {
            print(response)
        }
        queryLog?.write()
    }

    private func query(_ limits: DecodingLimits) throws -> ImageQuery {
        if let id { return .image(id) }
        guard let picture, picture != "-" else {
            // One byte more than allowed is enough to refuse it.
            let bytes = try FileHandle.standardInput.read(upToCount: limits.maximumByteCount + 1) ?? Data()
            return .bytes([UInt8](bytes))
        }
        return .file(FilePath(argument: picture))
    }

    private func print(_ response: SearchResponse) {
        for (rank, result) in response.results.enumerated() {
            let number = String(format: "%3d", rank + 1)
            let id = String(result.imageID).leftPadded(to: 7)
            writeLine("\(number)  \(fixed(Double(result.similarity), 3))  \(id)  \(displayed(result.path))")
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
}

/// The query picture cannot be read.
struct RefusedPicture: Error, CustomStringConvertible {
    let name: String
    let reason: ImageDecodingError

    var description: String { "\(name): \(reason.message)" }
}
