import ArgumentParser
import ImageLibrary
import SystemPackage

/// `lookalike restore`: puts a backup back.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the place of the library.",
        discussion: """
              lookalike restore /mnt/backup/lookalike-2026-11
              lookalike restore /mnt/backup/lookalike-2026-11 --library ~/elsewhere

            The backup is read and compared with its checksums first. The catalog that is there stays beside the \
            restored one, under a name that is printed. Stop lookalike serve first. lookalike index then brings in \
            what has changed since the backup.
            """
    )

    @Argument(help: "A folder that lookalike backup has written.", completion: .directory)
    var folder: String

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let source = FilePath(folder).madeAbsolute
        let kept = try LibraryBackup.restore(source, to: library.directory)
        let detail =
            kept.map { "restored; the catalog that was here is kept as \($0.lastComponent?.string ?? "")" }
            ?? "restored; there was no library here"
        if json {
            try show([LibraryFinding(library.directory.path.string, .mended, detail)], asJSON: true)
        } else {
            writeLine("\(displayed(library.directory.path.string)): \(detail)")
        }
    }
}
