import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("damaged index file")
struct SnapshotDamageTests {
    private let vectors = clusteredVectors(60, dimension: 9, seed: 41)

    /// The bytes of a sound file of 60 slots of 9 components, four of them free, with M = 4.
    private func sampleBytes(in directory: FilePath) throws -> [UInt8] {
        let index = try makeIndex(
            vectors,
            parameters: HNSWParameters(connectivity: 4, constructionBeamWidth: 20)
        )
        for key in [5, 6, 30, 59] as [UInt64] {
            index.remove(key: key)
        }
        try index.save(to: directory.appending("sound"), identity: .init(model: "model", catalogSequence: 3))
        return try bytes(of: directory.appending("sound"))
    }

    private func load(_ bytes: [UInt8], in directory: FilePath) throws -> HNSWIndex {
        try writeFile(bytes, to: directory.appending("damaged"))
        return try HNSWIndex.load(from: directory.appending("damaged")).index
    }

    private func fault(_ bytes: [UInt8], in directory: FilePath) throws -> SnapshotError? {
        do {
            _ = try load(bytes, in: directory)
            return nil
        } catch let error as SnapshotError {
            return error
        }
    }

    /// Makes header and section checksums agree again, as someone would who forges a file.
    private func resealed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for section in 0..<7 {
            let entry = 512 + 32 * section
            let offset = Int(clamping: integer(bytes, at: entry + 8, 8))
            let length = Int(clamping: integer(bytes, at: entry + 16, 8))
            guard offset <= bytes.count, length <= bytes.count - offset else { continue }
            store(SnapshotChecksum.of(bytes[offset..<offset + length]), 8, at: entry + 24, in: &bytes)
        }
        store(SnapshotChecksum.of(bytes[0..<1016]), 8, at: 1016, in: &bytes)
        return bytes
    }

    private func integer(_ bytes: [UInt8], at offset: Int, _ width: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    private func store(_ value: UInt64, _ width: Int, at offset: Int, in bytes: inout [UInt8]) {
        for index in 0..<width {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    @Test("each wrong field of a header with a right checksum is refused for what it is")
    func wrongFields() throws {
        try withTemporaryDirectory { directory in
            let sound = try sampleBytes(in: directory)
            #expect(try fault(resealed(sound), in: directory) == nil)
            func check(_ offset: Int, _ width: Int, _ value: UInt64, _ expected: SnapshotError) throws {
                var bytes = sound
                store(value, width, at: offset, in: &bytes)
                let found = try fault(resealed(bytes), in: directory)
                #expect(found == expected, "value \(value) at \(offset)")
                #expect(expected.description.contains("rebuild the index from the catalog"))
            }
            func field(_ name: String, _ found: Int, _ allowed: ClosedRange<Int>) -> SnapshotError {
                .fieldOutOfRange(field: name, found: found, allowed: allowed)
            }
            func section(_ index: Int, _ field: String, _ found: Int, _ expected: Int) -> SnapshotError {
                .misplacedSection(index: index, field: field, found: found, expected: expected)
            }
            try check(0, 1, 0x88, .notAnIndex(found: [0x88] + SnapshotFormat.magic.dropFirst()))
            try check(8, 4, 2, .unsupportedVersion(found: 2, supported: 1))
            try check(12, 4, 0x0403_0201, .foreignByteOrder(found: 0x0403_0201, expected: 0x0102_0304))
            try check(
                16,
                8,
                UInt64(sound.count + 1),
                .lengthMismatch(found: sound.count, expected: sound.count + 1)
            )
            try check(16, 8, .max, .lengthMismatch(found: sound.count, expected: .max))
            try check(24, 4, 2, .unsupportedMetric(found: 2, supported: 1))
            try check(28, 4, 0, field("dimension", 0, 1...65_536))
            try check(28, 4, 0xFFFF_FFFF, field("dimension", 0xFFFF_FFFF, 1...65_536))
            try check(28, 4, 17, section(1, "length", 60 * 16 * 4, 60 * 32 * 4))
            try check(32, 4, 1, field("connectivity", 1, 2...128))
            try check(32, 4, 5, section(2, "length", 60 * 8 * 4, 60 * 10 * 4))
            try check(36, 4, 0, field("construction beam width", 0, 1...1_000_000))
            try check(40, 4, 2_000_000, field("beam width", 2_000_000, 1...1_000_000))
            try check(44, 4, 8, field("section count", 8, 7...7))
            try check(64, 8, 61, section(0, "length", 60, 61))
            try check(64, 8, .max, field("slot count", .max, 0...(1 << 30)))
            try check(72, 8, 61, field("live count", 61, 0...60))
            try check(72, 8, 55, section(6, "length", 16, 20))
            try check(80, 4, 60, .brokenGraph(.invalidEntryPoint(found: 60)))
            try check(80, 4, 5, .brokenGraph(.invalidEntryPoint(found: 5)))
            try check(84, 4, 60, .brokenGraph(.parentOutOfRange(slot: 60, found: 60, slotCount: 60)))
            try check(96, 4, 385, field("model name length", 385, 0...384))
            try check(96, 4, 4, .paddingNotZero(offset: 132))
            try check(100, 1, 1, .paddingNotZero(offset: 100))
            try check(128, 1, 0xFF, .modelNotUTF8)
            try check(512, 8, 1, section(0, "kind", 1, 0))
            try check(520, 8, 1025, section(0, "offset", 1025, 1024))
            try check(
                512 + 3 * 32 + 16,
                8,
                .max,
                section(3, "length", .max, sound.count - Int(integer(sound, at: 512 + 3 * 32 + 8, 8)))
            )
            try check(512 + 7 * 32, 1, 1, .paddingNotZero(offset: 512 + 7 * 32))
            try check(1024 + 60, 1, 1, .paddingNotZero(offset: 1024 + 60))
        }
    }

    @Test("wrong content under right checksums is refused for what it is")
    func wrongContent() throws {
        try withTemporaryDirectory { directory in
            let sound = try sampleBytes(in: directory)
            func check(
                _ section: Int,
                _ offset: Int,
                _ width: Int,
                _ value: UInt64,
                _ expected: SnapshotError
            ) throws {
                var bytes = sound
                store(
                    value,
                    width,
                    at: Int(integer(sound, at: 512 + 32 * section + 8, 8)) + offset,
                    in: &bytes
                )
                let found = try fault(resealed(bytes), in: directory)
                #expect(found == expected)
            }
            try check(0, 2, 1, 33, .levelOutOfRange(slot: 2, found: 33, allowed: 32))
            try check(1, 64, 4, UInt64(Float.infinity.bitPattern), .invalidVector(slot: 1, length: .infinity))
            try check(1, 5 * 64, 4, UInt64(Float(2).bitPattern), .invalidVector(slot: 5, length: 2))
            try check(2, 0, 4, 60, .brokenGraph(.linkOutOfRange(slot: 0, layer: 0, found: 60, slotCount: 60)))
            try check(2, 0, 4, 0, .brokenGraph(.linkToItself(slot: 0, layer: 0)))
            try check(2, 0, 4, 30, .brokenGraph(.linkToFreeSlot(slot: 0, layer: 0, target: 30)))
            try check(4, 4, 4, 1, .brokenGraph(.parentOutOfRange(slot: 1, found: 1, slotCount: 60)))
            try check(5, 8 * 7, 8, 8, .repeatedKey(key: 8, slots: [7, 8]))
            try check(6, 0, 4, 60, .invalidFreeSlot(found: 60, slotCount: 60))
            try check(6, 4, 4, 5, .invalidFreeSlot(found: 5, slotCount: 60))
            // Slot 5 then counts as used, and its cleared key is that of slot 0.
            try check(6, 0, 4, 7, .repeatedKey(key: 0, slots: [0, 5]))
        }
    }

    @Test("a flipped bit anywhere in the header is noticed")
    func everyHeaderByte() throws {
        try withTemporaryDirectory { directory in
            let sound = try sampleBytes(in: directory)
            for offset in 0..<1024 {
                var bytes = sound
                bytes[offset] ^= 1 << UInt8(offset % 8)
                #expect(throws: SnapshotError.self, "byte \(offset)") {
                    try SnapshotHeader(decoding: Array(bytes.prefix(1024)), fileByteCount: bytes.count)
                }
            }
        }
    }

    @Test("damage at 600 random places, and 100 random lengths, are noticed")
    func randomDamage() throws {
        try withTemporaryDirectory { directory in
            let sound = try sampleBytes(in: directory)
            var generator = SeededGenerator(seed: 43)
            for _ in 0..<600 {
                var bytes = sound
                let offset = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[offset] ^= UInt8.random(in: 1...255, using: &generator)
                #expect(try fault(bytes, in: directory) != nil, "byte \(offset)")
            }
            for _ in 0..<100 {
                let length = Int.random(in: 0..<sound.count, using: &generator)
                #expect(try fault(Array(sound.prefix(length)), in: directory) != nil, "length \(length)")
            }
            #expect(try fault(sound + [0], in: directory) != nil)
        }
    }

    @Test(
        "a forged file, random bytes under right checksums, is refused or can be searched and changed safely"
    )
    func forgedContent() throws {
        try withTemporaryDirectory { directory in
            let sound = try sampleBytes(in: directory)
            var generator = SeededGenerator(seed: 44)
            var accepted = 0
            for _ in 0..<400 {
                var bytes = sound
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let offset = Int.random(in: 12..<bytes.count, using: &generator)
                    bytes[offset] =
                        UInt8.random(in: 0...255, using: &generator)
                        >> UInt8.random(in: 0...7, using: &generator)
                }
                try writeFile(resealed(bytes), to: directory.appending("damaged"))
                guard let index = try? HNSWIndex.load(from: directory.appending("damaged")).index else {
                    continue
                }
                accepted += 1
                try index.checkInvariants()
                let query = generator.unitVector(index.dimension)
                let answer = try index.graphNearest(
                    to: query,
                    count: index.count,
                    beamWidth: max(1, index.count)
                )
                #expect(answer.neighbors.count == index.count)
                index.remove(key: 1)
                try index.insert(key: 77, vector: query)
                try index.checkInvariants()
            }
            // Changed keys and low bits of vectors are not to be told from honest ones.
            #expect(accepted > 0 && accepted < 400)
        }
    }
}
