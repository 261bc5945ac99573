import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("header of an index file")
struct SnapshotHeaderTests {
    private let folder: TemporaryFolder
    private let sound: IndexFileBytes
    private let length: Int

    init() throws {
        folder = try TemporaryFolder()
        sound = try .sample()
        length = sound.bytes.count
    }

    /// Expects a header with a right checksum to be refused for one wrong field.
    private func expect(
        _ offset: Int,
        _ width: Int,
        _ value: UInt64,
        _ expected: SnapshotError,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let forged = sound.storing(value, at: offset, width: width).resealed()
        let found = try FileFault.of(forged, in: folder)
        #expect(found == .refusedByLoad(expected), "value \(value) at \(offset)", sourceLocation: location)
        #expect(expected.description.contains("rebuild the index from the catalog"))
    }

    private func field(_ name: String, _ found: Int, _ allowed: ClosedRange<Int>) -> SnapshotError {
        .fieldOutOfRange(field: name, found: found, allowed: allowed)
    }

    private func section(_ index: Int, _ field: String, _ found: Int, _ expected: Int) -> SnapshotError {
        .misplacedSection(index: index, field: field, found: found, expected: expected)
    }

    @Test("a sound file is sound, also after its checksums are made again", arguments: Metric.allCases)
    func sound(metric: Metric) throws {
        let file = try IndexFileBytes.sample(metric)
        #expect(file.resealed().bytes == file.bytes)
        #expect(try FileFault.of(file, in: folder) == nil)
    }

    @Test("a wrong frame is refused for what it is")
    func frame() throws {
        try expect(0, 1, 0x88, .notAnIndex(found: [0x88] + SnapshotFormat.magic.dropFirst()))
        try expect(8, 4, 1, .unsupportedVersion(found: 1, supported: 2))
        try expect(12, 4, 0x0403_0201, .foreignByteOrder(found: 0x0403_0201, expected: 0x0102_0304))
        try expect(16, 8, UInt64(length + 1), .lengthMismatch(found: length, expected: length + 1))
        try expect(16, 8, .max, .lengthMismatch(found: length, expected: .max))
    }

    @Test("a number that cannot be is refused for what it is")
    func numbers() throws {
        try expect(24, 4, 0, .unsupportedMetric(found: 0, supported: [1, 2]))
        try expect(24, 4, 3, .unsupportedMetric(found: 3, supported: [1, 2]))
        try expect(28, 4, 0, field("dimension", 0, 1...65_536))
        try expect(28, 4, 0xFFFF_FFFF, field("dimension", 0xFFFF_FFFF, 1...65_536))
        try expect(28, 4, 17, section(2, "length", 66 * 16, 66 * 32))
        try expect(28, 4, 65_536, section(1, "length", 66 * 64, 66 * 65_600))
        try expect(32, 4, 2, field("connectivity", 2, 3...128))
        try expect(32, 4, 129, field("connectivity", 129, 3...128))
        try expect(32, 4, 16, section(1, "length", 66 * 64, 66 * 192))
        try expect(36, 4, 0, field("construction beam width", 0, 1...1_000_000))
        try expect(40, 4, 2_000_000, field("beam width", 2_000_000, 1...1_000_000))
        try expect(44, 4, 8, field("section count", 8, 7...7))
        try expect(64, 8, 67, section(0, "length", 66, 67))
        try expect(64, 8, 0, section(0, "length", 66, 0))
        try expect(64, 8, .max, field("slot count", .max, 0...(1 << 30)))
        try expect(64, 8, 1 << 30, section(0, "length", 66, 1 << 30))
        try expect(96, 4, 385, field("model name length", 385, 0...384))
        try expect(128, 1, 0xFF, .modelNotUTF8)
    }

    @Test("an entry point that is none, or not on top, is refused")
    func entryPoint() throws {
        try expect(80, 4, 66, .brokenGraph(.invalidEntryPoint(found: 66)))
        try expect(80, 4, UInt64(noSlot), .brokenGraph(.invalidEntryPoint(found: Int(noSlot))))
        let levels = sound.offset(of: .levels)
        let top = Int(sound.bytes[levels..<levels + 66].max()!)
        let ground = (0..<66).first { sound.bytes[levels + $0] == 0 }!
        #expect(top > 0)
        try expect(80, 4, UInt64(ground), .brokenGraph(.entryPointNotOnTop(level: 0, topLevel: top)))
    }

    @Test(
        "a wrong line in the section table is refused for what it is",
        arguments: SnapshotFormat.Section.allCases
    )
    func sectionTable(kind: SnapshotFormat.Section) throws {
        let (entry, number) = (sound.entry(of: kind), kind.rawValue)
        let (start, size) = (sound.offset(of: kind), sound.length(of: kind))
        try expect(entry, 8, 9, section(number, "kind", 9, number))
        for wrong in [start + 1, start + 4096, start - 4096, .max] {
            try expect(entry + 8, 8, UInt64(wrong), section(number, "offset", wrong, start))
        }
        // How many upper links there must be is known only when the levels have been read.
        let room = kind == .upperLinks ? length - start : size
        try expect(entry + 16, 8, UInt64(Int.max), section(number, "length", .max, room))
        if kind.isBlocked {
            try expect(entry + 24, 8, 1, section(number, "checksum", 1, 0))
        }
        var damaged = sound.storing(1, at: entry + 24, width: 8)
        damaged.store(SnapshotChecksum.of(damaged.bytes[0..<1016]), at: 1016, width: 8)
        guard case .refusedByLoad = try FileFault.of(damaged, in: folder) else {
            Issue.record("the checksum of \(kind) is not looked at")
            return
        }
    }

    @Test("a byte that must be zero is refused wherever it is")
    func padding() throws {
        let model = IndexFileBytes.identity.model.utf8.count
        var offsets = [72, 79, 100, 127, 128 + model, 511, 736, 1015, 1024, 4095]
        for kind in SnapshotFormat.Section.allCases.dropLast() {
            let end = sound.offset(of: kind) + sound.length(of: kind)
            offsets += [end, SnapshotFormat.alignedUp(end) - 1]
        }
        for offset in offsets {
            try expect(offset, 1, 1, .paddingNotZero(offset: offset))
        }
    }

    @Test("a flipped bit anywhere in the header is noticed")
    func everyHeaderByte() throws {
        let header = Array(sound.bytes.prefix(1024))
        for offset in 0..<1024 {
            var bytes = header
            bytes[offset] ^= 1 << UInt8(offset % 8)
            #expect(throws: SnapshotError.self, "byte \(offset)") {
                try SnapshotHeader(decoding: bytes, fileByteCount: length)
            }
        }
    }
}
