internal import Foundation
public import Logging

/// Writes each log entry as one line of JSON, for programs that collect logs.
///
/// A line has `time`, `level` and `message`, and the entry's metadata as further fields; numbers stay numbers, and the
/// request's name is called `id`.
public struct JSONLogHandler: LogHandler {
    /// What every entry carries.
    public var metadata: Logger.Metadata = [:]
    /// Entries below it are dropped.
    public var logLevel: Logger.Level = .info
    /// What is added to every entry when it is written.
    public var metadataProvider: Logger.MetadataProvider?
    private let write: @Sendable (String) -> Void

    /// Creates a handler.
    ///
    /// - Parameter write: Takes each line, without its end.
    public init(write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// The value that every entry carries under a key.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an entry.
    public func log(event: LogEvent) {
        var fields: [String: Any] = [:]
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) {
            $1
        }
        for (key, value) in all {
            fields[key == RequestName.metadataKey ? "id" : key] = Self.plain(value)
        }
        fields["time"] = Date().formatted(Self.timeStyle)
        fields["level"] = event.level.rawValue
        fields["message"] = event.message.description
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? JSONSerialization.data(withJSONObject: fields, options: options) else { return }
        write(String(decoding: line, as: UTF8.self))
    }

    private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private static func plain(_ value: Logger.Metadata.Value) -> Any {
        switch value {
        case .string(let text): text
        case .stringConvertible(let number as Int): number
        case .stringConvertible(let number as Double) where number.isFinite: number
        case .stringConvertible(let other): other.description
        case .dictionary(let fields): fields.mapValues(plain)
        case .array(let values): values.map(plain)
        }
    }
}
