/// The first directory of a TIFF or BigTIFF: what it says about sizes, and about where the pixels lie.
///
/// Sources: TIFF 6.0, section 2, for the layout; the BigTIFF design for its wider words.
struct TIFFDirectory {
    private let file: FileStructure
    private let isLittleEndian: Bool
    private var fields: [Int: Field] = [:]

    /// Numbers of one tag, and where they lie in the file.
    private struct Field {
        let byteCountOfValue: Int
        let count: Int
        let offset: Int
    }

    /// Tags, by their names in the specification.
    private enum Tag {
        static let imageWidth = 256
        static let imageLength = 257
        static let stripOffsets = 273
        static let stripByteCounts = 279
        static let tileWidth = 322
        static let tileLength = 323
        static let tileOffsets = 324
        static let tileByteCounts = 325
        static let extraSamples = 338
    }

    /// Bytes of a value by the number of its type.
    private static let typeSizes = [
        1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
    ]

    /// Tags that hold text, or another directory.
    enum TextTag: Int {
        case maker = 271
        case model = 272
        case changedAt = 306
        case exifDirectory = 34665
        case takenAt = 36867
    }

    /// Reads the first directory; nil if it lies beyond the last byte, in whole or in part.
    init?(_ file: FileStructure) {
        let isLittleEndian = file.bytes.first == 0x49
        let isBig = file.number(at: 2, count: 2, littleEndian: isLittleEndian) == 43
        guard
            let start = file.number(
                at: isBig ? 8 : 4,
                count: isBig ? 8 : 4,
                littleEndian: isLittleEndian
            )
        else { return nil }
        self.init(file, start: start, isBig: isBig)
    }

    private init?(_ file: FileStructure, start: Int, isBig: Bool) {
        self.file = file
        isLittleEndian = file.bytes.first == 0x49
        let (word, entryLength, countLength) = isBig ? (8, 20, 8) : (4, 12, 2)
        guard start < file.bytes.count,
            let entryCount = file.number(at: start, count: countLength, littleEndian: isLittleEndian),
            entryCount <= (file.bytes.count - start - countLength) / entryLength
        else { return nil }
        for entry in 0..<entryCount {
            let place = start + countLength + entry * entryLength
            guard let tag = file.number(at: place, count: 2, littleEndian: isLittleEndian),
                let type = file.number(at: place + 2, count: 2, littleEndian: isLittleEndian),
                let count = file.number(at: place + 4, count: word, littleEndian: isLittleEndian),
                let size = Self.typeSizes[type]
            else { continue }
            // Few values stand in the entry itself, more stand where it points.
            let inside = place + 4 + word
            let isInside = count <= word / size
            let offset =
                isInside ? inside : file.number(at: inside, count: word, littleEndian: isLittleEndian)
            guard let offset else { continue }
            // Of a tag that occurs twice libtiff heeds the first.
            if fields[tag] != nil { continue }
            fields[tag] = Field(byteCountOfValue: size, count: count, offset: offset)
        }
    }

    /// The bytes of a text, up to 256 of them; nil if there is none, or it lies beyond the last byte.
    func text(of tag: TextTag) -> [UInt8]? {
        guard let field = fields[tag.rawValue], field.byteCountOfValue == 1, isInside(field) else {
            return nil
        }
        return Array(file.bytes[field.offset..<field.offset + min(field.count, 256)])
    }

    /// The directory that a tag points to; nil if there is none.
    func directory(at tag: TextTag) -> TIFFDirectory? {
        values(of: tag.rawValue).first.flatMap { TIFFDirectory(file, start: $0, isBig: false) }
    }

    /// The larger of picture and tile, per side.
    var largestSize: (width: Int, height: Int) {
        func larger(_ one: Int, _ other: Int) -> Int {
            max(values(of: one).first ?? 0, values(of: other).first ?? 0)
        }
        return (larger(Tag.imageWidth, Tag.tileWidth), larger(Tag.imageLength, Tag.tileLength))
    }

    /// Whether there are channels beside the colours, and none of them says that it is transparency: masks that somebody
    /// drew, say. 1 and 2 would.
    var hasOtherChannelsOnly: Bool {
        let kinds = values(of: Tag.extraSamples)
        return !kinds.isEmpty && !kinds.contains { $0 == 1 || $0 == 2 }
    }

    /// Whether values or pixels would have to lie beyond the last byte.
    var endsEarly: Bool {
        func isBeyondEnd(offset: Int, count: Int) -> Bool {
            count > 0 && offset > file.bytes.count - min(count, file.bytes.count)
        }
        return !fields.values.allSatisfy(isInside)
            || zip(values(of: Tag.stripOffsets), values(of: Tag.stripByteCounts)).contains(where: isBeyondEnd)
            || zip(values(of: Tag.tileOffsets), values(of: Tag.tileByteCounts)).contains(where: isBeyondEnd)
    }

    private func isInside(_ field: Field) -> Bool {
        field.offset <= file.bytes.count
            && field.count <= (file.bytes.count - field.offset) / field.byteCountOfValue
    }

    /// The numbers of a tag; none if it is missing or they lie beyond the last byte. Lazy: a hostile file may
    /// claim as many as it has bytes.
    private func values(of tag: Int) -> some Collection<Int> {
        let field = fields[tag].flatMap { isInside($0) ? $0 : nil }
        let (offset, size) = (field?.offset ?? 0, field?.byteCountOfValue ?? 1)
        return (0..<(field?.count ?? 0)).lazy.map {
            file.number(at: offset + $0 * size, count: size, littleEndian: isLittleEndian) ?? 0
        }
    }
}
