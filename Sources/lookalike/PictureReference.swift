import ArgumentParser
import Catalog
import Foundation
import SystemPackage

/// Names pictures of the library on the command line: by number, or by the file that holds them.
struct PictureReference: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// The picture's number, or nil when the library has none there.
    func image(in catalog: Catalog) throws -> ImageID? {
        if let number = ImageID(text) { return try catalog.image(number)?.id }
        let path = FilePath(argument: text)
        return try catalog.imageID(at: path.canonical) ?? catalog.imageID(at: path.madeAbsolute.withoutLinks)
    }

    /// The numbers of pictures, all of them.
    ///
    /// - Throws: ``UnknownPictures``, naming those that the library does not have.
    static func images(_ references: [PictureReference], in catalog: Catalog) throws -> [ImageID] {
        let found = try references.map { (reference: $0, image: try $0.image(in: catalog)) }
        let unknown = found.filter { $0.image == nil }.map(\.reference.text)
        guard unknown.isEmpty else { throw UnknownPictures(names: unknown) }
        return found.compactMap(\.image)
    }
}

/// The library has no such pictures.
struct UnknownPictures: Error, CustomStringConvertible {
    let names: [String]

    var description: String {
        "the library has no picture \(names.joined(separator: ", ")); name a number or an indexed file"
    }
}
