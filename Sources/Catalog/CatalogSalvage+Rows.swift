internal import GRDB

extension CatalogSalvage {
    /// How many numbers are tried one by one behind the last row that could be read, before steps get longer.
    private static let patience: Int64 = 5000

    /// Copies the rows of a table in the order of their key; returns how many, and how often some were missing.
    static func copy(
        _ table: String,
        from damaged: Database,
        to target: Database
    ) throws -> (rowCount: Int, gapCount: Int) {
        // The one table without rowid has a key of two columns, of which the first will do.
        let key = table == "impression" ? "interactionID" : "rowid"
        let columns = try target.columns(in: table).map(\.name)
        let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let insertion = try target.makeStatement(
            sql: """
                INSERT OR IGNORE INTO \(table) (\(names))
                VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
                """
        )
        let reading = "SELECT \(key), \(names) FROM \(table) NOT INDEXED WHERE \(key) >= ? ORDER BY \(key)"
        var (rowCount, gapCount) = (0, 0)
        var next = Int64.min
        while true {
            do {
                let rows = try Row.fetchCursor(damaged, sql: reading, arguments: [next])
                while let row = try rows.next() {
                    guard let number = Int64.fromDatabaseValue(row[0]) else { continue }
                    do {
                        try insertion.execute(
                            arguments: StatementArguments(
                                columns.indices.map { row[$0 + 1] as DatabaseValue }
                            )
                        )
                        rowCount += target.changesCount
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                        // A row that its table would never have taken.
                        gapCount += 1
                    }
                    next = table == "impression" ? number : number + 1
                }
                return (rowCount, gapCount)
            } catch let error as DatabaseError where error.isDamage {
                gapCount += 1
                guard let readable = firstReadable(after: next, in: table, key: key, damaged) else {
                    return (rowCount, gapCount)
                }
                next = readable
            }
        }
    }

    /// The smallest number from which a row can be read again, nil when there is none to be found.
    private static func firstReadable(
        after last: Int64,
        in table: String,
        key: String,
        _ damaged: Database
    ) -> Int64? {
        func row(from number: Int64) -> Int64?? {
            do {
                return .some(
                    try Int64.fetchOne(
                        damaged,
                        sql:
                            "SELECT \(key) FROM \(table) NOT INDEXED WHERE \(key) >= ? ORDER BY \(key) LIMIT 1",
                        arguments: [number]
                    )
                )
            } catch {
                return .none
            }
        }
        var (failed, step) = (max(last, 0), Int64(1))
        // Before the first row that was read there is no number to begin with but 0.
        if last < 0, let found = row(from: 0) { return found }
        var tries: Int64 = 0
        while failed < Int64.max / 4 {
            let candidate = failed + step
            if let found = row(from: candidate) {
                return step == 1 ? found : nearest(between: failed, and: candidate, row)
            }
            failed = candidate
            tries += 1
            if tries > patience { step *= 2 }
        }
        return nil
    }

    private static func nearest(
        between failed: Int64,
        and found: Int64,
        _ row: (Int64) -> Int64??
    ) -> Int64? {
        var (low, high) = (failed, found)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if row(middle) != nil { high = middle } else { low = middle }
        }
        return row(high) ?? nil
    }
}
