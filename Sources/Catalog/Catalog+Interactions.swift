public import Foundation
internal import GRDB

/// What a person was shown after asking with a picture of the library, and what they opened of it.
public struct Interaction: Hashable, Sendable {
    /// The image that was asked with.
    public let query: ImageID
    /// The results in their order, best first.
    public let shown: [ImageID]
    /// Those of them that were opened.
    public let clicked: Set<ImageID>
    /// When the results had been looked at.
    public let at: Date

    /// Notes an interaction.
    public init(query: ImageID, shown: [ImageID], clicked: Set<ImageID>, at: Date = Date()) {
        self.query = query
        self.shown = shown
        self.clicked = clicked
        self.at = at
    }
}

extension Catalog {
    /// How many interactions are kept; older ones make room.
    public static let interactionLimit = 100_000

    /// Keeps an interaction; images that are not in the library any more are left out of it.
    ///
    /// - Returns: false when the library has no such query, or none of the results, that these people may find.
    public func keep(_ interaction: Interaction, for audience: Audience) throws(CatalogError) -> Bool {
        try write { database in
            let known = Set(
                try ([interaction.query] + interaction.shown).filter {
                    try Bool.fetchOne(
                        database,
                        sql: "SELECT 1 FROM image WHERE id = ? AND visibility IN (\(audience.findable))",
                        arguments: [$0]
                    ) != nil
                }
            )
            guard known.contains(interaction.query), interaction.shown.contains(where: known.contains) else {
                return false
            }
            try database.execute(
                sql: "INSERT INTO interaction (queryID, at) VALUES (?, ?)",
                arguments: [interaction.query, interaction.at]
            )
            let id = database.lastInsertedRowID
            for (place, image) in interaction.shown.enumerated() where known.contains(image) {
                try database.execute(
                    sql: """
                        INSERT OR IGNORE INTO impression (interactionID, position, imageID, clicked) VALUES (?, ?, ?, ?)
                        """,
                    arguments: [id, place + 1, image, interaction.clicked.contains(image)]
                )
            }
            try database.execute(
                sql: "DELETE FROM interaction WHERE id <= ?",
                arguments: [id - Int64(Self.interactionLimit)]
            )
            return true
        }
    }

    /// Returns all interactions, the oldest first.
    public func interactions() throws(CatalogError) -> [Interaction] {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT interaction.id, queryID, at, imageID, clicked
                    FROM interaction JOIN impression ON interactionID = interaction.id
                    ORDER BY interaction.id, position
                    """
            )
            var interactions: [Interaction] = []
            var current: (id: Int64, query: ImageID, at: Date)?
            var (shown, clicked): ([ImageID], Set<ImageID>) = ([], [])
            func end() {
                guard let current else { return }
                interactions.append(
                    Interaction(query: current.query, shown: shown, clicked: clicked, at: current.at)
                )
            }
            while let row = try rows.next() {
                if current?.id != row[0] {
                    end()
                    current = (row[0], row[1], row[2])
                    (shown, clicked) = ([], [])
                }
                shown.append(row[3])
                if row[4] { clicked.insert(row[3]) }
            }
            end()
            return interactions
        }
    }
}
