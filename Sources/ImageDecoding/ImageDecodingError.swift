/// Tells why a picture was refused.
public struct ImageDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal. Raw values are stable: they are stored in catalogs and counted in metrics.
    public enum Reason: String, CaseIterable, Codable, Sendable {
        /// The file is missing, or may not be read.
        case unreadable
        /// The name leads to a directory, a pipe, a socket or a device.
        case notAFile = "not-a-file"
        /// There are no bytes.
        case empty
        /// There are more bytes than allowed.
        case tooManyBytes = "too-many-bytes"
        /// The bytes do not begin like any picture.
        case notAnImage = "not-an-image"
        /// The bytes begin like a picture of a kind that is not decoded here.
        case unsupportedFormat = "unsupported-format"
        /// The header promises more pixels than allowed.
        case tooManyPixels = "too-many-pixels"
        /// The picture is so long and thin that the size asked for would be larger than allowed.
        case tooElongated = "too-elongated"
        /// The bytes run out before the picture is complete.
        case truncated
        /// All bytes are there, but they contradict the format.
        case corrupt
        /// Decoding took longer than a picture may take.
        case tooSlow = "too-slow"
        /// Decoding took more memory than a picture may take.
        case tooMuchMemory = "too-much-memory"
        /// The process that decoded the picture died of it.
        case decoderCrashed = "decoder-crashed"
        /// libvips, or its decoder for this format, cannot be used on this machine.
        case unavailable
    }

    /// The kind of refusal, for programs.
    public let reason: Reason
    /// One sentence for people: what was found, what is allowed, what to do.
    public let message: String

    /// The reason's code and the message.
    public var description: String { "\(reason.rawValue): \(message)" }
}
