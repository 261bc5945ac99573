import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import QueryPipeline
import SystemPackage

/// `lookalike check`: tells whether pictures are in the library already.
struct CheckCommand: ParsableCommand {
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

    @Argument(help: "The pictures' files.", completion: .file())
    var pictures: [String]

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print the answers as JSON.")
    var json = false

    func run() throws {
        let decoder = decoding.decoder(processCount: 1)
        decoder.startInBackground()
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .reading)
        let pipeline = SearchPipeline(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: decoder
        )
        let answers = try pictures.map { try answer($0, pipeline) }
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

    private func answer(_ picture: String, _ pipeline: SearchPipeline) throws -> Answer {
        do {
            let check = try pipeline.check(.file(FilePath(argument: picture)), for: .administrators)
            return Answer(file: picture, check: check)
        } catch QueryError.undecodable(let reason) {
            return Answer(file: picture, error: reason.message)
        }
    }

    private func print(_ answer: Answer) {
        let name = displayed(answer.file)
        if let error = answer.error {
            writeLine("lookalike: \(name): \(displayed(error))", to: .standardError)
        } else if let check = answer.check {
            let first = check.matches.first.map { "  \($0.imageID)  \(displayed($0.path))" } ?? ""
            writeLine("\(check.answer.rawValue)  \(name)\(first)")
        }
    }
}
