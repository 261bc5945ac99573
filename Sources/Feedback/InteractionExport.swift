internal import Catalog
internal import Foundation
public import ImageLibrary
internal import SystemPackage

/// Interactions as training reads them: one JSON object per line, files instead of numbers.
///
///     {"query": "/photos/a.jpg", "shown": [{"file": "/photos/b.jpg", "position": 1}], "clicked": ["/photos/b.jpg"]}
public enum InteractionExport {
    /// Returns the lines of a library's interactions; images without a file that is there are left out.
    ///
    /// - Throws: `LibraryError`, `CatalogError`.
    public static func lines(from directory: LibraryDirectory) throws -> [String] {
        try Library.readCatalog(in: directory) { catalog in
            let interactions = try catalog.interactions()
            let ids = Set(interactions.flatMap { [$0.query] + $0.shown }).sorted()
            var files: [ImageID: String] = [:]
            for start in stride(from: 0, to: ids.count, by: Catalog.maximumImagesPerQuery) {
                let portion = Array(ids[start..<min(start + Catalog.maximumImagesPerQuery, ids.count)])
                for image in try catalog.images(portion) {
                    files[image.id] = image.locations.first { $0.missingSince == nil }?.path.string
                }
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try interactions.compactMap { interaction -> String? in
                guard let query = files[interaction.query] else { return nil }
                let shown = interaction.shown.enumerated().compactMap { place, image in
                    files[image].map { Line.Shown(file: $0, position: place + 1) }
                }
                guard !shown.isEmpty else { return nil }
                let clicked = interaction.shown.filter(interaction.clicked.contains).compactMap { files[$0] }
                let line = Line(query: query, shown: shown, clicked: clicked)
                return String(decoding: try encoder.encode(line), as: UTF8.self)
            }
        }
    }

    private struct Line: Encodable {
        struct Shown: Encodable {
            let file: String
            let position: Int
        }

        let query: String
        let shown: [Shown]
        let clicked: [String]
    }
}
