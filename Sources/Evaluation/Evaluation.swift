internal import CKernels
public import ImageDecoding
internal import SystemPackage

/// Puts every query of a ground truth to every contender, and measures the rankings.
///
/// Each picture is read once, decoded once for each size that a contender asks for, and embedded by all of them. Every
/// query then ranks the whole collection exactly, by cosine: what is measured is the embedding, not an index; `lookalike
/// audit` measures that.
public struct Evaluation: Sendable {
    let truth: GroundTruth
    let contenders: [any PictureEmbedding]
    let options: Options
    let decoder: any PictureDecoding

    /// How to evaluate.
    public struct Options: Sendable, Hashable {
        /// Where results are cut off for the metrics at k, and how many are shown.
        public var cutoff = 10
        /// The most queries that are put, drawn at random; of near-duplicates, the most pictures that are changed.
        public var queryLimit = 1_000
        /// Seeds everything that is drawn at random.
        public var seed: UInt64 = 1
        /// Pictures and queries worked on at once.
        public var jobs = 1

        /// The defaults.
        public init() {}
    }

    /// How far it is.
    public enum Progress: Sendable, Hashable {
        /// So many of so many pictures are embedded.
        case embedding(Int, of: Int)
        /// So many of so many queries have been put.
        case ranking(Int, of: Int)
    }

    /// Prepares an evaluation.
    ///
    /// - Parameters:
    ///   - contenders: The first one is what the others are compared with.
    ///   - decoder: Decodes the pictures.
    public init(
        _ truth: GroundTruth,
        contenders: [any PictureEmbedding],
        decoder: any PictureDecoding,
        options: Options
    ) {
        precondition(!contenders.isEmpty, "an evaluation of nothing")
        precondition(options.cutoff >= 1 && options.jobs >= 1 && options.queryLimit >= 1, "\(options)")
        self.truth = truth
        self.contenders = contenders
        self.decoder = decoder
        self.options = options
    }

    /// Runs it. Pictures that cannot be decoded, and further copies of the same bytes, are left out and named, and so are
    /// queries that cannot be put. Copies that somebody graded stay.
    ///
    /// - Throws: ``EvaluationError/nothingToFind(reason:)`` when no query is left.
    public func run(_ report: @Sendable (Progress) -> Void = { _ in }) throws(EvaluationError)
        -> EvaluationResult
    {
        let embedded = embedPictures(report)
        let queries = drawQueries(among: embedded)
        guard !queries.isEmpty else {
            throw .nothingToFind(
                reason: "\(truth.origin): no query is left once \(embedded.leftOut.count) of "
                    + "\(truth.pictures.count) pictures that cannot be read, or are copies, are left out"
            )
        }
        let vectors = embedded.vectors
        let order = embedded.order(seed: options.seed)
        let done = Counter()
        let outcomes = inParallel(queries.count, jobs: options.jobs) { place in
            let outcome = ask(queries[place], among: vectors, order: order)
            report(.ranking(done.increment(), of: queries.count))
            return outcome
        }
        var asked: [(query: Int, outcomes: [QueryOutcome])] = []
        var leftOut: [LeftOut] = []
        for (query, answer) in zip(queries, outcomes) {
            switch answer {
            case .answered(let outcomes): asked.append((query, outcomes))
            case .leftOut(let reason):
                leftOut.append(LeftOut(path: truth.pictures[truth.queries[query].picture], reason: reason))
            }
        }
        guard !asked.isEmpty else {
            throw .nothingToFind(
                reason: "\(truth.origin): none of the queries has anything to find among what can be read; "
                    + "\(leftOut[0].path.string), for one: \(leftOut[0].reason)"
            )
        }
        return EvaluationResult(
            truth: truth,
            contenders: contenders.map(\.name),
            cutoff: options.cutoff,
            seed: options.seed,
            pictureCount: order.count,
            leftOut: embedded.leftOut,
            leftOutQueries: leftOut,
            queries: asked.map(\.query),
            outcomes: contenders.indices.map { contender in asked.map { $0.outcomes[contender] } }
        )
    }

    // MARK: - Queries

    /// Draws the queries that can be put.
    private func drawQueries(among embedded: Embedded) -> [Int] {
        let possible = truth.queries.indices.filter {
            !embedded.vectors[0][truth.queries[$0].picture].isEmpty
        }
        // All changes of a picture are asked about, or none.
        let pictures = Set(possible.map { truth.queries[$0].picture }).sorted()
        guard pictures.count > options.queryLimit else { return possible }
        var chance = SeededSequence(seed: options.seed)
        let drawn = Set(pictures.shuffled(using: &chance).prefix(options.queryLimit))
        return possible.filter { drawn.contains(truth.queries[$0].picture) }
    }

    private enum Answer: Sendable {
        /// By each contender.
        case answered([QueryOutcome])
        case leftOut(reason: String)
    }

    /// Ranks the collection for a query by each contender, unless there is nothing to find, or its picture cannot be changed.
    private func ask(_ query: Int, among vectors: [[[Float]]], order: [Int]) -> Answer {
        let asked = truth.queries[query]
        var questions = contenders.indices.map { vectors[$0][asked.picture] }
        if let variation = asked.variation {
            do throws(ImageDecodingError) {
                questions = try embedChanged(asked.picture, variation)
            } catch {
                return .leftOut(reason: "\(asked.group): \(error.message)")
            }
        }
        let judged = order.compactMap { truth.grade(of: $0, for: query) }
        guard judged.contains(where: { $0 >= 1 }) else {
            return .leftOut(reason: "nothing that is right for it can be read")
        }
        return .answered(outcomes(of: query, questions, judged: judged, among: vectors, order: order))
    }

    private func outcomes(
        of query: Int,
        _ questions: [[Float]],
        judged: [Int],
        among vectors: [[[Float]]],
        order: [Int]
    ) -> [QueryOutcome] {
        contenders.indices.map { contender in
            let ranked = ranking(of: questions[contender], among: vectors[contender], order: order)
            var grades: [Int] = []
            grades.reserveCapacity(ranked.count)
            var top: [QueryOutcome.Hit] = []
            for place in ranked {
                guard let grade = truth.grade(of: place.picture, for: query) else { continue }
                grades.append(grade)
                if top.count < options.cutoff {
                    top.append(
                        QueryOutcome.Hit(picture: place.picture, similarity: place.similarity, grade: grade)
                    )
                }
            }
            let measured = GradedRanking(grades: grades, judged: judged)
            return QueryOutcome(
                values: Metric.all(at: options.cutoff).map { $0(measured) },
                precisionAtRecallLevels: measured.relevantCount > 0 ? measured.precisionAtRecallLevels : nil,
                top: top
            )
        }
    }

    private func embedChanged(_ picture: Int, _ variation: Variation) throws(ImageDecodingError) -> [[Float]]
    {
        // As large as pictures are shown; a change is made to a picture, not to a thumbnail of it.
        let source = try decoder.thumbnail(of: .file(truth.pictures[picture]), size: .longerSide(1024))
        return try embed(source.pixels.varied(by: variation))
    }

    private struct Place {
        let picture: Int
        let similarity: Float
    }

    /// All pictures, nearest first; equally near ones in the order given.
    private func ranking(of question: [Float], among vectors: [[Float]], order: [Int]) -> [Place] {
        // The similarity, made an integer that sorts alike, above the place in the order: sorted by one comparison.
        var keys = order.enumerated().map { position, picture -> UInt64 in
            var similarity: Float = 0
            lk_matrix_vector(vectors[picture], 1, question.count, question, &similarity)
            let bits = (similarity + 0).bitPattern
            let ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
            return UInt64(~ascending) << 32 | UInt64(position)
        }
        keys.sort()
        return keys.map { key in
            let ascending = ~UInt32(key >> 32)
            let bits = ascending >> 31 == 1 ? ascending & 0x7FFF_FFFF : ~ascending
            return Place(picture: order[Int(key & 0xFFFF_FFFF)], similarity: Float(bitPattern: bits))
        }
    }
}
