public import SystemPackage

/// Why an index file could not be written, or was not believed.
public enum SnapshotError: Error, Hashable, Sendable {
    /// The file could not be opened, looked at or mapped.
    case cannotRead(path: FilePath, step: String, reason: Errno)
    /// The file could not be written; what was at the path before still is.
    case cannotWrite(path: FilePath, step: String, reason: Errno)
    /// The model's name does not fit into the header.
    case modelTooLong(byteCount: Int, allowed: Int)
    /// The file does not begin as an index does.
    case notAnIndex(found: [UInt8])
    /// Another version of the format.
    case unsupportedVersion(found: Int, supported: Int)
    /// Written in another byte order.
    case foreignByteOrder(found: UInt32, expected: UInt32)
    /// The header is not what was written.
    case damagedHeader(found: UInt64, expected: UInt64)
    /// The file is shorter or longer than it says, or too short for a header.
    case lengthMismatch(found: Int, expected: Int)
    /// A measure of similarity that this program does not know.
    case unsupportedMetric(found: Int, supported: [Int])
    /// A number in the header that cannot be.
    case fieldOutOfRange(field: String, found: Int, allowed: ClosedRange<Int>)
    /// The model's name is not UTF-8.
    case modelNotUTF8
    /// A byte that must be zero is not.
    case paddingNotZero(offset: Int)
    /// A section is not the one that belongs there, or not where or as long as it must be.
    case misplacedSection(index: Int, field: String, found: Int, expected: Int)
    /// A section is not what was written.
    case damagedSection(name: String, found: UInt64, expected: UInt64)
    /// The records or low bytes of 32 items are not what was written.
    case damagedBlock(section: String, block: Int, found: UInt64, expected: UInt64)
    /// A level above the highest that is ever drawn.
    case levelOutOfRange(slot: Int, found: Int, allowed: Int)
    /// Two slots hold the same key.
    case repeatedKey(key: UInt64, slots: [Int])
    /// The scale of a vector's code, or what its score adds, is not a number that can be.
    case invalidScale(slot: Int, scale: Float, offset: Float)
    /// The links cannot be walked safely, or not every item could be found.
    case brokenGraph(GraphFault)
}

extension SnapshotError: CustomStringConvertible {
    /// What was found, what was expected, and what to do.
    public var description: String {
        switch self {
        case .cannotWrite, .modelTooLong: "The index was not saved: \(detail)."
        case .cannotRead:
            "The index was not read: \(detail). If the file is lost, rebuild the index from the catalog."
        default:
            "The index file is not usable: \(detail). Nothing is lost: rebuild the index from the catalog."
        }
    }

    private var detail: String {
        switch self {
        case .cannotRead(let path, let step, let reason): "\(step) \(path): \(reason)"
        case .cannotWrite(let path, let step, let reason): "\(step) \(path): \(reason)"
        case .modelTooLong(let byteCount, let allowed):
            "the model's name has \(byteCount) bytes, at most \(allowed) are allowed"
        case .notAnIndex(let found): "it begins with the bytes \(found), not with \(SnapshotFormat.magic)"
        case .unsupportedVersion(let found, let supported): "it has format version \(found), not \(supported)"
        case .foreignByteOrder(let found, let expected):
            "its byte order mark is \(hexadecimal(found)), not \(hexadecimal(expected))"
        case .damagedHeader(let found, let expected):
            "its header has checksum \(hexadecimal(found)), not \(hexadecimal(expected))"
        case .lengthMismatch(let found, let expected): "it has \(found) bytes, not \(expected)"
        case .unsupportedMetric(let found, let supported): "it has metric \(found), not one of \(supported)"
        case .fieldOutOfRange(let field, let found, let allowed):
            "its \(field) is \(found), not in \(allowed.lowerBound)...\(allowed.upperBound)"
        case .modelNotUTF8: "its model name is not UTF-8"
        case .paddingNotZero(let offset): "byte \(offset) is padding and not zero"
        case .misplacedSection(let index, let field, let found, let expected):
            "section \(index) has \(field) \(found), not \(expected)"
        case .damagedSection(let name, let found, let expected):
            "its \(name) have checksum \(hexadecimal(found)), not \(hexadecimal(expected))"
        case .damagedBlock(let section, let block, let found, let expected):
            "block \(block) of its \(section) has checksum \(hexadecimal(found)), not \(hexadecimal(expected))"
        case .levelOutOfRange(let slot, let found, let allowed):
            "slot \(slot) has level \(found), the highest is \(allowed)"
        case .repeatedKey(let key, let slots): "slots \(slots) both hold key \(key)"
        case .invalidScale(let slot, let scale, let offset):
            "the vector in slot \(slot) has scale \(scale) and offset \(offset)"
        case .brokenGraph(let fault): "\(fault)"
        }
    }

    private func hexadecimal(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }
}
