internal import ImageDecoding
internal import IndexingPipeline
public import SystemPackage

extension GroundTruth {
    /// Asks, with changed copies of the pictures below `root`, for the originals.
    ///
    /// Eleven kinds of change: half of the area kept, at a place drawn at random; JPEG of quality 20; WebP of quality 20; half as
    /// wide and high; 20 % brighter and 20 % darker; grey; half again as colourful; mirrored; turned by 15° to either side.
    ///
    /// - Throws: ``EvaluationError/nothingToFind(reason:)`` when there is no picture.
    public init(nearDuplicatesIn root: FilePath, seed: UInt64 = 1) throws(EvaluationError) {
        let pictures = PictureFolder.pictures(below: root)
        guard !pictures.isEmpty else {
            throw .nothingToFind(reason: "there are no pictures below \(root.string)")
        }
        var chance = SeededSequence(seed: seed)
        let queries = pictures.indices.flatMap { picture in
            let half = Variation.crop(
                area: 0.5,
                horizontal: Double.random(in: 0...1, using: &chance),
                vertical: Double.random(in: 0...1, using: &chance)
            )
            let kinds: [(String, Variation)] = [
                ("cropped to 50 % of the area", half),
                ("JPEG quality 20", .jpeg(quality: 20)),
                ("WebP quality 20", .webp(quality: 20)),
                ("half the size", .scaled(0.5)),
                ("20 % brighter", .brightness(1.2)),
                ("20 % darker", .brightness(0.8)),
                ("grey", .saturation(0)),
                ("50 % more saturated", .saturation(1.5)),
                ("mirrored", .mirrored),
                ("turned by 15°", .turned(degrees: 15)),
                ("turned by −15°", .turned(degrees: -15)),
            ]
            return kinds.map { Query(picture: picture, variation: $0.1, group: $0.0) }
        }
        self.init(
            pictures: pictures,
            queries: queries,
            origin: "changed copies of the pictures below \(root.string)",
            relevance: .itself
        )
    }
}
