public import Foundation
internal import GRDB

/// The beam width that was chosen for searches of one model's vectors, and what for.
public struct BeamWidthChoice: Codable, Hashable, Sendable {
    /// Identity of the model.
    public let model: String
    /// Candidates that searches keep on their way.
    public let beamWidth: Int
    /// The recall that was to be reached.
    public let target: Double
    /// The recall that was measured.
    public let recall: Double
    /// How many pictures there were. Among more, the same beam finds less.
    public let pictureCount: Int
    /// When it was chosen.
    public let chosenAt: Date

    /// Notes a choice.
    public init(
        model: String,
        beamWidth: Int,
        target: Double,
        recall: Double,
        pictureCount: Int,
        chosenAt: Date = Date()
    ) {
        self.model = model
        self.beamWidth = beamWidth
        self.target = target
        self.recall = recall
        self.pictureCount = pictureCount
        self.chosenAt = chosenAt
    }

    /// Reads a choice from the text of its setting; nil when that is none.
    public init?(encoded: String) {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let choice = try? decoder.decode(Self.self, from: Data(encoded.utf8)) else { return nil }
        self = choice
    }

    fileprivate var encoded: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

extension Catalog {
    /// Returns the chosen beam width, or nil when none has been chosen.
    public func beamWidthChoice() throws(CatalogError) -> BeamWidthChoice? {
        try setting(.beamWidth).flatMap(BeamWidthChoice.init(encoded:))
    }

    /// Stores the chosen beam width in place of any before; searches use it from their next catch-up on.
    public func set(_ choice: BeamWidthChoice) throws(CatalogError) {
        let encoded: String
        do {
            encoded = try choice.encoded
        } catch {
            throw .failed(reason: "the choice of a beam width cannot be written: \(error)")
        }
        try set(.beamWidth, to: encoded)
    }

    /// What a reader asks before each search: the number of the newest change to any embedding, and the text of
    /// the beam width's setting. One statement, constant time.
    public func latestChangeAndBeamWidth() throws(CatalogError) -> (change: Int64, beamWidth: String?) {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT (SELECT max(sequence) FROM embeddingChange),
                           (SELECT value FROM setting WHERE key = ?)
                    """
            )
            let row = try Row.fetchOne(statement, arguments: [Setting.beamWidth.rawValue])
            return (row?[0] ?? 0, row?[1])
        }
    }
}
