internal import ImageDecoding
public import SystemPackage

extension GroundTruth {
    /// Takes grades from a table with the columns `query`, `image` and `grade`, 0 to 5; paths are relative to `root`, or
    /// absolute.
    ///
    /// A query ranks what was judged for it and nothing else (the condensed lists of Sakai, *Alternatives to bpref*, 2007): what
    /// nobody judged is neither right nor wrong. A picture is no answer to itself; another file with the same bytes is one, if
    /// it was graded.
    ///
    /// - Throws: ``EvaluationError``.
    public init(judgements table: FilePath, root: FilePath) throws(EvaluationError) {
        let rows = try Table(contentsOf: table, columns: ["query", "image", "grade"])
        var judgements: [Judgement] = []
        for row in rows.rows {
            guard let grade = Int(row.values[2]), (0...GradedRanking.bestGrade).contains(grade) else {
                throw .malformed(
                    path: table.string,
                    line: row.line,
                    reason: "the grade is \(row.values[2]); it must be 0 to \(GradedRanking.bestGrade)"
                )
            }
            func path(_ text: String) -> FilePath { root.pushing(FilePath(text)).lexicallyNormalized() }
            judgements.append(Judgement(query: path(row.values[0]), image: path(row.values[1]), grade: grade))
        }
        try self.init(judgements, origin: "judgements of \(table.string)")
    }

    /// What somebody said about a picture as the answer to another.
    public struct Judgement: Sendable, Hashable {
        /// The picture that was asked about.
        public let query: FilePath
        /// The picture that was judged.
        public let image: FilePath
        /// 0 (unrelated) to 5 (the same).
        public let grade: Int

        /// Keeps what was said.
        public init(query: FilePath, image: FilePath, grade: Int) {
            self.query = query
            self.image = image
            self.grade = grade
        }
    }

    /// Takes grades as they were given; of two for the same pair, the later one.
    ///
    /// - Throws: ``EvaluationError/nothingToFind(reason:)`` when nothing was found relevant to any query.
    public init(_ judgements: [Judgement], origin: String) throws(EvaluationError) {
        var places: [FilePath: Int] = [:]
        var pictures: [FilePath] = []
        func place(_ path: FilePath) -> Int {
            if let known = places[path] { return known }
            places[path] = pictures.count
            pictures.append(path)
            return pictures.count - 1
        }
        var grades: [Int: [Int: Int]] = [:]
        for judgement in judgements {
            grades[place(judgement.query), default: [:]][place(judgement.image)] = judgement.grade
        }
        let asked = grades.keys.sorted().filter { query in
            grades[query]?.contains { $0.key != query && $0.value > 0 } == true
        }
        guard !asked.isEmpty else {
            throw .nothingToFind(
                reason: "\(origin): there is no query with a grade above 0; judge some results first"
            )
        }
        self.init(
            pictures: pictures,
            queries: asked.map { Query(picture: $0, variation: nil, group: "judged") },
            origin: origin,
            relevance: .grades(asked.map { grades[$0] ?? [:] })
        )
    }
}
