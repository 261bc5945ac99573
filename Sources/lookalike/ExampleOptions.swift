import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import QueryPipeline

/// Names what a query is made of, beside the pictures' files.
struct ExampleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A picture of the library, by its number; may be repeated.", valueName: "number")
    )
    var id: [Int64] = []

    @Option(
        help: ArgumentHelp("A picture that results should be unlike; may be repeated.", valueName: "file"),
        completion: .file()
    )
    var unlike: [String] = []

    @Option(help: ArgumentHelp("The same by number.", valueName: "number"))
    var unlikeID: [Int64] = []

    @Option(help: ArgumentHelp("How much each --unlike counts, above 0 to 1.", valueName: "weight"))
    var unlikeWeight: Float = 0.5

    @Option(
        help: ArgumentHelp(
            "The part of the picture that counts: left,top,width,height, in parts of its size (0.1,0.2,0.5,0.5) or, if one "
                + "is above 1, in pixels.",
            valueName: "rectangle"
        ),
        transform: { text in
            guard let crop = Crop(text) else {
                throw ValidationError("a crop is left,top,width,height inside the picture, not \(text)")
            }
            return crop
        }
    )
    var crop: Crop?

    @Option(
        help: ArgumentHelp(
            "A file with a vector to search by instead: a JSON list of numbers.",
            valueName: "file"
        ),
        completion: .file()
    )
    var vector: String?

    /// Whether there is something to find look-alikes of.
    var namesWanted: Bool { !id.isEmpty || vector != nil }

    func validate() throws {
        guard unlikeWeight > 0, unlikeWeight <= 1 else {
            throw ValidationError("--unlike-weight must be above 0, and 1 at most.")
        }
    }

    /// The examples that the options and the pictures name.
    ///
    /// - Parameters:
    ///   - pictures: The pictures that results should be like.
    ///   - unliked: Those of ``unlike``.
    func examples(pictures: [ImageQuery], unliked: [ImageQuery]) throws -> [QueryExample] {
        var wanted = pictures + id.map(ImageQuery.image)
        if let vector { wanted.append(.vector(try Self.vector(in: vector))) }
        guard crop == nil || wanted.count == 1 else {
            throw ValidationError("--crop is of one picture; give one.")
        }
        return wanted.map { QueryExample($0, crop: crop) }
            + (unliked + unlikeID.map(ImageQuery.image)).map {
                QueryExample($0, weight: -unlikeWeight)
            }
    }

    private static func vector(in file: String) throws -> [Float] {
        guard let json = try? Data(contentsOf: URL(filePath: file)),
            let vector = try? JSONDecoder().decode([Float].self, from: json)
        else { throw ValidationError("\(file) holds no JSON list of numbers.") }
        return vector
    }
}
