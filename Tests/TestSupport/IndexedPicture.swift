public import Catalog
internal import SystemPackage

extension FileOutcome {
    /// What indexing says of picture `number`, which lies at `/photos/number.jpg`; none of it exists.
    public static func indexed(_ number: Int, vector: [Float], regions: [Float]? = nil) -> FileOutcome {
        .embedded(
            path: FilePath("/photos/\(number).jpg"),
            stamp: FileStamp(byteCount: 1, modifiedAtNanoseconds: 1, inode: UInt64(number)),
            image: ImageDescription(
                contentHash: Array(repeating: UInt8(number), count: 32),
                format: "jpeg",
                width: 4,
                height: 3,
                byteCount: 1,
                perceptualHash: UInt64(number)
            ),
            embedding: NewEmbedding(vector: vector, regions: regions, precision: "float32")
        )
    }
}
