internal import Catalog
public import Foundation
public import ImageLibrary
public import Reranking
public import SystemPackage

/// Finds and keeps the calibration of a model's similarities.
public struct CalibrationStore {
    /// The name of the file in a model's folder.
    public static let fileName = "calibration.json"

    private let library: Library
    private let model: String

    /// A calibration and the model whose similarities it is of: others mean something else.
    private struct Record: Codable {
        let model: String
        let calibration: Calibration
    }

    /// Creates a store.
    ///
    /// - Parameter model: Identity of the model.
    public init(library: Library, model: String) {
        (self.library, self.model) = (library, model)
    }

    /// Returns the library's own calibration, or else the one in the model's folder; nil when neither is of this model.
    public func calibration(shippedIn folder: FilePath) throws -> Calibration? {
        try own ?? Self.shipped(in: folder, model: model)
    }

    /// The one that was fitted on the library's own judgements with this model.
    public var own: Calibration? {
        get throws {
            try library.catalog.setting(.calibration).flatMap { Self.decode(Data($0.utf8), model: model) }
        }
    }

    /// Keeps a calibration as the library's own; nil forgets it.
    public func keep(_ calibration: Calibration?) throws {
        guard let calibration else { return try library.catalog.clear(.calibration) }
        let json = try Self.encoded(calibration, model: model)
        try library.catalog.set(.calibration, to: String(decoding: json, as: UTF8.self))
    }

    /// Returns the calibration in a model's folder, if it is of this model.
    public static func shipped(in folder: FilePath, model: String) -> Calibration? {
        let path = folder.appending(fileName).string
        return (try? Data(contentsOf: URL(filePath: path))).flatMap { decode($0, model: model) }
    }

    /// Returns what belongs into a model's folder.
    public static func encoded(_ calibration: Calibration, model: String) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(Record(model: model, calibration: calibration))
    }

    private static func decode(_ json: Data, model: String) -> Calibration? {
        guard let record = try? JSONDecoder().decode(Record.self, from: json), record.model == model,
            record.calibration.fault == nil
        else { return nil }
        return record.calibration
    }
}
