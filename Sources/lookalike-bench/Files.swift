import ArgumentParser
import Foundation
import SystemPackage

/// Writes `value` as indented JSON with sorted keys on standard output.
func writeJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
}

/// Returns up to `count` pictures below `folder`, evenly spread over their sorted paths.
func pictures(below folder: String, count: Int) throws -> [FilePath] {
    let extensions: Set = ["jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "heic", "avif"]
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let found = names.filter { extensions.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
    guard !found.isEmpty else { throw ValidationError("There is no picture in \(folder).") }
    let wanted = min(count, found.count)
    return (0..<wanted).map { FilePath(folder).appending(found[$0 * found.count / wanted]) }
}

/// Reads vectors that lie one after the other as little-endian float32, without a header.
func readVectors(_ path: String, dimension: Int) throws -> [[Float]] {
    let data = try Data(contentsOf: URL(filePath: path))
    let stride = dimension * MemoryLayout<Float>.size
    guard dimension > 0, !data.isEmpty, data.count.isMultiple(of: stride) else {
        throw ValidationError("\(path) has \(data.count) bytes, not a multiple of \(stride).")
    }
    return data.withUnsafeBytes { bytes in
        (0..<data.count / stride).map { row in
            (0..<dimension).map { column in
                let offset = row * stride + column * MemoryLayout<Float>.size
                return Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    )
                )
            }
        }
    }
}

/// Collects little-endian values for a headerless file that the peers' half reads.
struct RawFile {
    private var data = Data()

    mutating func append(_ values: [Float]) {
        for value in values { append(value.bitPattern) }
    }

    mutating func append(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        data.append(contentsOf: bytes)
    }

    func write(to path: String) throws {
        try data.write(to: URL(filePath: path))
    }
}
