internal import Catalog
public import ImageLibrary
internal import SystemPackage

extension GroundTruth {
    /// Takes the grades that were given on the page or with `lookalike judge`.
    ///
    /// - Throws: ``EvaluationError/nothingToFind(reason:)`` when there are none, or an error of the catalog.
    public init(judgementsIn directory: LibraryDirectory) throws {
        let judgements = try Self.judgements(in: directory)
        try self.init(judgements, origin: "judgements in the library \(directory.path.string)")
    }

    /// The library's judgements by the files that hold the images; those of images without a file are left out.
    public static func judgements(in directory: LibraryDirectory) throws -> [Judgement] {
        try Library.readCatalog(in: directory) { catalog in
            let judgements = try catalog.judgements()
            var paths: [ImageID: FilePath] = [:]
            let ids = Set(judgements.flatMap { [$0.query, $0.image] }).sorted()
            for start in stride(from: 0, to: ids.count, by: Catalog.maximumImagesPerQuery) {
                let portion = Array(ids[start..<min(start + Catalog.maximumImagesPerQuery, ids.count)])
                for image in try catalog.images(portion) {
                    paths[image.id] = image.locations.first { $0.missingSince == nil }?.path
                }
            }
            return judgements.compactMap { judgement in
                guard let query = paths[judgement.query], let image = paths[judgement.image] else {
                    return nil
                }
                return Judgement(query: query, image: image, grade: judgement.grade)
            }
        }
    }
}
