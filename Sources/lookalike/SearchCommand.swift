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

            One line per result, best first: rank, similarity (1 is the same picture), path. Timings go to \
            standard error. Control characters in names are escaped; --json has every name as it is.
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

    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        guard (picture == nil) != (id == nil) else { throw ValidationError("Name a picture, or give --id.") }
        guard (1...SearchPipeline.maximumLimit).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(SearchPipeline.maximumLimit).")
        }
    }

    func run() throws {
        let model = try model.load(for: library)
        let pipeline = SearchPipeline(
            library: try Library(library, model: model, access: .reading),
            embedder: ImageEmbedder(model: model),
            decoder: ImageDecoder()
        )
        let response = try pipeline.search(try query(), limit: limit)
        if json {
            try writeJSON(response)
        } else {
            print(response)
        }
    }

    private func query() throws -> ImageQuery {
        if let id { return .image(id) }
        guard let picture, picture != "-" else {
            let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
            return .bytes([UInt8](bytes))
        }
        return .file(FilePath(picture))
    }

    private func print(_ response: SearchResponse) {
        for (rank, result) in response.results.enumerated() {
            let number = String(format: "%3d", rank + 1)
            writeLine("\(number)  \(fixed(Double(result.similarity), 3))  \(displayed(result.path))")
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
