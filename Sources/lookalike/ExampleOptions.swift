import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import QueryPipeline
import SystemPackage

/// Names what a query is made of, beside the pictures' files.
struct ExampleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A picture of the library, by its number; may be repeated.", valueName: "number")
    )
    var id: [Int64] = []

    @Option(
        help: ArgumentHelp(
            "A picture of the library, by the path of its file, which is not read again; may be repeated.",
            valueName: "file"
        ),
        completion: .file()
    )
    var stored: [String] = []

    @Option(
        help: ArgumentHelp("A picture that results should be unlike; may be repeated.", valueName: "file"),
        completion: .file()
    )
    var unlike: [String] = []

    @Option(help: ArgumentHelp("The same by number.", valueName: "number"))
    var unlikeID: [Int64] = []

    @Option(
        help: ArgumentHelp("The same by the path of a picture of the library.", valueName: "file"),
        completion: .file()
    )
    var unlikeStored: [String] = []

    @Option(help: ArgumentHelp("How much each --unlike counts, above 0 to 1.", valueName: "weight"))
    var unlikeWeight: Float = 0.5

    @Option(
        help: ArgumentHelp(
            "How much a picture counts, above 0 to 1, instead of 1: 2:0.5 is the second picture; may be repeated.",
            valueName: "place:weight"
        ),
        transform: { text in
            let part = try OfExample(text)
            guard let weight = Float(part.text), weight > 0, weight <= 1 else {
                throw ValidationError("a weight is above 0, and 1 at most, as in 2:0.5; not \(text)")
            }
            return (part.place, weight)
        }
    )
    var weight: [(place: Int?, weight: Float)] = []

    @Option(
        help: ArgumentHelp(
            "The part of the picture that counts: left,top,width,height, in parts of its size (0.1,0.2,0.5,0.5) or, if one "
                + "is above 1, in pixels. Of several pictures 2:0.1,0.2,0.5,0.5 is a part of the second; may be repeated.",
            valueName: "rectangle"
        ),
        transform: { text in
            let part = try OfExample(text)
            guard let crop = Crop(part.text) else {
                throw ValidationError("a crop is left,top,width,height inside the picture, not \(text)")
            }
            return (part.place, crop)
        }
    )
    var crop: [(place: Int?, crop: Crop)] = []

    @Option(
        help: ArgumentHelp(
            "A file with a vector to search by instead: a JSON list of numbers.",
            valueName: "file"
        ),
        completion: .file()
    )
    var vector: String?

    /// Whether there is something to find look-alikes of.
    var namesWanted: Bool { !id.isEmpty || !stored.isEmpty || vector != nil }

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
        var wanted = pictures + id.map(ImageQuery.image) + stored.map(Self.stored)
        if let vector { wanted.append(.vector(try Self.vector(in: vector))) }
        let weights = try Self.byPlace(weight.map { ($0.place, $0.weight) }, "--weight", count: wanted.count)
        let crops = try Self.byPlace(crop.map { ($0.place, $0.crop) }, "--crop", count: wanted.count)
        let unwanted = unliked + unlikeID.map(ImageQuery.image) + unlikeStored.map(Self.stored)
        return wanted.enumerated().map { index, picture in
            QueryExample(picture, crop: crops[index + 1], weight: weights[index + 1] ?? 1)
        } + unwanted.map { QueryExample($0, weight: -unlikeWeight) }
    }

    /// What was said of each picture, by its place from 1.
    private static func byPlace<Value>(
        _ parts: [(place: Int?, value: Value)],
        _ option: String,
        count: Int
    ) throws -> [Int: Value] {
        var values: [Int: Value] = [:]
        for (place, value) in parts {
            guard place != nil || count == 1 else {
                throw ValidationError("\(option) is of one picture; of several, put its place before it: 2:…")
            }
            let place = place ?? 1
            guard (1...max(1, count)).contains(place) else {
                throw ValidationError("\(option) is of picture \(place); there are \(count).")
            }
            guard values.updateValue(value, forKey: place) == nil else {
                throw ValidationError("\(option) is given twice for picture \(place).")
            }
        }
        return values
    }

    private static func stored(_ path: String) -> ImageQuery {
        .storedFile(FilePath(argument: path).canonical)
    }

    private static func vector(in file: String) throws -> [Float] {
        guard let json = try? Data(contentsOf: URL(filePath: file)),
            let vector = try? JSONDecoder().decode([Float].self, from: json)
        else { throw ValidationError("\(file) holds no JSON list of numbers.") }
        return vector
    }
}

/// A value of an option with the place of the example that it is for: `2:0.5`.
private struct OfExample {
    let place: Int?
    let text: String

    /// - Throws: `ValidationError` when what stands before a colon is no place.
    init(_ argument: String) throws {
        guard let colon = argument.firstIndex(of: ":") else {
            (place, text) = (nil, argument)
            return
        }
        guard let number = Int(argument[..<colon]), number >= 1 else {
            throw ValidationError(
                "before the colon stands a picture's place, 1 for the first; not \(argument)"
            )
        }
        (place, text) = (number, String(argument[argument.index(after: colon)...]))
    }
}
