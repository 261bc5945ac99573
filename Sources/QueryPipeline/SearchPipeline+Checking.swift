public import Catalog
internal import Reranking

/// Whether a picture is in the library already.
public struct PictureCheck: Codable, Hashable, Sendable {
    /// The answer in a word.
    public enum Answer: String, Codable, Hashable, Sendable {
        /// The same file content is there.
        case same
        /// A copy of it is there.
        case nearDuplicate = "near-duplicate"
        /// Neither is.
        case new
    }

    /// The answer in a word.
    public let answer: Answer
    /// The copies that are there, the same content first.
    public let matches: [SearchResult]
}

extension SearchPipeline {
    /// Looks whether a picture, or a copy of it, is in the library: the question to ask before an upload.
    ///
    /// - Parameter picture: A file, or bytes.
    /// - Throws: ``QueryError``, or an error of the catalog or the index.
    public func check(_ picture: ImageQuery, for audience: Audience, limit: Int = 20) throws -> PictureCheck {
        var request = SearchRequest(picture, limit: limit)
        request.audience = audience
        request.foldsDuplicates = false
        // A copy of a part is another picture.
        request.searchesRegions = false
        request.leastSimilarity = ranking.duplicates.similarityWithHash
        let found = try search(request).results
        let same = found.filter { $0.likeness == .same }
        let near = found.filter { $0.likeness == .nearDuplicate }
        return PictureCheck(
            answer: same.isEmpty ? near.isEmpty ? .new : .nearDuplicate : .same,
            matches: same + near
        )
    }

    /// Finds copies with the thresholds of this pipeline's ranking.
    public var duplicateFinder: DuplicateFinder {
        DuplicateFinder(library: library, test: ranking.duplicates)
    }
}
