internal import GRDB

extension Catalog {
    /// The version of the SQLite library in use, such as `3.40.1`.
    public static var databaseVersion: String {
        (try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "unknown"
    }

    /// Returns what SQLite finds wrong with the file, and references that lead nowhere; empty when all is
    /// well.
    ///
    /// Linear in the size of the file. A flipped bit within an embedding is not noticed.
    public func integrityFaults() throws(CatalogError) -> [String] {
        try read { database in
            let faults = try String.fetchAll(database, sql: "PRAGMA quick_check(5)").filter { $0 != "ok" }
            let dangling = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
            return faults + (dangling.isEmpty ? [] : ["\(dangling.count) references lead nowhere"])
        }
    }
}
