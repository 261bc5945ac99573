import ArgumentParser
import Catalog
import Foundation
import ImageLibrary
import SystemPackage

/// `lookalike prune`: forgets what is missing.
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Forget files that are gone for good, and pictures that no file holds any more.",
        discussion: """
            A file that a run of index does not find counts as missing: it is not shown, but what is known of its \
            picture is kept, judgements included, until the file is back, here or elsewhere. This deletes what is \
            missing now, after asking.

              lookalike status                   # how much is missing
              lookalike prune
            """
    )

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Print the counts as JSON; asks nothing, so --yes must be given.")
    var json = false

    func validate() throws {
        guard yes || !json else { throw ValidationError("--json needs --yes.") }
    }

    func run() throws {
        try Library.changeCatalog(in: library.directory) { catalog in
            let prunable = try catalog.prunable()
            if !yes, prunable.files + prunable.images > 0 {
                let folders = try catalog.indexedFolders().map(\.path.string)
                for folder in folders where !FileManager.default.fileExists(atPath: folder) {
                    writeLine("\(displayed(folder)) is not there; its pictures are among the missing.")
                }
                let question =
                    "Forget \(counted(prunable.files, "missing file")) and \(counted(prunable.images, "picture")) "
                    + "with all that was said of them? [y/N] "
                OutputStream.standardOutput.write(Data(question.utf8))
                guard ["y", "yes"].contains(readLine()?.lowercased()) else {
                    writeLine("Nothing was forgotten.")
                    return
                }
            }
            let forgotten = try catalog.prune()
            if json {
                try writeJSON(["files": forgotten.files, "images": forgotten.images])
            } else {
                writeLine(
                    "Forgot \(counted(forgotten.files, "file")) and \(counted(forgotten.images, "picture"))."
                )
            }
        }
    }
}
