import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import QueryPipeline

/// `lookalike crops`: suggests parts of a picture that are worth a search of their own.
struct CropsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crops",
        abstract: "Suggest parts of a picture that are worth a search of their own.",
        discussion: """
              lookalike crops holiday.jpg
              lookalike crops --id 17            # of a picture in the library
              lookalike search holiday.jpg --crop "$(lookalike crops holiday.jpg --limit 1 | cut -d ' ' -f 1)"

            One line per part, the best first: the rectangle as search --crop takes it, and how much of the picture's \
            embedding comes from it, which is more than its size alone would give. A picture without such a part has no \
            line.
            """
    )

    @Argument(help: "The picture's file, or - to read it from standard input.", completion: .file())
    var picture: String?

    @Option(help: ArgumentHelp("A picture of the library, by its number.", valueName: "number"))
    var id: ImageID?

    @Option(help: ArgumentHelp("How many parts at most, 1 to 20.", valueName: "n"))
    var limit = 4

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print the parts as JSON.")
    var json = false

    func validate() throws {
        guard (picture == nil) != (id == nil) else {
            throw ValidationError("Name one picture: its file, or its number with --id.")
        }
        guard (1...20).contains(limit) else { throw ValidationError("--limit must be 1 to 20.") }
    }

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
        let query: ImageQuery
        if let id {
            query = .image(id)
        } else {
            query = try .named(picture ?? "-", upTo: decoder.limits.maximumByteCount)
        }
        let crops: [SuggestedCrop]
        do {
            crops = try pipeline.suggestedCrops(of: query, for: .administrators, count: limit)
        } catch QueryError.undecodable(let reason) {
            throw RefusedPicture(name: picture ?? "picture \(id ?? 0)", reason: reason)
        }
        if json { return try writeJSON(crops.map(Part.init)) }
        for crop in crops {
            writeLine("\(crop.region.cropText)  \(Int((crop.saliency * 100).rounded())) %")
        }
    }

    private struct Part: Encodable {
        let crop: String
        let region: PictureRegion
        let saliency: Float

        init(_ suggested: SuggestedCrop) {
            (crop, region, saliency) = (suggested.region.cropText, suggested.region, suggested.saliency)
        }
    }
}
