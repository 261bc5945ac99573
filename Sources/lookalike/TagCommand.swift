import ArgumentParser
import Catalog
import Foundation
import ImageLibrary

/// `lookalike tag`: gives pictures names to be found by.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Give pictures tags, take them away, or list them.",
        discussion: """
              lookalike tag beach.jpg 17 --add holiday --add "summer 2024"
              lookalike tag beach.jpg --remove holiday
              lookalike tag                      # which tags there are
              lookalike search red.jpg --tag holiday

            Pictures are named by their number or by a file. Tags belong to a picture's content: they stay when its files \
            move. In an edited file is another picture.
            """
    )

    @Argument(help: "Pictures, by number or file; without any, all tags are listed.")
    var pictures: [PictureReference] = []

    @Option(help: ArgumentHelp("A tag to give; may be repeated.", valueName: "tag"))
    var add: [String] = []

    @Option(help: ArgumentHelp("A tag to take away; may be repeated.", valueName: "tag"))
    var remove: [String] = []

    @OptionGroup var library: LibraryOptions

    @Flag(help: "Print the tags as JSON.")
    var json = false

    func validate() throws {
        for tag in add where !Catalog.isTag(tag) {
            throw ValidationError(
                "\"\(tag)\" is no tag; it has 1 to \(Catalog.maximumTagLength) characters, no comma, and no space at its ends."
            )
        }
        guard !pictures.isEmpty || add.isEmpty && remove.isEmpty else {
            throw ValidationError("Name the pictures.")
        }
    }

    func run() throws {
        if pictures.isEmpty { return try list() }
        let tagged =
            add.isEmpty && remove.isEmpty
            ? try Library.readCatalog(in: library.directory, tags)
            : try Library.changeCatalog(in: library.directory, change)
        if json { return try writeJSON(tagged) }
        for picture in tagged {
            let tags = picture.tags.isEmpty ? "no tags" : picture.tags.map(displayed).joined(separator: ", ")
            writeLine("\(picture.id)  \(tags)")
        }
    }

    private struct Tagged: Encodable {
        let id: ImageID
        let tags: [String]
    }

    private func tags(_ catalog: Catalog) throws -> [Tagged] {
        try PictureReference.images(pictures, in: catalog).map {
            Tagged(id: $0, tags: try catalog.image($0)?.tags ?? [])
        }
    }

    private func change(_ catalog: Catalog) throws -> [Tagged] {
        let tagged = try tags(catalog).map { picture in
            Tagged(id: picture.id, tags: Set(picture.tags).union(add).subtracting(remove).sorted())
        }
        for picture in tagged where picture.tags.count > Catalog.maximumTagCount {
            throw ValidationError(
                "Picture \(picture.id) would have more than \(Catalog.maximumTagCount) tags."
            )
        }
        for picture in tagged { _ = try catalog.setTags(picture.tags, of: picture.id) }
        return tagged
    }

    private func list() throws {
        let tags = try Library.readCatalog(in: library.directory) {
            try $0.imageGroups(for: .administrators).tags
        }
        if json { return try writeJSON(tags) }
        for tag in tags { writeLine("\(String(tag.imageCount).leftPadded(to: 7))  \(displayed(tag.name))") }
    }
}
