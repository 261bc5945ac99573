import Foundation

/// Answers each JSON line on standard input by one on standard output, until `answer` returns nil or the input ends.
///
/// How a contender of a comparison is told what to do while it keeps what it has prepared.
func answerLines<Request: Decodable>(_ answer: (Request) throws -> (any Encodable)?) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    while let line = readLine() {
        guard let found = try answer(try JSONDecoder().decode(Request.self, from: Data(line.utf8))) else {
            return
        }
        FileHandle.standardOutput.write(try encoder.encode(found) + Data("\n".utf8))
    }
}

/// What an answer without values is.
struct Done: Encodable {}
