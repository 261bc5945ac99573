public import Foundation
internal import GRDB

/// What a person said about a picture as the answer to another.
public struct Judgement: Hashable, Sendable {
    /// The image that was asked about.
    public let query: ImageID
    /// The image that was judged.
    public let image: ImageID
    /// 0 (unrelated) to 5 (the same).
    public let grade: Int
    /// When it was said.
    public let judgedAt: Date

    /// Keeps what was said.
    public init(query: ImageID, image: ImageID, grade: Int, judgedAt: Date = Date()) {
        self.query = query
        self.image = image
        self.grade = grade
        self.judgedAt = judgedAt
    }
}

extension Catalog {
    /// The grades a judge can give.
    public static let grades = 0...5

    /// Keeps a judgement; a later one about the same pair takes its place. Durable when this returns.
    ///
    /// - Precondition: the grade is one of ``grades``.
    /// - Returns: false when there is no such query or no such image, or not everybody may see it.
    public func keep(_ judgement: Judgement) throws(CatalogError) -> Bool {
        precondition(Self.grades.contains(judgement.grade), "a grade of \(judgement.grade)")
        return try write { database in
            let known = try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM image WHERE id IN (?, ?) AND visibility IN (\(Audience.everyone.findable))
                    """,
                arguments: [judgement.query, judgement.image]
            )
            guard known == (judgement.query == judgement.image ? 1 : 2) else { return false }
            try database.execute(
                sql: """
                    INSERT INTO judgement (queryID, imageID, grade, judgedAt) VALUES (?, ?, ?, ?)
                    ON CONFLICT (queryID, imageID) DO UPDATE SET grade = excluded.grade, judgedAt = excluded.judgedAt
                    """,
                arguments: [judgement.query, judgement.image, judgement.grade, judgement.judgedAt]
            )
            return true
        }
    }

    /// Returns all judgements, the oldest first.
    public func judgements() throws(CatalogError) -> [Judgement] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT queryID, imageID, grade, judgedAt FROM judgement ORDER BY judgedAt, rowid"
            )
            return rows.map { Judgement(query: $0[0], image: $0[1], grade: $0[2], judgedAt: $0[3]) }
        }
    }
}
