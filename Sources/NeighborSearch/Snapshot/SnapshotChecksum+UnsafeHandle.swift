/// The format's 64-bit checksum: against accidents, not against attackers.
///
/// Four lanes take 8-byte little-endian words in turn, the last word filled up with zeros:
/// lane ← rotateLeft(lane ⊕ word, 29) · P. At the end the lanes and the length are folded into one by the
/// same step, and mixed. Every step is a bijection of the lane, so no change within a single word goes
/// unnoticed. Four lanes, because one would wait for its multiplication at each word.
enum SnapshotChecksum {
    private static let prime: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let seeds: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)

    static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        Array(bytes).withUnsafeBytes { of($0) }
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var (a, b, c, d) = seeds
        var offset = 0
        while offset + 32 <= bytes.count {
            step(&a, word(bytes, offset))
            step(&b, word(bytes, offset + 8))
            step(&c, word(bytes, offset + 16))
            step(&d, word(bytes, offset + 24))
            offset += 32
        }
        while offset < bytes.count {
            var last: UInt64 = 0
            for index in offset..<min(offset + 8, bytes.count) {
                last |= UInt64(bytes[index]) << UInt64(8 * (index - offset))
            }
            step(&a, last)
            offset += 8
        }
        for value in [b, c, d, UInt64(bytes.count)] {
            step(&a, value)
        }
        a ^= a >> 32
        a = a &* prime
        return a ^ (a >> 29)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private static func step(_ lane: inout UInt64, _ word: UInt64) {
        let mixed = lane ^ word
        lane = (mixed << 29 | mixed >> 35) &* prime
    }
}
