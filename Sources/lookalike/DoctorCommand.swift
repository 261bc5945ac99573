import ArgumentParser
import ImageLibrary

/// `lookalike doctor`: tries everything the program stands on.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Try everything the program stands on, and say what works.",
        discussion: """
            Nothing is just looked up: a picture of each format is made and decoded, a matrix product and \
            a kernel are compared with plain loops, the model embeds a picture as its makers did, and the \
            library's pictures are asked to find themselves. Exit code 1 when something is broken.

              lookalike doctor
              lookalike doctor --json
            """
    )

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        var examination = Examination()
        examination.examineMachine()
        examination.examineDecoding()
        examination.examineWorkers(decoding)
        if let embedder = examination.examineModel(model, for: library) {
            examination.examineLibrary(library, embedder: embedder)
        }
        if json {
            try writeJSON(examination.findings)
        } else {
            for finding in examination.findings { writeLine(finding.line) }
        }
        if examination.findings.contains(where: { $0.verdict == .broken }) { throw ExitCode.failure }
    }
}
