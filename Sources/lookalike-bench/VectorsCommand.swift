import ArgumentParser
import Catalog
import Foundation
import ImageEmbedding
import ImageLibrary
import SystemPackage

/// `lookalike-bench vectors`: the embeddings of a library as one plain file.
struct VectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors",
        abstract: "Write the embeddings of a library to a file: float32 without header, oldest change first."
    )

    @Option(help: "Folder of the library.", completion: .directory)
    var library: String

    @Option(help: "Folder of the model.", completion: .directory)
    var model: String

    @Option(help: "File to write.")
    var output: String

    func run() throws {
        let model = try EmbeddingModel(folder: FilePath(self.model))
        let directory = LibraryDirectory(path: FilePath(library))
        var file = RawFile()
        var count = 0
        try Library.readCatalog(in: directory) { catalog in
            let number = try catalog.registerModel(identity: model.identity, dimension: model.dimension)
            _ = try catalog.forEachChange(after: 0, model: number) { change in
                guard let vector = change.vector else { return }
                file.append(vector)
                count += 1
            }
        }
        try file.write(to: output)
        try writeJSON(["count": count, "dimension": model.dimension])
    }
}
