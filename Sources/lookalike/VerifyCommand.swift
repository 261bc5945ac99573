import ArgumentParser
import Foundation
import ImageLibrary

/// `lookalike verify`: reads a whole library and compares it with its checksums.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read the whole library and say whether all of it is as it was written.",
        discussion: """
              lookalike verify
              lookalike verify --deep            # the pictures too: each is read and compared
              lookalike verify --json

            Every page, every row and every embedding of the catalog is compared with its checksum, and the index with \
            the catalog. Nothing is written; other commands may go on meanwhile. Exit code 1 when something is \
            damaged: lookalike repair mends it. Pictures that were changed or are gone since they were indexed are \
            named, and are no damage.
            """
    )

    @Flag(help: "Read every picture from the disk as well, and compare it with what was indexed.")
    var deep = false

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        var verification = try LibraryVerification(of: library.directory)
        if deep, verification.isSound {
            let isTerminal = standardErrorIsTerminal
            try verification.verifyPictures(of: library.directory) { count in
                guard isTerminal, count % 100 == 0 else { return }
                OutputStream.standardError.write(Data("\r\u{1B}[K\(count) files read".utf8))
            }
            if isTerminal { OutputStream.standardError.write(Data("\r\u{1B}[K".utf8)) }
        }
        try show(verification.findings, asJSON: json)
        if !verification.isSound { throw ExitCode.failure }
    }
}

/// Prints findings, one to a line.
func show(_ findings: [LibraryFinding], asJSON json: Bool) throws {
    guard !json else { return try writeJSON(findings) }
    for finding in findings {
        let verdict = finding.verdict == .damaged ? "DAMAGED" : finding.verdict.rawValue
        let padded = verdict + String(repeating: " ", count: max(0, 10 - verdict.count))
        writeLine("\(padded)  \(displayed(finding.subject)): \(displayed(finding.detail))")
    }
}
