import ArgumentParser
import Catalog
import Foundation
import ImageLibrary
import SystemPackage

/// `lookalike hide`: decides who may see pictures.
struct HideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hide",
        abstract: "Keep pictures out of results, or let them back in.",
        discussion: """
              lookalike hide diary.jpg 17        # private: shown to administrators, and with --include-private
              lookalike hide --blocked bad.jpg   # shown to nobody
              lookalike hide --undo diary.jpg
              lookalike hide                     # which pictures are hidden

            Hidden pictures stay indexed, but no answer tells that they exist: they are in no result, count, explanation, \
            group of copies or thumbnail.
            """
    )

    @Argument(help: "Pictures, by number or file; without any, hidden ones are listed.")
    var pictures: [PictureReference] = []

    @Flag(help: "Show them to nobody, administrators included.")
    var blocked = false

    @Flag(help: "Show them to everybody again.")
    var undo = false

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print the pictures as JSON.")
    var json = false

    func validate() throws {
        guard !(blocked && undo) else { throw ValidationError("Give --blocked or --undo, not both.") }
        guard !pictures.isEmpty || !(blocked || undo) else { throw ValidationError("Name the pictures.") }
    }

    func run() throws {
        let hidden =
            pictures.isEmpty
            ? try Library.readCatalog(in: library.directory) { try describe($0.hiddenImages(), $0) }
            : try Library.changeCatalog(in: library.directory) { catalog in
                let images = try PictureReference.images(pictures, in: catalog)
                let visibility: Visibility = undo ? .listed : blocked ? .blocked : .private
                for image in images { _ = try catalog.setVisibility(visibility, of: image) }
                return try describe(images, catalog)
            }
        if json { return try writeJSON(hidden) }
        for picture in hidden {
            writeLine(
                "\(String(picture.id).leftPadded(to: 7))  \(picture.visibility)  \(displayed(picture.path))"
            )
        }
    }

    private struct Hidden: Encodable {
        let id: ImageID
        let visibility: String
        let path: String
    }

    private func describe(_ images: [ImageID], _ catalog: Catalog) throws -> [Hidden] {
        try images.compactMap { id in
            try catalog.image(id).map { image in
                Hidden(
                    id: id,
                    visibility: image.visibility.name,
                    path: image.locations.first.map { String(decoding: $0.path) } ?? ""
                )
            }
        }
    }
}
