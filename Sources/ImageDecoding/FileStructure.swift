/// What a file says about its own extent, read without any decoder.
///
/// Two questions are answered here because libvips answers them too late or not at all: how large a picture
/// its decoder might be led to make, and whether a file that could not be decoded simply breaks off.
struct FileStructure {
    let bytes: [UInt8]
    let format: ImageFormat

    /// The size a decoder may be led to allocate, where that can be more than the header of the picture
    /// tells: a GIF's frames may lie outside its screen, a TIFF's tiles may be larger than its picture.
    var largestClaim: (width: Int, height: Int)? {
        switch format {
        case .gif: gifExtent().size
        case .tiff: TIFFDirectory(self)?.largestSize
        case .jpeg, .png, .webp, .heif, .avif: nil
        }
    }

    /// Whether a decoder has to hold all samples before it can give the first row; else it gives them row by row.
    var isDecodedWhole: Bool {
        switch format {
        case .jpeg: jpegIsProgressive()
        // The last byte of the header chunk says how rows are interlaced.
        case .png: number(at: 28, count: 1) != 0
        case .gif, .webp, .tiff, .heif, .avif: true
        }
    }

    /// Whether what a decoder takes for transparency is none.
    var hasNoTransparency: Bool { format == .tiff && TIFFDirectory(self)?.hasOtherChannelsOnly == true }

    /// Whether the bytes run out before the structure that they begin is complete.
    var endsEarly: Bool {
        switch format {
        case .jpeg: jpegEndsEarly()
        case .png: pngEndsEarly()
        case .gif: gifExtent().endsEarly
        case .webp: webpEndsEarly()
        case .tiff: TIFFDirectory(self)?.endsEarly ?? true
        case .heif, .avif: boxesEndEarly()
        }
    }

    /// Reads an unsigned number of `count` bytes; nil where the bytes end.
    func number(at offset: Int, count: Int, littleEndian: Bool = false) -> Int? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        let digits = bytes[offset..<offset + count]
        let value =
            littleEndian
            ? digits.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            : digits.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(clamping: value)
    }

    /// Walks the marker segments (ITU-T T.81, annex B) to the end-of-image marker.
    private func jpegEndsEarly() -> Bool {
        var offset = 2
        while offset < bytes.count {
            guard bytes[offset] == 0xFF else { return false }
            while offset < bytes.count, bytes[offset] == 0xFF { offset += 1 }
            guard offset < bytes.count else { return true }
            let marker = bytes[offset]
            offset += 1
            if marker == 0xD9 { return false }
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            guard let length = number(at: offset, count: 2) else { return true }
            offset += length
            if marker == 0xDA { offset = endOfScan(from: offset) }
        }
        return true
    }

    private func jpegIsProgressive() -> Bool {
        // Of SOF0 to SOF15 those whose number ends in binary 10.
        jpegFrameHeader().map { bytes[$0 + 1] & 3 == 2 } ?? false
    }

    /// Whether a JPEG claims more blocks of 8 × 8 samples than it has bits to say anything of them; a decoder paints such a
    /// picture grey and is content.
    var lacksData: Bool {
        guard format == .jpeg, let header = jpegFrameHeader(), let height = number(at: header + 5, count: 2),
            let width = number(at: header + 7, count: 2)
        else { return false }
        return 8 * bytes.count < (width / 8) * (height / 8)
    }

    /// Walks to the frame header and returns where its marker begins.
    private func jpegFrameHeader() -> Int? {
        var offset = 2
        while let marker = number(at: offset + 1, count: 1), bytes[offset] == 0xFF {
            // The three that are left out are no frame headers.
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) { return offset }
            guard marker != 0xDA, let length = number(at: offset + 2, count: 2) else { return nil }
            offset += marker == 0xFF ? 1 : 2 + length
        }
        return nil
    }

    /// Skips entropy-coded data: 0xFF there is followed by a zero or a restart marker.
    private func endOfScan(from start: Int) -> Int {
        var offset = start
        while offset + 1 < bytes.count {
            let next = bytes[offset + 1]
            if bytes[offset] == 0xFF, next != 0, next != 0xFF, !(0xD0...0xD7).contains(next) { return offset }
            offset += 1
        }
        return bytes.count
    }

    /// Walks the chunks to IEND.
    private func pngEndsEarly() -> Bool {
        var offset = 8
        while let length = number(at: offset, count: 4), let type = number(at: offset + 4, count: 4) {
            offset += length + 12
            if offset > bytes.count { return true }
            if type == 0x4945_4E44 { return false }
        }
        return true
    }

    private func webpEndsEarly() -> Bool {
        guard let length = number(at: 4, count: 4, littleEndian: true) else { return true }
        return length + 8 > bytes.count
    }

    /// Walks the top-level boxes (ISO/IEC 14496-12); the last may say "to the end of the file" with a length
    /// of 0.
    private func boxesEndEarly() -> Bool {
        var offset = 0
        while offset < bytes.count {
            guard var length = number(at: offset, count: 4) else { return true }
            if length == 0 { return false }
            if length == 1 {
                guard let long = number(at: offset + 8, count: 8) else { return true }
                length = long
            }
            guard length >= 8 else { return false }
            guard length <= bytes.count - offset else { return true }
            offset += length
        }
        return false
    }

    /// Walks a GIF's blocks: the rectangle around its screen and all frames, and whether the walk hits the
    /// end.
    private func gifExtent() -> (size: (width: Int, height: Int), endsEarly: Bool) {
        var width = number(at: 6, count: 2, littleEndian: true) ?? 0
        var height = number(at: 8, count: 2, littleEndian: true) ?? 0
        var offset = 13 + colourTableLength(flagsAt: 10)
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x21:
                offset = endOfSubBlocks(from: offset + 2)
            case 0x2C:
                let frame = (1...7).filter { !$0.isMultiple(of: 2) }
                    .map { number(at: offset + $0, count: 2, littleEndian: true) ?? 0 }
                width = max(width, frame[0] + frame[2])
                height = max(height, frame[1] + frame[3])
                offset = endOfSubBlocks(from: offset + 11 + colourTableLength(flagsAt: offset + 9))
            default:
                return ((width, height), endsEarly: false)
            }
        }
        return ((width, height), endsEarly: true)
    }

    private func colourTableLength(flagsAt offset: Int) -> Int {
        guard offset < bytes.count, bytes[offset] & 0x80 != 0 else { return 0 }
        return 3 << (Int(bytes[offset] & 7) + 1)
    }

    private func endOfSubBlocks(from start: Int) -> Int {
        var offset = start
        while offset < bytes.count, bytes[offset] != 0 { offset += Int(bytes[offset]) + 1 }
        return offset + 1
    }
}
