import CVips

/// libvips as this process has it.
public enum DecodingLibrary {
    private static let status = cvips_start()

    /// Starts libvips unless that has happened.
    static func start() throws(ImageDecodingError) {
        guard status == 0 else {
            throw ImageDecodingError(
                reason: .unavailable,
                message: "libvips does not start on this machine; reinstall libvips 8.14 or later."
            )
        }
    }

    static func has(_ loader: CVipsLoader) -> Bool { cvips_has_loader(loader) }
}

extension DecodingLibrary {
    /// What decoding can do on this machine, as tried just now.
    public struct Description: Sendable, Hashable {
        /// libvips's version, such as "8.14.1".
        public let version: String
        /// Whether libvips generates vector code for this processor.
        public let usesVectorCode: Bool
        /// One outcome for each format, in the order of `ImageFormat.allCases`.
        public let formats: [FormatCheck]
    }

    /// What came of trying a format.
    public struct FormatCheck: Sendable, Hashable {
        /// The format that was tried.
        public let format: ImageFormat
        /// What came of it.
        public let outcome: Outcome

        /// The possible outcomes.
        public enum Outcome: Sendable, Hashable {
            /// A sample made a moment ago was decoded, and the pixels were right.
            case works
            /// There is a decoder, but no encoder to make a sample with, so nothing is proven.
            case untested
            /// There is no decoder; pictures of this format are refused as `unavailable`.
            case missing
            /// There is a decoder, but the sample came back wrong or was refused.
            case failed
        }
    }

    /// Finds out what works, by encoding and decoding a small sample in each format. Takes about 25 ms once
    /// libvips runs.
    ///
    /// - Throws: `unavailable` when libvips does not start.
    public static func describe() throws(ImageDecodingError) -> Description {
        try start()
        var version: (Int32, Int32, Int32) = (0, 0, 0)
        cvips_version(&version.0, &version.1, &version.2)
        return Description(
            version: "\(version.0).\(version.1).\(version.2)",
            usesVectorCode: cvips_uses_vectors(),
            formats: ImageFormat.allCases.map { FormatCheck(format: $0, outcome: check($0)) }
        )
    }

    private static func check(_ format: ImageFormat) -> FormatCheck.Outcome {
        guard has(format.loader) else { return .missing }
        let sample = probe
        guard let encoded = sample.encoded(as: format.saver, quality: 90) else { return .untested }
        guard
            let decoded = try? ImageDecoder().thumbnail(of: .bytes(encoded), size: .longerSide(sample.width)),
            decoded.header.format == format, decoded.pixels.width == sample.width,
            decoded.pixels.height == sample.height
        else { return .failed }
        let difference = zip(sample.pixels, decoded.pixels.pixels).reduce(0) {
            $0 + abs(Int($1.0) - Int($1.1))
        }
        // Lossy formats blur the edge between the halves; a wrong colour or a swapped side costs far more.
        return difference < 12 * sample.pixels.count ? .works : .failed
    }

    /// 64 pixels a side, the upper half orange, the lower half blue.
    private static var probe: PixelImage {
        let half = 64 * 32
        let pixels =
            Array(repeatElement([230, 120, 20] as [UInt8], count: half).joined())
            + Array(repeatElement([20, 60, 200] as [UInt8], count: half).joined())
        return PixelImage(width: 64, height: 64, pixels: pixels)
    }
}

extension PixelImage {
    /// Encodes without metadata; nil if libvips, started already, has no such encoder.
    func encoded(as saver: CVipsSaver, quality: Int) -> [UInt8]? {
        guard cvips_has_saver(saver) else { return nil }
        return pixels.withUnsafeBytes { samples in
            VipsImage.wrapping(samples, width: width, height: height)?.encoded(as: saver, quality: quality)
        }
    }
}

extension ImageFormat {
    var saver: CVipsSaver {
        switch self {
        case .jpeg: CVIPS_SAVER_JPEG
        case .png: CVIPS_SAVER_PNG
        case .webp: CVIPS_SAVER_WEBP
        case .gif: CVIPS_SAVER_GIF
        case .tiff: CVIPS_SAVER_TIFF
        case .heif: CVIPS_SAVER_HEIC
        case .avif: CVIPS_SAVER_AVIF
        }
    }
}
