// The index file, version 1. docs/index-file-format.md says the same at length.
//
//   0     1,024 bytes   header: who, how many, where; its last 8 bytes are the checksum of the others
//   1024  section 0     levels       UInt8    per slot: the node's highest layer
//         section 1     vectors      Float32  per slot: a row, padded to a multiple of 16 floats
//         section 2     base links   UInt32   per slot: 2M places, free ones 0xFFFFFFFF and last
//         section 3     upper links  UInt32   per slot and layer ≥ 1: M places, likewise
//         section 4     parents      UInt32   per slot: parent in the spanning tree, or 0xFFFFFFFF
//         section 5     keys         UInt64   per slot
//         section 6     free slots   UInt32   removed slots, the last one is used next
//
// Everything is little-endian. Each section begins at the first multiple of 64 at or after the end of the one
// before, with zeros between; the file ends where the last section ends. A reader checks, in this order:
// magic, byte order, version, header checksum, length, fields, section table, padding, section checksums, and
// then that the content can be walked without further checks: levels, vectors, keys, links, tree.

/// The fixed numbers of the format.
enum SnapshotFormat {
    /// Not text, and spoiled by any transfer that mends line ends or strips the eighth bit.
    static let magic: [UInt8] = [0x89, 0x4C, 0x4B, 0x49, 0x58, 0x0D, 0x0A, 0x1A]
    static let version: UInt32 = 1
    static let byteOrderMark: UInt32 = 0x0102_0304
    static let innerProductMetric: UInt32 = 1
    static let headerByteCount = 1024
    static let checksumOffset = 1016
    static let modelOffset = 128
    static let modelCapacity = 384
    static let sectionTableOffset = 512
    static let sectionEntryByteCount = 32
    static let alignment = 64

    /// Caps what a header may claim, before anything is multiplied or allocated.
    static let slotCountRange = 0...(1 << 30)

    enum Section: Int, CaseIterable {
        case levels, vectors, baseLinks, upperLinks, parents, keys, freeSlots

        var name: String {
            switch self {
            case .levels: "levels"
            case .vectors: "vectors"
            case .baseLinks: "base links"
            case .upperLinks: "upper links"
            case .parents: "parents"
            case .keys: "keys"
            case .freeSlots: "free slots"
            }
        }
    }

    static func alignedUp(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }
}
