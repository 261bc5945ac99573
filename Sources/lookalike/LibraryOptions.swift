import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import SystemPackage

/// Names the library and the model; shared by the commands that open them.
struct LibraryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of the library.", valueName: "folder"),
        completion: .directory
    )
    var library: String?

    var directory: LibraryDirectory {
        library.map { LibraryDirectory(path: FilePath($0).madeAbsolute) }
            ?? .standard(environment: ProcessInfo.processInfo.environment)
    }
}

/// Names the model; shared by the commands that embed.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model. Without it: LOOKALIKE_MODEL, the model that the library was indexed with, or the "
                + "one that came with the program.",
            valueName: "folder"
        ),
        completion: .directory
    )
    var model: String?

    /// Loads the model for work with a library.
    func load(for library: LibraryOptions) throws -> EmbeddingModel {
        try EmbeddingModel(folder: locate(for: library))
    }

    /// The folder that was named for this run, by option or environment.
    var named: FilePath? {
        (model ?? ProcessInfo.processInfo.environment["LOOKALIKE_MODEL"]).map { FilePath($0).madeAbsolute }
    }

    private func locate(for library: LibraryOptions) throws -> FilePath {
        if let named { return named }
        if library.directory.exists,
            let remembered = try Library.readCatalog(in: library.directory, { try $0.setting(.modelFolder) })
        {
            return FilePath(remembered)
        }
        let places = Self.usualPlaces
        guard let place = places.first(where: { Self.holdsManifest($0) }) else {
            throw ModelError.notFound(searched: places.map(\.string))
        }
        return place
    }

    private static let defaultName = "Models/efficientnet-lite0"

    /// Beside the executable and in every folder above it, so that a build in a checkout finds the checkout's
    /// model; then where an installed program keeps its data.
    private static var usualPlaces: [FilePath] {
        var folder = FilePath(Bundle.main.executablePath ?? CommandLine.arguments[0]).removingLastComponent()
        let installed = folder.removingLastComponent().appending("share/lookalike").appending(defaultName)
        var places: [FilePath] = []
        while true {
            places.append(folder.appending(defaultName))
            guard folder.removeLastComponent() else { break }
        }
        return places + [installed]
    }

    private static func holdsManifest(_ folder: FilePath) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending("manifest.json").string)
    }
}

extension Library {
    /// Opens the library that the options name for the model that embeds.
    convenience init(_ options: LibraryOptions, model: EmbeddingModel, access: Access) throws {
        try self.init(
            directory: options.directory,
            model: (identity: model.identity, dimension: model.dimension),
            access: access
        )
        switch index.snapshotState {
        case .rejected(let reason):
            writeLine(
                "lookalike: the index file was set aside and rebuilt from the catalog: \(reason)",
                to: .standardError
            )
        case .loaded, .missing:
            break
        }
    }
}

extension FilePath {
    /// The path as seen from the root, without `.` and `..`.
    var madeAbsolute: FilePath {
        guard isRelative else { return lexicallyNormalized() }
        return FilePath(FileManager.default.currentDirectoryPath).pushing(self).lexicallyNormalized()
    }

    /// The absolute path without symbolic links, as the catalog knows files; what does not exist is taken literally.
    var canonical: FilePath {
        if let real = withPlatformString({ realpath($0, nil) }) {
            defer { free(real) }
            return FilePath(platformString: real)
        }
        guard let name = madeAbsolute.lastComponent else { return madeAbsolute }
        return madeAbsolute.removingLastComponent().canonical.appending(name)
    }
}
