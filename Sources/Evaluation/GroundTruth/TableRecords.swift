/// Splits comma-separated values into records (RFC 4180), whatever ends a line: LF, CRLF or CR alone.
///
/// Nothing else ends one: U+2028 and its like may stand in the name of a file.
struct TableRecords {
    struct Fault: Error {
        let line: Int
        let reason: String
    }

    private(set) var records: [Table.Row] = []
    private var values: [String] = []
    private var value = String.UnicodeScalarView()
    private var state = State.beginning
    private var line = 1
    private var start = 1

    /// Where in a value the text is.
    private enum State {
        case beginning
        case plain
        case quoted
        /// After a quotation mark that may have ended the value.
        case closed
    }

    /// - Throws: ``Fault``. Empty lines are passed over.
    init(_ text: String) throws(Fault) {
        var previous: Unicode.Scalar?
        // A byte order mark is none of the text.
        let scalars =
            text.unicodeScalars.first == "\u{FEFF}"
            ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
        for scalar in scalars {
            let continuesLineEnd = previous == "\r" && scalar == "\n"
            previous = scalar
            if scalar == "\n" || scalar == "\r", !continuesLineEnd { line += 1 }
            if state == .quoted {
                if scalar == "\"" { state = .closed } else { value.append(scalar) }
            } else if scalar == "\n" || scalar == "\r" {
                if !continuesLineEnd { endRecord() }
                start = line
            } else {
                try take(scalar)
            }
        }
        guard state != .quoted else { throw Fault(line: start, reason: "a quotation mark is never closed") }
        endRecord()
    }

    /// Takes what stands outside quotation marks and ends no line.
    private mutating func take(_ scalar: Unicode.Scalar) throws(Fault) {
        switch (scalar, state) {
        case (",", _):
            endValue()
        case ("\"", .beginning):
            state = .quoted
        case ("\"", .closed):
            value.append(scalar)
            state = .quoted
        case ("\"", _):
            throw Fault(
                line: line,
                reason:
                    "a quotation mark inside a value; put the value in quotation marks, and double those within"
            )
        case (_, .closed):
            throw Fault(
                line: line,
                reason: "text after a closing quotation mark; double the quotation marks within a value"
            )
        default:
            value.append(scalar)
            state = .plain
        }
    }

    private mutating func endValue() {
        values.append(String(value))
        (value, state) = (String.UnicodeScalarView(), .beginning)
    }

    private mutating func endRecord() {
        guard !values.isEmpty || state != .beginning else { return }
        endValue()
        records.append(Table.Row(line: start, values: values))
        values = []
    }
}
