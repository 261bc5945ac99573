// The index file, version 2. docs/index-file-format.md says the same at length.
//
//   0     1,024 bytes   header: who, how many, where; its last 8 bytes are the checksum of the others
//   4096  section 0     levels           UInt8    per item: the node's highest layer
//         section 1     records          bytes    per item: code, scale, offset, links (RecordLayout)
//         section 2     low bytes        Int8     per item: a row, padded to a multiple of 16
//         section 3     upper links      UInt32   per item and layer ≥ 1: M places, free ones last
//         section 4     parents          UInt32   per item: parent in the spanning tree, or 0xFFFFFFFF
//         section 5     keys             UInt64   per item
//         section 6     block checksums  UInt64   per 32 items: of their records, then of their low bytes
//
// Everything is little-endian. Each section begins at the first multiple of 4,096 at or after the end of the one
// before, with zeros between; the file ends where the last section ends.
//
// A reader checks the header and the small sections at once: magic, byte order, version, header checksum, length,
// fields, section table, their checksums, levels, keys, upper links, entry point. Sections 1 and 2, nearly all of
// the file, are checked block by block when a search first needs one: checksum, and that every link is in range.
// The tree is checked before the index is changed.

/// The fixed numbers of the format.
enum SnapshotFormat {
    /// Not text, and spoiled by any transfer that mends line ends or strips the eighth bit.
    static let magic: [UInt8] = [0x89, 0x4C, 0x4B, 0x49, 0x58, 0x0D, 0x0A, 0x1A]
    static let version: UInt32 = 2
    static let byteOrderMark: UInt32 = 0x0102_0304
    static let headerByteCount = 1024
    static let checksumOffset = 1016
    static let modelOffset = 128
    static let modelCapacity = 384
    static let sectionTableOffset = 512
    static let sectionEntryByteCount = 32
    /// Sections begin on pages, so that asking the system for one does not bring another.
    static let alignment = 4096
    /// Items whose records, or low bytes, have a checksum together: about 12 KB at 256 components.
    static let slotsPerBlock = 32

    /// Caps what a header may claim, before anything is multiplied or allocated.
    static let slotCountRange = 0...HNSWGraph.slotLimit

    enum Section: Int, CaseIterable {
        case levels, records, lowBytes, upperLinks, parents, keys, blockChecksums

        var name: String {
            switch self {
            case .levels: "levels"
            case .records: "records"
            case .lowBytes: "low bytes"
            case .upperLinks: "upper links"
            case .parents: "parents"
            case .keys: "keys"
            case .blockChecksums: "block checksums"
            }
        }

        /// Whether the section's own checksum is zero, and its blocks have one each.
        var isBlocked: Bool { self == .records || self == .lowBytes }
    }

    static func alignedUp(_ offset: Int) -> Int { RecordLayout.roundUp(offset, to: alignment) }

    static func blockCount(_ slotCount: Int) -> Int { (slotCount + slotsPerBlock - 1) / slotsPerBlock }
}
