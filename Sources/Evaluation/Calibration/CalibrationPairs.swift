public import Catalog
public import ImageLibrary
internal import NeighborSearch
public import Reranking
internal import SystemPackage

/// Pairs of pictures of which it is known whether a person calls them similar, with the cosine of their embeddings.
public struct CalibrationPairs: Sendable {
    /// A query, and how one of its results was judged.
    public struct Pair: Sendable, Hashable {
        /// The image that was asked about.
        public let query: ImageID
        /// Cosine of the two embeddings.
        public let similarity: Float
        /// What the person says.
        public let isSimilar: Bool
    }

    /// Grades from here on mean "similar".
    public static let leastSimilarGrade = 3

    /// The pairs.
    public let pairs: [Pair]
    /// Where they come from, for people.
    public let source: String

    /// Takes pairs as they are.
    public init(pairs: [Pair], source: String) {
        (self.pairs, self.source) = (pairs, source)
    }

    /// Takes what has been judged in a library.
    public init(judgementsIn library: Library) throws {
        var pairs: [Pair] = []
        let judgements = try library.catalog.judgements()
        for judgement in judgements where judgement.query != judgement.image {
            guard let one = try library.index.vector(of: judgement.query),
                let other = try library.index.vector(of: judgement.image)
            else { continue }
            pairs.append(
                Pair(
                    query: judgement.query,
                    similarity: cosine(one, other),
                    isSimilar: judgement.grade >= Self.leastSimilarGrade
                )
            )
        }
        self.init(
            pairs: pairs,
            source: "\(pairs.count) judgements, similar from grade \(Self.leastSimilarGrade) on"
        )
    }

    /// Takes pictures in one folder for similar, and those in different folders for not: a library of labelled pictures.
    ///
    /// Each query is paired with its nearest neighbours, since these are what a search shows.
    ///
    /// - Parameters:
    ///   - queryCount: Pictures that are asked about, evenly spread over the library.
    ///   - neighborCount: Neighbours of each.
    public init(foldersOf library: Library, queryCount: Int, neighborCount: Int) throws {
        func folder(of image: StoredImage) -> FilePath? {
            image.locations.first?.path.removingLastComponent()
        }
        var pairs: [Pair] = []
        let model = library.index.catalogModel
        for (query, vector) in try library.catalog.sampleOfEmbeddings(model: model, count: queryCount) {
            guard let label = try library.catalog.image(query).flatMap(folder) else { continue }
            let near = try library.index.nearest(to: vector, count: neighborCount + 1).neighbors
            let images = try library.catalog.images(near.map { ImageID($0.key) })
            let labels = Dictionary(uniqueKeysWithValues: images.map { ($0.id, folder(of: $0)) })
            for neighbor in near where ImageID(neighbor.key) != query {
                guard let other = labels[ImageID(neighbor.key)] ?? nil else { continue }
                pairs.append(Pair(query: query, similarity: neighbor.similarity, isSimilar: other == label))
            }
        }
        let queries = Set(pairs.map(\.query)).count
        self.init(
            pairs: pairs,
            source:
                "\(queries) pictures with \(neighborCount) neighbours each, similar when in the same folder"
        )
    }

    /// Fits a calibration to all pairs; nil unless there are both kinds.
    public var calibration: Calibration? {
        Calibration(pairs: pairs.map { ($0.similarity, $0.isSimilar) }, source: source)
    }

    /// How well calibrations like this one hold on queries they were not fitted to: each half of the queries is measured
    /// with what was fitted to the other half. Nil when a half has pairs of one kind alone.
    public var crossValidation: Reliability? {
        let queries = Set(pairs.map(\.query)).sorted()
        let first = Set(queries.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
        let halves = [pairs.filter { first.contains($0.query) }, pairs.filter { !first.contains($0.query) }]
        let fitted = halves.map { CalibrationPairs(pairs: $0, source: source).calibration }
        guard let one = fitted[0], let other = fitted[1] else { return nil }
        let outcomes =
            halves[0].map { (other.probability(ofSimilarity: $0.similarity), $0.isSimilar) }
            + halves[1].map { (one.probability(ofSimilarity: $0.similarity), $0.isSimilar) }
        return Reliability(outcomes)
    }

    /// How well a calibration holds on these pairs.
    public func reliability(of calibration: Calibration) -> Reliability? {
        Reliability(pairs.map { (calibration.probability(ofSimilarity: $0.similarity), $0.isSimilar) })
    }
}

/// Whether probabilities are what happens: of all pairs that are called similar with probability p, a share p should be.
public struct Reliability: Sendable, Hashable, Codable {
    /// Pairs whose probability lies in one tenth of 0...1.
    public struct Bin: Sendable, Hashable, Codable {
        /// Mean probability.
        public let predicted: Double
        /// The share of pairs that are similar.
        public let observed: Double
        /// Pairs.
        public let count: Int
    }

    /// The tenths that have pairs, in ascending order.
    public let bins: [Bin]
    /// Mean squared difference between probability and what is so (Brier, 1950); 0 is best.
    public let brierScore: Double
    /// Mean difference between predicted and observed, by the pairs in each tenth (Naeini et al., 2015).
    public let expectedCalibrationError: Double
    /// All pairs.
    public let pairCount: Int

    /// Measures; nil without pairs.
    public init?(_ outcomes: [(probability: Float, isSimilar: Bool)]) {
        guard !outcomes.isEmpty else { return nil }
        let tenths = Dictionary(grouping: outcomes) { min(9, Int($0.probability * 10)) }
        bins = tenths.sorted { $0.key < $1.key }.map { _, members in
            Bin(
                predicted: members.reduce(0) { $0 + Double($1.probability) } / Double(members.count),
                observed: Double(members.count { $0.isSimilar }) / Double(members.count),
                count: members.count
            )
        }
        let total = Double(outcomes.count)
        brierScore =
            outcomes.reduce(0) { sum, outcome in
                let error = Double(outcome.probability) - (outcome.isSimilar ? 1 : 0)
                return sum + error * error
            } / total
        expectedCalibrationError =
            bins.reduce(0) { $0 + abs($1.predicted - $1.observed) * Double($1.count) } / total
        pairCount = outcomes.count
    }
}
