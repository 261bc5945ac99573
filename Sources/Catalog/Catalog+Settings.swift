internal import GRDB

/// Names a setting that a library keeps between runs.
public enum Setting: String, Sendable {
    /// Folder of the model that was named when the library was indexed.
    case modelFolder
    /// The beam width that was chosen for a recall; see ``BeamWidthChoice``.
    case beamWidth
    /// How similarities become probabilities, fitted on the library's own judgements.
    case calibration
}

extension Catalog {
    /// Returns the value of `setting`, or nil when it has never been set.
    public func setting(_ setting: Setting) throws(CatalogError) -> String? {
        try read { database in
            try String.fetchOne(
                database,
                sql: "SELECT value FROM setting WHERE key = ?",
                arguments: [setting.rawValue]
            )
        }
    }

    /// Forgets the value of `setting`.
    public func clear(_ setting: Setting) throws(CatalogError) {
        try write { database in
            try database.execute(sql: "DELETE FROM setting WHERE key = ?", arguments: [setting.rawValue])
        }
    }

    /// Stores the value of `setting`.
    public func set(_ setting: Setting, to value: String) throws(CatalogError) {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO setting (key, value) VALUES (?, ?)
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value
                    """,
                arguments: [setting.rawValue, value]
            )
        }
    }
}
