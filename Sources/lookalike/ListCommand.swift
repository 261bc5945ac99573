import ArgumentParser
import Catalog
import Foundation
import ImageLibrary
import QueryPipeline

/// `lookalike list`: names the pictures of the library.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List pictures of the library, the newest first.",
        discussion: """
              lookalike list --limit 20
              lookalike list --folder ~/Pictures/2024 --tag family --json
              lookalike list --status missing    # whose files are gone
              lookalike list --visibility private --visibility blocked

            One line per picture: number, width×height, format, path. Hidden pictures are listed when they are asked for. No \
            model is needed.
            """
    )

    static let limits = 1...Catalog.maximumImagesPerQuery - 1

    @Option(help: ArgumentHelp("How many pictures at most, 1 to 999.", valueName: "n"))
    var limit = 60

    @Option(help: ArgumentHelp("Go on after an earlier list, which names it.", valueName: "cursor"))
    var cursor: ImageID?

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print the pictures as JSON.")
    var json = false

    func validate() throws {
        guard Self.limits.contains(limit) else {
            throw ValidationError("--limit must be \(Self.limits.lowerBound) to \(Self.limits.upperBound).")
        }
        if let cursor, cursor < 1 {
            throw ValidationError("\(cursor) is no cursor; take the one that an earlier list names.")
        }
    }

    func run() throws {
        let filter = try filters.filter()
        let images = try Library.readCatalog(in: library.directory) { catalog in
            try catalog.newestImages(
                matching: filter,
                for: filters.audience,
                before: cursor,
                count: limit + 1
            )
        }
        let listed = images.prefix(limit).map(ImageRecord.init)
        let next = images.count > limit ? listed.last.map { String($0.id) } : nil
        if json { return try writeJSON(Page(images: listed, nextCursor: next)) }
        for image in listed {
            let size = "\(image.width)×\(image.height)".leftPadded(to: 11)
            let path = image.locations.first.map { displayed($0.path) } ?? "in no file"
            writeLine("\(String(image.id).leftPadded(to: 7))  \(size)  \(image.format)  \(path)")
        }
        if let next { writeLine("There are more: --cursor \(next)", to: .standardError) }
    }

    private struct Page: Encodable {
        let images: [ImageRecord]
        let nextCursor: String?
    }
}
