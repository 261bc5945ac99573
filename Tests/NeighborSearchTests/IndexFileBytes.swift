import SystemPackage
import TestSupport

@testable import NeighborSearch

/// The bytes of an index file, to be damaged or forged.
struct IndexFileBytes {
    static let identity = SnapshotIdentity(model: "lite0-ä", catalogSequence: -7)
    /// 70 items without four that were removed, 9 components, M = 4: three blocks, the last one of two items.
    static let count = 66

    static func sample(_ metric: Metric = .cosine) throws -> IndexFileBytes {
        let parameters = try HNSWParameters(
            connectivity: 4,
            constructionBeamWidth: 20,
            beamWidth: 12,
            seed: 9
        )
        let vectors = clusteredVectors(70, dimension: 9, metric: metric, seed: 41)
        let index = try makeIndex(vectors, metric: metric, parameters: parameters)
        for key in [5, 6, 30, 69] as [UInt64] {
            try index.remove(key: key)
        }
        return try IndexFileBytes(saving: index)
    }

    var bytes: [UInt8]
    /// The section table as it was written.
    private let offsets: [Int]
    private let lengths: [Int]

    init(saving index: HNSWIndex) throws {
        let folder = try TemporaryFolder()
        try index.save(to: folder("index"), identity: Self.identity)
        let bytes = try TestSupport.bytes(of: folder("index"))
        let header = try SnapshotHeader(decoding: Array(bytes.prefix(1024)), fileByteCount: bytes.count)
        offsets = header.sections.map(\.offset)
        lengths = header.sections.map(\.byteCount)
        self.bytes = bytes
    }

    /// Where a section begins in the sound file.
    func offset(of section: SnapshotFormat.Section) -> Int { offsets[section.rawValue] }

    func length(of section: SnapshotFormat.Section) -> Int { lengths[section.rawValue] }

    /// The offsets of all bytes of all sections.
    var contentOffsets: [Int] {
        SnapshotFormat.Section.allCases.flatMap { offset(of: $0)..<offset(of: $0) + length(of: $0) }
    }

    /// Where a section's line in the table begins.
    func entry(of section: SnapshotFormat.Section) -> Int { 512 + 32 * section.rawValue }

    func integer(at offset: Int, width: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    mutating func store(_ value: UInt64, at offset: Int, width: Int) {
        for index in 0..<width {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    /// The same with some bytes changed.
    func storing(_ value: UInt64, at offset: Int, width: Int) -> IndexFileBytes {
        var copy = self
        copy.store(value, at: offset, width: width)
        return copy
    }

    /// Makes all checksums agree again, as someone would who forges a file.
    func resealed() -> IndexFileBytes {
        var copy = self
        let layout = RecordLayout(dimension: 9, connectivity: 4)
        var place = offset(of: .blockChecksums)
        for (section, stride) in [
            (SnapshotFormat.Section.records, layout.stride), (.lowBytes, layout.lowStride),
        ] {
            let blockLength = SnapshotFormat.slotsPerBlock * stride
            let end = offset(of: section) + Self.count * stride
            for start in Swift.stride(from: offset(of: section), to: end, by: blockLength) {
                let checksum = SnapshotChecksum.of(bytes[start..<min(start + blockLength, end)])
                copy.store(checksum, at: place, width: 8)
                place += 8
            }
        }
        copy.sealSections()
        return copy
    }

    /// Makes the checksums in the header agree again, and leaves those of the blocks alone.
    mutating func sealSections() {
        for section in SnapshotFormat.Section.allCases where !section.isBlocked {
            let content = bytes[offset(of: section)..<offset(of: section) + length(of: section)]
            store(SnapshotChecksum.of(content), at: entry(of: section) + 24, width: 8)
        }
        store(SnapshotChecksum.of(bytes[0..<1016]), at: 1016, width: 8)
    }

    /// Writes the file and loads it.
    func load(in folder: TemporaryFolder) throws -> HNSWIndex {
        let path = try folder("damaged")
        let file = try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate],
            permissions: .ownerReadWrite
        )
        _ = try file.closeAfter { try file.writeAll(bytes) }
        return try HNSWIndex.load(from: path).index
    }
}

/// How far one gets with a file.
enum FileFault: Equatable {
    case refusedByLoad(SnapshotError)
    case refusedBySearch(SnapshotError)
    case refusedByVerify(SnapshotError)

    /// What is wrong with a file, and when that is found; nil when nothing is.
    static func of(_ file: IndexFileBytes, in folder: TemporaryFolder) throws -> FileFault? {
        let index: HNSWIndex
        do {
            index = try file.load(in: folder)
        } catch let error as SnapshotError {
            return .refusedByLoad(error)
        }
        do throws(NeighborSearchError) {
            let query = [1] + [Float](repeating: 0, count: index.dimension - 1)
            _ = try index.graphNearest(to: query, count: 100, beamWidth: 100)
            _ = try index.exactNearest(to: query, count: 100)
        } catch {
            guard case .damaged(let fault) = error else { throw error }
            return .refusedBySearch(fault)
        }
        do throws(SnapshotError) {
            try index.verify()
            return nil
        } catch {
            return .refusedByVerify(error)
        }
    }
}
