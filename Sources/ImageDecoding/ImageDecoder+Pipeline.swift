import CVips

/// A picture whose header has been read and found within the limits.
struct OpenedImage {
    let header: ImageHeader
    /// The header as stored, before turning upright.
    let stored: CVipsHeader
    /// EXIF orientations 5 to 8 lie on their side.
    let isTurned: Bool

    init(format: ImageFormat, stored: CVipsHeader) {
        self.stored = stored
        isTurned = stored.orientation >= 5
        header = ImageHeader(
            format: format,
            width: Int(isTurned ? stored.height : stored.width),
            height: Int(isTurned ? stored.width : stored.height),
            pageCount: Int(stored.page_count))
    }
}

extension ImageDecoder {
    /// Reads the header and holds it against the limits.
    func open(_ bytes: [UInt8], format: ImageFormat) throws(DecodingError) -> OpenedImage {
        guard DecodingLibrary.has(format.loader) else {
            throw DecodingError(
                reason: .unavailable,
                message: "This libvips has no decoder for \(format.rawValue); install one built with it.")
        }
        if let claim = FileStructure(bytes: bytes, format: format).largestClaim {
            try check(width: claim.width, height: claim.height)
        }
        let opened = bytes.withUnsafeBytes { VipsImage.opening($0, with: format.loader)?.header }
        guard let stored = opened else { throw damage(in: bytes, format: format) }
        try check(width: Int(stored.width), height: Int(stored.height))
        guard stored.has_usable_samples else {
            throw DecodingError(
                reason: .unsupportedFormat,
                message: "The \(format.rawValue) holds samples that are no colours (measurements, perhaps); "
                    + "convert it to 8 or 16 bits per channel.")
        }
        return OpenedImage(format: format, stored: stored)
    }

    func check(width: Int, height: Int) throws(DecodingError) {
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= limits.maximumPixelCount else {
            throw DecodingError(
                reason: .tooManyPixels,
                message:
                    "The picture claims \(width)×\(height) pixels, \(limits.maximumPixelCount) are allowed; "
                    + "make it smaller or raise the limit."
            )
        }
    }

    func check(target: (width: Int, height: Int), of header: ImageHeader) throws(DecodingError) {
        guard target.width * target.height <= limits.maximumThumbnailPixelCount else {
            throw DecodingError(
                reason: .tooElongated,
                message: "The picture is \(header.width)×\(header.height) and would become "
                    + "\(target.width)×\(target.height), more than the \(limits.maximumThumbnailPixelCount) pixels "
                    + "allowed; cut it into shorter pieces."
            )
        }
    }

    /// Runs the pipeline; nil if the decoder stumbles over the data.
    func decode(
        _ bytes: [UInt8], opened: OpenedImage, width: Int, height: Int, shrinkingOnLoad: Bool = true
    ) -> PixelImage? {
        let (width, height) = opened.isTurned ? (height, width) : (width, height)
        let factor = min(
            Double(opened.stored.width) / Double(width), Double(opened.stored.height) / Double(height))
        let shrink = shrinkingOnLoad ? opened.header.format.shrinkOnLoad(reducingBy: factor) : 1
        return bytes.withUnsafeBytes { bytes in
            guard
                let image = VipsImage.opening(bytes, with: opened.header.format.loader, shrink: shrink)?
                    .laidOnWhite()?.broughtTo8Bits(),
                let samples = image.resampled(width: width, height: height)
            else { return nil }
            return samples.withUnsafeBytes { samples in
                VipsImage.wrapping(samples, width: width, height: height, like: image)?
                    .colourConverted()?.upright()?.pixels()
            }
        }
    }

    /// Says what is wrong with bytes that a decoder refused: they run out, or they contradict themselves.
    func damage(in bytes: [UInt8], format: ImageFormat) -> DecodingError {
        if FileStructure(bytes: bytes, format: format).endsEarly {
            return DecodingError(
                reason: .truncated,
                message:
                    "The \(format.rawValue) breaks off after \(bytes.count) bytes; fetch or copy it again."
            )
        }
        return DecodingError(
            reason: .corrupt,
            message:
                "The \(format.rawValue) contradicts itself and cannot be decoded; restore it from a good copy."
        )
    }
}

extension VipsImage {
    /// Lays a picture with transparency on white, and drops what is neither colour nor transparency. Before resizing, so that hidden colours cannot bleed into edges.
    consuming func laidOnWhite() -> VipsImage? {
        header.has_alpha ? flattened()?.withoutExtraBands() : withoutExtraBands()
    }

    /// Narrows samples of 16 bits, and converts encodings that do not fit into 8 bits to sRGB.
    consuming func broughtTo8Bits() -> VipsImage? {
        if header.has_8_bit_samples { return self }
        switch header.encoding {
        case CVIPS_ENCODING_LAB, CVIPS_ENCODING_LINEAR_RGB: return convertedToRGB()
        default: return castTo8Bits()
        }
    }

    /// Converts to 8-bit sRGB: by the embedded profile if there is one and it works, else by the rules of the encoding.
    ///
    /// Only with a profile embedded: assuming one shifts the colours of pictures that have none.
    consuming func colourConverted() -> VipsImage? {
        if header.has_profile, let converted = convertedByProfile(), converted.header.isRGB8 {
            return converted
        }
        return convertedToRGB()
    }
}

extension ImageFormat {
    var loader: CVipsLoader {
        switch self {
        case .jpeg: CVIPS_LOADER_JPEG
        case .png: CVIPS_LOADER_PNG
        case .webp: CVIPS_LOADER_WEBP
        case .gif: CVIPS_LOADER_GIF
        case .tiff: CVIPS_LOADER_TIFF
        case .heif, .avif: CVIPS_LOADER_HEIF
        }
    }

    /// Returns how much smaller the decoder itself shall make a picture that is to be reduced by `factor`.
    ///
    /// JPEG decodes at 1/2, 1/4 and 1/8 for less work, but by a cruder average than the kernel's. Leaving the kernel a
    /// reduction of at least 3 keeps 99 % of samples within 5 levels; with 2 it is 8 at little gain
    /// (docs/data-preparation.md has the table). WebP's own reduction saves too little to be worth a difference.
    func shrinkOnLoad(reducingBy factor: Double) -> Int {
        guard self == .jpeg else { return 1 }
        return [8, 4, 2].first { Double($0) * 3 <= factor } ?? 1
    }
}
