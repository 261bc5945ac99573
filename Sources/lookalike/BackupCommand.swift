import ArgumentParser
import ImageLibrary
import SystemPackage

/// `lookalike backup`: copies a library.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the library to a folder, while others may go on writing to it.",
        discussion: """
              lookalike backup /mnt/backup/lookalike-2026-11

            The folder must be empty or not there. What is copied is the library as it stood when the copy began; it is \
            read again and compared with its checksums before this command ends. The copy is a library itself, and \
            can be searched with --library. The pictures are not in it, nor the index, which is derived.
            """
    )

    @Argument(help: "Where to copy it.", completion: .directory)
    var folder: String

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        if folder.isEmpty { throw ValidationError("The folder's name is empty.") }
    }

    func run() throws {
        let target = FilePath(folder).madeAbsolute
        let pageCount = try LibraryBackup.backUp(library.directory, to: target)
        let detail = "\(counted(pageCount, "page")) copied and compared"
        if json {
            try show([LibraryFinding(target.string, .sound, detail)], asJSON: true)
        } else {
            writeLine("\(detail): \(displayed(target.string))")
        }
    }
}
