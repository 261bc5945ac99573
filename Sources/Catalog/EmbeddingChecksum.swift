internal import Crypto
internal import Foundation
internal import GRDB

/// Tells a stored vector from a damaged one.
///
/// SQLite's own check looks at the shape of its pages, not at values: of 400 flipped bits in a database of
/// embeddings it noticed one. So each row of `embedding` carries the first 8 bytes, big-endian, of the SHA-256 of
///
/// | bytes | content                                        |
/// |-------|------------------------------------------------|
/// | 8     | number of the model, little-endian             |
/// | 8     | number of the image, little-endian             |
/// | 8     | bytes of the precision's name, little-endian   |
/// |       | the precision's name, then the vector's bytes  |
///
/// as a signed integer. The numbers are in it so that a vector that got into the wrong row is found out too.
enum EmbeddingChecksum {
    static func of(model: ModelID, image: ImageID, precision: String, vector: Data) -> Int64 {
        var hash = SHA256()
        let name = Array(precision.utf8)
        for number in [model, image, Int64(name.count)] {
            withUnsafeBytes(of: number.littleEndian) { hash.update(bufferPointer: $0) }
        }
        hash.update(data: name)
        hash.update(data: vector)
        let bits = hash.finalize().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(bitPattern: bits)
    }

    /// `embeddingChecksum(modelID, imageID, precision, vector)` in SQL; NULL when an argument is of the wrong type.
    static let function = DatabaseFunction("embeddingChecksum", argumentCount: 4, pure: true) { values in
        guard let model = Int64.fromDatabaseValue(values[0]), let image = Int64.fromDatabaseValue(values[1]),
            let precision = String.fromDatabaseValue(values[2]),
            let vector = Data.fromDatabaseValue(values[3])
        else { return nil }
        return of(model: model, image: image, precision: precision, vector: vector)
    }
}

/// A row of `embedding` as it was read; nothing of it is believed before the checksum fits.
struct EmbeddingRow {
    /// The columns to select, in this order, from `embedding`.
    static let columns = "embedding.imageID, embedding.precision, embedding.vector, embedding.checksum"

    let image: ImageID?
    /// The vector; nil when the row is damaged.
    let vector: [Float]?

    /// Reads the columns that begin at `first`.
    init(_ row: Row, from first: Int = 0, model: ModelID, dimension: Int) {
        image = Int64.fromDatabaseValue(row[first])
        guard let image, let precision = String.fromDatabaseValue(row[first + 1]),
            let data = Data.fromDatabaseValue(row[first + 2]), data.count == 4 * dimension,
            let checksum = Int64.fromDatabaseValue(row[first + 3]),
            checksum == EmbeddingChecksum.of(model: model, image: image, precision: precision, vector: data)
        else {
            vector = nil
            return
        }
        vector = VectorCoding.vector(from: data)
    }
}
