import ArgumentParser
import Catalog
import Foundation
import ImageEmbedding
import ImageLibrary
import NeuralNetwork
import SystemPackage

/// `lookalike-bench fill`: a library of any size without as many pictures.
struct FillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract:
            "Make a library of the vectors in a file, as if each were a picture's; the pictures exist nowhere."
    )

    @Option(help: "Folder of the library to make.", completion: .directory)
    var library: String

    @Option(help: "Folder of the model that the vectors are taken to be of.", completion: .directory)
    var model: String

    @Option(help: "The vectors: float32 without header, as `vectors` writes them.", completion: .file())
    var vectors: String

    @Option(help: "How many of them; all unless told.")
    var count: Int?

    /// Pictures that are recorded in one transaction.
    private static let batchSize = 10_000

    func run() throws {
        let model = try EmbeddingModel(folder: FilePath(self.model))
        let vectors = try readVectors(vectors, dimension: model.dimension).prefix(count ?? .max)
        let library = try Library(
            directory: LibraryDirectory(path: FilePath(library)),
            model: (identity: model.identity, dimension: model.dimension),
            access: .writing
        )
        let record = try measure {
            for start in stride(from: 0, to: vectors.count, by: Self.batchSize) {
                let outcomes = (start..<min(vectors.count, start + Self.batchSize)).map { number in
                    Self.outcome(number, vectors[number], precision: model.precision.rawValue)
                }
                try library.catalog.record(outcomes, model: library.index.catalogModel)
            }
        }
        let index = try measure {
            try library.catchUp()
            try library.saveIndexes()
        }
        try writeJSON(Report(count: vectors.count, record: record.cost, index: index.cost))
    }

    private struct Report: Encodable {
        let count: Int
        let record: Cost
        let index: Cost
    }

    private static func outcome(_ number: Int, _ vector: [Float], precision: String) -> FileOutcome {
        // Multiplied by an odd number, all numbers stay different; as hashes they look like any other.
        let bits = UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15
        let hash = (0..<32).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0 % 8))) }
        return .embedded(
            path: FilePath("/made/\(number / 1000)/\(number).jpg"),
            stamp: FileStamp(
                byteCount: 100_000,
                modifiedAtNanoseconds: Int64(number) * 1_000_001,
                inode: UInt64(number)
            ),
            image: ImageDescription(
                contentHash: hash,
                format: "jpeg",
                width: 1152,
                height: 864,
                byteCount: 100_000,
                perceptualHash: bits
            ),
            embedding: NewEmbedding(vector: vector, precision: precision)
        )
    }
}
