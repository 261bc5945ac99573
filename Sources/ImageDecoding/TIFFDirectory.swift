/// What the first directory of a TIFF or BigTIFF says about sizes and about where the pixels lie.
struct TIFFDirectory {
    /// The larger of picture and tile, per side.
    let largestSize: (width: Int, height: Int)
    /// Whether pixels would have to lie beyond the last byte.
    let endsEarly: Bool
}

extension FileStructure {
    /// Tags, by their names in the TIFF 6.0 specification.
    private enum Tag {
        static let imageWidth = 256
        static let imageLength = 257
        static let stripOffsets = 273
        static let stripByteCounts = 279
        static let tileWidth = 322
        static let tileLength = 323
        static let tileOffsets = 324
        static let tileByteCounts = 325
    }

    /// Reads the first directory; nil if it lies beyond the last byte.
    func tiffDirectory() -> TIFFDirectory? {
        let isLittle = bytes.first == 0x49
        guard let version = number(at: 2, count: 2, littleEndian: isLittle) else { return nil }
        let isBig = version == 43
        let wordCount = isBig ? 8 : 4
        guard let start = number(at: isBig ? 8 : 4, count: wordCount, littleEndian: isLittle),
            start < bytes.count,
            let entryCount = number(at: start, count: isBig ? 8 : 2, littleEndian: isLittle)
        else { return nil }
        let firstEntry = start + (isBig ? 8 : 2)
        let entryLength = isBig ? 20 : 12
        guard entryCount <= (bytes.count - firstEntry) / entryLength else { return nil }

        var endsEarly = false
        func values(_ wanted: Int) -> [Int] {
            for entry in 0..<entryCount {
                let offset = firstEntry + entry * entryLength
                guard number(at: offset, count: 2, littleEndian: isLittle) == wanted else { continue }
                let type = number(at: offset + 2, count: 2, littleEndian: isLittle) ?? 0
                let size = [3: 2, 4: 4, 16: 8][type] ?? 0
                guard size > 0, let count = number(at: offset + 4, count: wordCount, littleEndian: isLittle)
                else {
                    return []
                }
                let place = offset + 4 + wordCount
                let isInline = count <= wordCount / size
                let data = isInline ? place : number(at: place, count: wordCount, littleEndian: isLittle) ?? 0
                guard data <= bytes.count, count <= (bytes.count - data) / size else {
                    endsEarly = true
                    return []
                }
                return (0..<count).compactMap {
                    number(at: data + $0 * size, count: size, littleEndian: isLittle)
                }
            }
            return []
        }
        for (offsets, counts) in [
            (Tag.stripOffsets, Tag.stripByteCounts), (Tag.tileOffsets, Tag.tileByteCounts),
        ] {
            for (offset, count) in zip(values(offsets), values(counts))
            where offset > bytes.count - min(count, bytes.count) {
                endsEarly = true
            }
        }
        let width = max(values(Tag.imageWidth).first ?? 0, values(Tag.tileWidth).first ?? 0)
        let height = max(values(Tag.imageLength).first ?? 0, values(Tag.tileLength).first ?? 0)
        return TIFFDirectory(largestSize: (width, height), endsEarly: endsEarly)
    }
}
