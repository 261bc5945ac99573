internal import Foundation
internal import SystemPackage

/// A table of comma-separated values with a header line (RFC 4180): the columns that are asked for, in any order.
struct Table {
    struct Row {
        /// Where the row begins, from 1.
        let line: Int
        /// One value for each column that was asked for.
        let values: [String]
    }

    let rows: [Row]

    init(contentsOf path: FilePath, columns: [String]) throws(EvaluationError) {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path.string))
        } catch {
            throw .unreadable(path: path.string, reason: error.localizedDescription)
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw .unreadable(path: path.string, reason: "it is not UTF-8 text")
        }
        try self.init(text, path: path.string, columns: columns)
    }

    /// - Throws: ``EvaluationError/malformed(path:line:reason:)``.
    init(_ text: String, path: String, columns: [String]) throws(EvaluationError) {
        var lines: [Row]
        do throws(TableRecords.Fault) {
            lines = try TableRecords(text).records
        } catch {
            throw .malformed(path: path, line: error.line, reason: error.reason)
        }
        guard !lines.isEmpty else { throw .malformed(path: path, line: 1, reason: "there is no header line") }
        let header = lines.removeFirst().values.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        var places: [Int] = []
        for column in columns {
            guard let place = header.firstIndex(of: column) else {
                throw .malformed(
                    path: path,
                    line: 1,
                    reason: "the header is \(header.joined(separator: ",")); there must be a column \(column)"
                )
            }
            places.append(place)
        }
        var rows: [Row] = []
        for record in lines {
            guard record.values.count == header.count else {
                throw .malformed(
                    path: path,
                    line: record.line,
                    reason: "\(record.values.count) values, \(header.count) are in the header"
                )
            }
            rows.append(Row(line: record.line, values: places.map { record.values[$0] }))
        }
        self.rows = rows
    }
}
