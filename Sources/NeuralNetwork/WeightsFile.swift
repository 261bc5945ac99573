public import Foundation

/// Reads named tensors from a file in the safetensors format.
///
/// The file is 8 bytes of header length (little-endian), a JSON header that maps each tensor's name to its
/// type, shape and byte range, and the tensors' bytes. A file is accepted only when the ranges tile the data
/// exactly: every byte belongs to one tensor, and every tensor's length follows from its type and shape.
public struct WeightsFile: Sendable {
    /// The longest header accepted, in bytes; this network's is about 10 thousand.
    static let maximumHeaderLength = 1 << 20

    private let contents: Data
    private let dataStart: Int
    private let entries: [String: Entry]

    /// Checks the contents of a file; they may be mapped.
    ///
    /// - Throws: ``WeightsError`` when they break a rule of the format.
    public init(contents: Data) throws(WeightsError) {
        self.contents = contents
        guard contents.count >= 8 else {
            throw .malformed("it has \(contents.count) bytes; the header length alone takes 8")
        }
        let headerLength = contents.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let longest = min(Self.maximumHeaderLength, contents.count - 8)
        guard headerLength <= UInt64(longest) else {
            throw .malformed("its header claims \(headerLength) bytes; at most \(longest) are possible")
        }
        dataStart = 8 + Int(headerLength)
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: contents[8..<dataStart])
        } catch {
            throw .malformed("its header is not the JSON that safetensors prescribes")
        }
        entries = header.entries
        try Self.checkTiling(entries, dataLength: contents.count - dataStart)
    }

    /// The names of the tensors, sorted.
    public var names: [String] { entries.keys.sorted() }

    /// Returns the shape of tensor `name`, or nil when there is none.
    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// Returns the values of tensor `name`, which must be stored as float32.
    ///
    /// - Throws: ``WeightsError`` when there is no such tensor, its shape is not `shape`, its type is
    ///   another, or a value is not finite.
    public func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> [Float] {
        let bytes = try bytes(of: name, type: .float32, shape: shape)
        let values = [Float](unsafeUninitializedCapacity: shape.reduce(1, *)) { target, count in
            count = bytes.copyBytes(to: target) / MemoryLayout<Float>.stride
        }
        guard values.areFinite else { throw .notFinite(tensor: name) }
        return values
    }

    /// Returns the values of tensor `name`, which must be stored as bytes.
    ///
    /// - Throws: ``WeightsError`` as ``tensor(_:shape:)`` does.
    public func byteTensor(_ name: String, shape: [Int]) throws(WeightsError) -> [UInt8] {
        [UInt8](try bytes(of: name, type: .uint8, shape: shape))
    }

    private func bytes(of name: String, type: ElementType, shape: [Int]) throws(WeightsError) -> Data {
        guard let entry = entries[name] else { throw .missing(tensor: name) }
        guard entry.shape == shape else {
            throw .wrongShape(tensor: name, found: entry.shape, expected: shape)
        }
        guard entry.type == type else {
            throw .wrongType(tensor: name, found: entry.type.rawValue, expected: type.rawValue)
        }
        return contents[dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound]
    }

    private static func checkTiling(
        _ entries: [String: Entry],
        dataLength: Int
    ) throws(WeightsError) {
        var expectedStart = 0
        for (name, entry) in entries.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
            guard entry.range.lowerBound == expectedStart else {
                throw .malformed(
                    "tensor \(name) begins at byte \(entry.range.lowerBound) of the data, not at \(expectedStart)"
                )
            }
            expectedStart = entry.range.upperBound
        }
        guard expectedStart == dataLength else {
            throw .malformed("its tensors end at byte \(expectedStart) of \(dataLength)")
        }
    }
}

extension WeightsFile {
    enum ElementType: String, Decodable {
        case float32 = "F32"
        case int32 = "I32"
        case uint8 = "U8"

        var byteCount: Int {
            switch self {
            case .float32, .int32: 4
            case .uint8: 1
            }
        }
    }

    /// Describes one tensor; its length in bytes has been checked against its type and shape.
    struct Entry: Decodable {
        let type: ElementType
        let shape: [Int]
        let range: Range<Int>

        private enum CodingKeys: String, CodingKey {
            case type = "dtype"
            case shape
            case range = "data_offsets"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decode(ElementType.self, forKey: .type)
            shape = try container.decode([Int].self, forKey: .shape)
            let offsets = try container.decode([Int].self, forKey: .range)
            var byteCount: Int? = type.byteCount
            for extent in shape {
                guard extent >= 0, let product = byteCount?.multipliedReportingOverflow(by: extent) else {
                    break
                }
                byteCount = product.overflow ? nil : product.partialValue
            }
            guard
                shape.allSatisfy({ $0 >= 0 }),
                offsets.count == 2,
                offsets[0] >= 0,
                offsets[0] <= offsets[1],
                offsets[1] - offsets[0] == byteCount
            else {
                throw DecodingError.dataCorruptedError(
                    forKey: .range,
                    in: container,
                    debugDescription: "the byte range does not fit the shape"
                )
            }
            range = offsets[0]..<offsets[1]
        }
    }

    private struct Header: Decodable {
        let entries: [String: Entry]

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            var entries: [String: Entry] = [:]
            for name in container.allKeys where name.stringValue != "__metadata__" {
                entries[name.stringValue] = try container.decode(Entry.self, forKey: name)
            }
            self.entries = entries
        }
    }
}

extension [Float] {
    /// Whether no value is infinite or not a number: those have all bits of the exponent set.
    ///
    /// A maximum of integers, which the compiler makes of vectors, unlike asking one value after the other.
    fileprivate var areFinite: Bool {
        withUnsafeBufferPointer { values in
            var largest: Int32 = 0
            for value in values {
                largest = Swift.max(largest, Int32(bitPattern: value.bitPattern & 0x7FFF_FFFF))
            }
            return largest < Int32(bitPattern: Float.infinity.bitPattern)
        }
    }
}
