import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import PictureFetching
import QueryPipeline
import SystemPackage

/// `lookalike check`: tells whether pictures are in the library already.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Tell whether pictures, or copies of them, are in the library already.",
        discussion: """
              lookalike check new/*.jpg
              lookalike check upload.jpg && echo "we have that"

            One line per file: same (equal content), near-duplicate or new, and the picture it is a copy of. Exit code 0 \
            when all are there, 4 when at least one is new, 2 when at least one cannot be read.
            """
    )

    @Argument(help: "The pictures' files, or with --allow-urls addresses.", completion: .file())
    var pictures: [String]

    @OptionGroup var web: WebOptions
    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print the answers as JSON.")
    var json = false

    func validate() throws {
        try web.check(pictures)
    }

    func run() async throws {
        let decoder = decoding.decoder(processCount: 1)
        decoder.startInBackground()
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .reading)
        let pipeline = SearchPipeline(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: decoder
        )
        var answers: [Answer] = []
        for picture in pictures { answers.append(try await answer(picture, pipeline)) }
        if json {
            try writeJSON(answers)
        } else {
            for answer in answers { print(answer) }
        }
        if answers.contains(where: { $0.error != nil }) { throw ExitCode(2) }
        if answers.contains(where: { $0.check?.answer == .new }) { throw ExitCode(4) }
    }

    private struct Answer: Encodable {
        let file: String
        var check: PictureCheck?
        var error: String?
    }

    private func answer(_ picture: String, _ pipeline: SearchPipeline) async throws -> Answer {
        do {
            let limit = pipeline.decoder.limits.maximumByteCount
            let query = try await web.queries(of: [picture], upTo: limit)[0]
            let check = try pipeline.check(query, for: .administrators)
            return Answer(file: picture, check: check)
        } catch QueryError.undecodable(let reason) {
            return Answer(file: picture, error: reason.message)
        } catch let failure as FetchFailure {
            return Answer(file: picture, error: failure.reason.description)
        }
    }

    private func print(_ answer: Answer) {
        let name = displayed(WebOptions.shown(answer.file))
        if let error = answer.error {
            writeLine("lookalike: \(name): \(displayed(error))", to: .standardError)
        } else if let check = answer.check {
            let first = check.matches.first.map { "  \($0.imageID)  \(displayed($0.path))" } ?? ""
            writeLine("\(check.answer.rawValue)  \(name)\(first)")
        }
    }
}
