import ArgumentParser
import Foundation

/// Runs the command named on the command line.
///
/// An error becomes one line on standard error and an exit code; it never leaves this function, because an
/// uncaught error would end the process as a crash.
@main
enum Main {
    static func main() async {
        openStandardStreams()
        // The first answer waits for it: no parsing of a command line that this program has written itself.
        DecodeWorker.serveIfAsked()
        do {
            var command = try Lookalike.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard let code = ExitCode(failure: error) else { Lookalike.exit(withError: error) }
            writeLine("lookalike: \(displayed(oneLine(String(describing: error))))", to: .standardError)
            exit(code.rawValue)
        }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}

/// The root of the command line; every subcommand has a file of its own.
struct Lookalike: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookalike",
        abstract: "Find the pictures that look like a picture.",
        discussion: """
            Index a folder once, then search it with any picture:

              lookalike index ~/Pictures
              lookalike search holiday.jpg
              lookalike serve                    # the same on a web page, http://127.0.0.1:8080

            What is known of a collection is kept in a library, by default in the XDG data home \
            (~/.local/share/lookalike); --library names another. Pictures themselves are only ever read.

            Exit codes: 0 done; 1 something failed; 2 the query picture is refused; 3 there is no library, or \
            another process writes to it; 4 check found something new; 64 wrong usage; 130 stopped by Ctrl-C and 143 by SIGTERM, with everything done \
            so far kept.
            """,
        version: "0.1.0",
        subcommands: [
            IndexCommand.self, SearchCommand.self, ServeCommand.self, WatchCommand.self, StatusCommand.self,
            ListCommand.self, TagCommand.self, HideCommand.self, DuplicatesCommand.self, CheckCommand.self,
            CropsCommand.self, RetryCommand.self, RemoveCommand.self, PruneCommand.self, VerifyCommand.self,
            RepairCommand.self,
            BackupCommand.self, RestoreCommand.self, DoctorCommand.self, AuditCommand.self,
            EvaluateCommand.self, JudgeCommand.self, CalibrateCommand.self, FeedbackCommand.self,
        ]
    )
}
