/// The file formats that are decoded. `DecodingLibrary.describe()` proves each one on the machine at hand.
public enum ImageFormat: String, Sendable, CaseIterable, Codable {
    /// Baseline and progressive JPEG; grey, YCbCr, CMYK and YCCK.
    case jpeg
    /// PNG of every colour type and depth; of animated PNG the still picture.
    case png
    /// WebP, lossy and lossless; of an animation the first frame.
    case webp
    /// GIF; of an animation the first frame.
    case gif
    /// TIFF and BigTIFF; the first page.
    case tiff
    /// HEIF with HEVC, as telephones write it; the primary picture.
    case heif
    /// AVIF; the primary picture.
    case avif
}

/// What the first bytes of a file say it is.
enum Signature: Equatable {
    case supported(ImageFormat)
    /// A picture of a kind that is refused, by its usual name.
    case refused(String)
    case unknown

    /// How many leading bytes `init` looks at.
    static let length = 64

    /// Reads the signature from the beginning of a file.
    init(_ start: [UInt8]) {
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { wanted in
                start.count >= offset + wanted.count
                    && start[offset..<offset + wanted.count].elementsEqual(wanted)
            }
        }
        if start.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .supported(.jpeg)
        } else if start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .supported(.png)
        } else if has("GIF87a") || has("GIF89a") {
            self = .supported(.gif)
        } else if has("RIFF") && has("WEBP", at: 8) {
            self = .supported(.webp)
        } else if [
            [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A], [0x49, 0x49, 0x2B, 0], [0x4D, 0x4D, 0, 0x2B],
        ]
        .contains(where: { start.starts(with: $0 as [UInt8]) }) {
            self = .supported(.tiff)
        } else if has("ftyp", at: 4) {
            self = Signature(brandsOf: start)
        } else if let name = Signature.refusedName(start, has) {
            self = .refused(name)
        } else {
            self = .unknown
        }
    }

    /// Tells HEIF and AVIF from films by the brands in the leading `ftyp` box (ISO/IEC 14496-12, 23008-12).
    private init(brandsOf start: [UInt8]) {
        let boxLength = start[0..<4].reduce(0) { $0 << 8 | Int($1) }
        let end = min(boxLength, start.count)
        // Bytes 8–11 are the major brand, 12–15 a version, then come the compatible brands.
        let offsets = [8] + stride(from: 16, to: end, by: 4)
        let brands = offsets.filter { $0 + 4 <= end }.map {
            String(decoding: start[$0..<$0 + 4], as: UTF8.self)
        }
        if brands.contains(where: { ["avif", "avis"].contains($0) }) {
            self = .supported(.avif)
        } else if brands.contains(where: { ["heic", "heix", "hevc", "hevx", "heim", "heis"].contains($0) }) {
            self = .supported(.heif)
        } else {
            self = .refused("an ISO media file of brand \(brands.first.map(printable) ?? "unknown")")
        }
    }

    private static func refusedName(_ start: [UInt8], _ has: (StaticString, Int) -> Bool) -> String? {
        let names: [(StaticString, Int, String)] = [
            ("BM", 0, "a Windows bitmap"), ("%PDF", 0, "a PDF document"), ("8BPS", 0, "a Photoshop document"),
            ("<svg", 0, "an SVG drawing"), ("<?xml", 0, "an XML document"),
            ("%!PS", 0, "a PostScript document"),
            ("JXL ", 4, "a JPEG XL picture"), ("jP  ", 4, "a JPEG 2000 picture"),
            ("qoif", 0, "a QOI picture"),
            ("SIMPLE", 0, "a FITS file"), ("#?RADIANCE", 0, "a Radiance picture"),
        ]
        if let found = names.first(where: { has($0.0, $0.1) }) { return found.2 }
        if start.starts(with: [0xFF, 0x0A]) { return "a JPEG XL picture" }
        if start.starts(with: [0, 0, 1, 0]) { return "a Windows icon" }
        if start.starts(with: [0x76, 0x2F, 0x31, 0x01]) { return "an OpenEXR picture" }
        if start.count >= 2, start[0] == 0x50, (0x31...0x37).contains(start[1]) { return "a Netpbm picture" }
        return nil
    }
}

/// Makes text from an untrusted file fit for a message: printable ASCII only.
func printable(_ text: String) -> String {
    String(text.unicodeScalars.map { (0x20..<0x7F).contains($0.value) ? Character($0) : "?" })
}
