import ArgumentParser
import Catalog
import Foundation
import ImageLibrary
import SystemPackage

/// `lookalike remove`: makes a library forget files.
struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Forget files or folders; the files themselves stay.",
        discussion: """
              lookalike remove ~/Pictures/old

            A folder that lies in another one that is indexed comes back when that one is indexed again. For files \
            that are gone, see lookalike prune.
            """
    )

    @Argument(help: "Files, or folders with everything below them.", completion: .file())
    var paths: [String] = []

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print the counts as JSON.")
    var json = false

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name files or folders.") }
    }

    func run() throws {
        var report = Report()
        try Library.changeCatalog(in: library.directory) { catalog in
            for path in paths {
                let path = FilePath(argument: path)
                // The link itself first, then what it leads to: a folder may have been indexed by way of a
                // link.
                if let forgotten = try catalog.forget(at: path.canonical)
                    ?? catalog.forget(at: path.madeAbsolute.withoutLinks)
                {
                    report.add(forgotten)
                } else {
                    report.unknown.append(path.string)
                }
            }
        }
        if json {
            try writeJSON(report)
        } else {
            for path in report.unknown {
                writeLine("lookalike: the library knows nothing at \(displayed(path))", to: .standardError)
            }
            writeLine("Forgot \(counted(report.files, "file")) and \(counted(report.images, "picture")).")
        }
        if !report.unknown.isEmpty { throw ExitCode.failure }
    }

    private struct Report: Encodable {
        var files = 0
        var images = 0
        var unknown: [String] = []

        mutating func add(_ forgotten: (files: Int, images: Int)) {
            files += forgotten.files
            images += forgotten.images
        }
    }
}
