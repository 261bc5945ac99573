import ArgumentParser
import Catalog
import Foundation
import ImageLibrary
import QueryPipeline
import Reranking

/// `lookalike duplicates`: lists copies in the library.
struct DuplicatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates",
        abstract: "List the copies in the library: equal files, and pictures that look the same.",
        discussion: """
              lookalike duplicates
              lookalike duplicates --kind exact
              lookalike duplicates --json | jq -r '.[] | .images[1:][] | .locations[].path'

            Exact groups are files with equal content; near ones are scaled, re-encoded, lightly cropped or corrected \
            copies, the one with the most pixels first. Nothing is deleted. Looking for near ones takes about as long as \
            a search for every picture.
            """
    )

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case any, exact, near
    }

    @Option(help: ArgumentHelp("exact, near, or any.", valueName: "kind"))
    var kind = Kind.any

    @Option(help: ArgumentHelp("How many groups at most.", valueName: "n"))
    var limit: Int?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions

    @Flag(help: "Print the groups as JSON.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() throws {
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .reading)
        let finder = DuplicateFinder(library: library)
        var groups: [DuplicateGroup] = []
        if kind != .near { groups += try finder.exactDuplicates(for: .administrators) }
        if kind != .exact {
            let near = try finder.nearDuplicates(for: .administrators) ?? []
            groups += try finder.describe(near.prefix(limit ?? .max), for: .administrators)
        }
        groups = Array(groups.prefix(limit ?? .max))
        if json { return try writeJSON(groups) }
        for group in groups {
            writeLine("\(group.kind.rawValue):")
            for image in group.images {
                for location in image.locations where !location.missing {
                    writeLine("  \(image.width)×\(image.height)  \(displayed(location.path))")
                }
            }
        }
        writeLine("\(counted(groups.count, "group")) of copies.", to: .standardError)
    }
}
