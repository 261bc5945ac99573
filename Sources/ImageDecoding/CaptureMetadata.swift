/// When a picture was taken and with what, as its EXIF data say.
///
/// Read by Swift alone, from JPEG, TIFF, PNG and WebP; what is missing, damaged or nonsense is nil. HEIF and AVIF keep
/// theirs in boxes that are not looked into. Source: EXIF 2.32 (CIPA DC-008), sections 4.5 and 4.6.
public struct CaptureMetadata: Hashable, Sendable {
    /// The camera's clock at the time, `2024-05-01T17:31:09`; cameras do not say in which time zone.
    public let takenAt: String?
    /// Maker and model, such as `Canon EOS 80D`.
    public let camera: String?

    /// Looks into the bytes of a picture's file.
    public init(of bytes: [UInt8], format: ImageFormat) {
        let file = FileStructure(bytes: bytes, format: format)
        guard let start = file.startOfEXIF,
            case let exif = FileStructure(bytes: start == 0 ? bytes : Array(bytes[start...]), format: .tiff),
            let directory = TIFFDirectory(exif)
        else {
            (takenAt, camera) = (nil, nil)
            return
        }
        camera = Self.camera(
            maker: directory.text(of: .maker).flatMap(Self.readable),
            model: directory.text(of: .model).flatMap(Self.readable)
        )
        let details = directory.directory(at: .exifDirectory)
        takenAt =
            details?.text(of: .takenAt).flatMap(Self.time)
            ?? directory.text(of: .changedAt).flatMap(Self.time)
    }

    /// Many makers repeat their name in the model's: `Canon`, `Canon EOS 80D`.
    private static func camera(maker: String?, model: String?) -> String? {
        guard let maker, let model else { return model ?? maker }
        let first = maker.split(separator: " ").first.map { $0.lowercased() } ?? ""
        return model.lowercased().hasPrefix(first) ? model : "\(maker) \(model)"
    }

    /// One line of printable text without what pads it; nil when nothing is left.
    private static func readable(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.prefix { $0 != 0 }.prefix(64), as: UTF8.self)
            .filter { !$0.isNewline && $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } }
        let trimmed = text.drop { $0 == " " }
        let end = trimmed.lastIndex { $0 != " " }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
        return end == trimmed.startIndex ? nil : String(trimmed[..<end])
    }

    /// `2024:05:01 17:31:09` as `2024-05-01T17:31:09`; nil when it is no time of this calendar.
    private static func time(_ bytes: [UInt8]) -> String? {
        let fields = bytes.prefix { $0 != 0 }.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let numbers = fields.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 6, fields[0].count == 4, fields.dropFirst().allSatisfy({ $0.count == 2 }),
            numbers[0] >= 1800, (1...12).contains(numbers[1]), (1...31).contains(numbers[2]),
            (0...23).contains(numbers[3]), (0...59).contains(numbers[4]), (0...60).contains(numbers[5])
        else { return nil }
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        return "\(texts[0])-\(texts[1])-\(texts[2])T\(texts[3]):\(texts[4]):\(texts[5])"
    }
}

extension FileStructure {
    /// Where EXIF data begin: the TIFF header inside the file; nil when there are none.
    fileprivate var startOfEXIF: Int? {
        switch format {
        case .tiff: 0
        case .jpeg: startInJPEG
        case .png: startInChunks(of: 8, headerFirst: false)
        case .webp: startInChunks(of: 12, headerFirst: true)
        case .gif, .heif, .avif: nil
        }
    }

    /// Walks the segments to APP1 with `Exif` in front.
    private var startInJPEG: Int? {
        var offset = 2
        while let marker = number(at: offset + 1, count: 1), bytes[offset] == 0xFF {
            guard marker != 0xDA, marker != 0xD9, let length = number(at: offset + 2, count: 2) else {
                return nil
            }
            if marker == 0xE1, number(at: offset + 4, count: 6) == 0x4578_6966_0000 { return offset + 10 }
            offset += marker == 0xFF ? 1 : 2 + max(2, length)
        }
        return nil
    }

    /// Walks PNG chunks (length, type, data, checksum) or RIFF chunks (type, length, data, padded to even).
    private func startInChunks(of start: Int, headerFirst: Bool) -> Int? {
        var offset = start
        while let first = number(at: offset, count: 4),
            let second = number(at: offset + 4, count: 4, littleEndian: headerFirst)
        {
            if headerFirst {
                if first == 0x4558_4946 {
                    // Some writers put JPEG's prefix here as well.
                    return number(at: offset + 8, count: 6) == 0x4578_6966_0000 ? offset + 14 : offset + 8
                }
                offset += 8 + second + second % 2
            } else {
                if second == 0x6558_4966 { return offset + 8 }
                if second == 0x4945_4E44 { return nil }
                offset += 12 + first
            }
        }
        return nil
    }
}
