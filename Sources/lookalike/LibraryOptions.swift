import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import NeuralNetwork
import QueryPipeline
import Reranking
import SystemPackage

/// Names the library and the model; shared by the commands that open them.
struct LibraryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of the library.", valueName: "folder"),
        completion: .directory
    )
    var library: String?

    func validate() throws {
        if library?.isEmpty == true { throw ValidationError("--library is empty; name a folder.") }
    }

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

    @Option(
        help: ArgumentHelp(
            "What the network multiplies: float32 or bfloat16. Without it the fastest that this processor has; "
                + "vectors of both are comparable.",
            valueName: "precision"
        ),
        transform: { text in
            guard let precision = Precision(rawValue: text) else {
                let known = Precision.allCases.map(\.rawValue).joined(separator: " or ")
                throw ValidationError("there is no precision \(text); it is \(known)")
            }
            return precision
        }
    )
    var precision: Precision?

    func validate() throws {
        if model?.isEmpty == true { throw ValidationError("--model is empty; name a folder.") }
    }

    /// Loads the model for work with a library.
    func load(for library: LibraryOptions) throws -> EmbeddingModel {
        try EmbeddingModel(folder: locate(for: library), precision: precision)
    }

    /// How similarities become probabilities: fitted on the library's own judgements, or else what came with the model.
    func calibration(for options: LibraryOptions, in library: Library, model: EmbeddingModel) throws
        -> Calibration?
    {
        try CalibrationStore(library: library, model: model.identity).calibration(
            shippedIn: locate(for: options)
        )
    }

    /// The identity of the model for work with a library, from its manifest alone.
    func identity(for library: LibraryOptions) throws -> String {
        try EmbeddingModel.identity(folder: locate(for: library))
    }

    /// Loads the model while its weights' digest is computed; see ``EmbeddingModel/opening(folder:precision:)``.
    func open(for library: LibraryOptions) throws -> (model: EmbeddingModel, digest: WeightsDigest) {
        try EmbeddingModel.opening(folder: locate(for: library), precision: precision)
    }

    private func locate(for library: LibraryOptions) throws -> FilePath {
        let environment = ProcessInfo.processInfo.environment["LOOKALIKE_MODEL"].flatMap {
            $0.isEmpty ? nil : $0
        }
        if let named = model ?? environment { return FilePath(named).madeAbsolute }
        if library.directory.exists,
            let remembered = try Library.readCatalog(in: library.directory, { try $0.setting(.modelFolder) })
        {
            guard Self.holdsManifest(FilePath(remembered)) else {
                throw ModelError.notFound(searched: ["\(remembered), with which the library was indexed"])
            }
            return FilePath(remembered)
        }
        let places = Self.usualPlaces
        guard let place = places.first(where: { Self.holdsManifest($0) }) else {
            throw ModelError.notFound(searched: places.map(\.string))
        }
        return place
    }

    private static let defaultName = "Models/lookalike-base"

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

/// Says whether queries are kept; shared by the commands that answer them.
struct QueryLogOptions: ParsableArguments {
    @Flag(help: "Keep no vectors of query pictures; lookalike audit measures on the last 1000.")
    var noQueryLog = false

    func open(for library: Library) -> QueryLog? {
        noQueryLog ? nil : QueryLog(library: library)
    }
}

extension Library {
    /// Opens the library that the options name for the model that embeds.
    convenience init(
        _ options: LibraryOptions,
        model: EmbeddingModel,
        access: Access,
        regionKeeping: RegionKeeping = .asBefore
    ) throws {
        try self.init(
            directory: options.directory,
            model: (identity: model.identity, dimension: model.dimension),
            access: access,
            regionKeeping: regionKeeping
        )
        switch index.snapshotState {
        case .rejected(let reason):
            writeLine(
                "lookalike: the index file was set aside and rebuilt from the catalog: \(reason)",
                to: .standardError
            )
        case .missing where index.count > 0:
            writeLine(
                "lookalike: there was no index file; \(counted(index.count, "picture")) were put in from the catalog",
                to: .standardError
            )
        case .loaded, .missing:
            break
        }
        if index.damagedCount > 0 {
            writeLine(
                "lookalike: \(counted(index.damagedCount, "embedding is", "embeddings are")) damaged and left out; "
                    + "lookalike repair mends them from the pictures",
                to: .standardError
            )
        }
    }
}

extension FilePath {
    /// The path that an argument names, byte for byte. The parser hands on text, in which bytes that are not UTF-8 have been
    /// replaced; the arguments as they came have them.
    init(argument text: String) {
        let raw = CommandLine.unsafeArgv
        for place in 0..<Int(CommandLine.argc) {
            guard text.contains("\u{FFFD}"), let argument = raw[place], String(cString: argument) == text
            else {
                continue
            }
            self.init(platformString: argument)
            return
        }
        self.init(text)
    }

    /// The path as seen from the root, without `.` and `..`.
    var madeAbsolute: FilePath {
        guard isRelative else { return lexicallyNormalized() }
        return FilePath(FileManager.default.currentDirectoryPath).pushing(self).lexicallyNormalized()
    }

    /// The absolute path as the catalog knows files: without symbolic links on the way to it, itself not
    /// followed. What does not exist is taken literally.
    var canonical: FilePath {
        let absolute = madeAbsolute
        guard let name = absolute.lastComponent else { return absolute }
        return absolute.removingLastComponent().withoutLinks.appending(name)
    }

    /// The path with every symbolic link followed, as far as it exists.
    var withoutLinks: FilePath {
        if let real = withPlatformString({ realpath($0, nil) }) {
            defer { free(real) }
            return FilePath(platformString: real)
        }
        guard let name = lastComponent else { return self }
        return removingLastComponent().withoutLinks.appending(name)
    }
}
