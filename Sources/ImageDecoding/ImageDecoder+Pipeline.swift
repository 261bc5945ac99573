import CVips

/// A picture whose header has been read and found within the limits.
struct OpenedImage {
    let header: ImageHeader
    let loader: CVipsLoader
    /// The header as stored, before turning upright.
    let stored: CVipsHeader

    /// EXIF orientations 5 to 8 lie on their side.
    var isTurned: Bool { stored.orientation >= 5 }
}

extension ImageDecoder {
    /// Lets `body` see the bytes at a fixed place, keeping its typed error.
    func withBytes<Result>(
        _ bytes: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(DecodingError) -> Result
    ) throws(DecodingError) -> Result {
        try bytes.withUnsafeBytes { buffer in
            Swift.Result { () throws(DecodingError) in try body(buffer) }
        }.get()
    }

    /// Reads the header and holds it against the limits.
    func open(_ bytes: UnsafeRawBufferPointer, format: ImageFormat) throws(DecodingError) -> OpenedImage {
        if let size = FileStructure.claimedSize(of: bytes, format: format) {
            try check(width: size.width, height: size.height)
        }
        guard DecodingLibrary.has(format.loader) else {
            throw DecodingError(
                reason: .unavailable,
                message: "This libvips has no decoder for \(format.rawValue); install one built with it."
            )
        }
        guard let image = VipsImage.opening(bytes, with: format.loader) else {
            throw damage(in: bytes, format: format)
        }
        let stored = image.header
        try check(width: Int(stored.width), height: Int(stored.height))
        guard stored.has_usable_samples else {
            throw DecodingError(
                reason: .unsupportedFormat,
                message: "The \(format.rawValue) holds samples that are no colours (measurements, perhaps); "
                    + "convert it to 8 or 16 bits per channel."
            )
        }
        let isTurned = stored.orientation >= 5
        let header = ImageHeader(
            format: format,
            width: Int(isTurned ? stored.height : stored.width),
            height: Int(isTurned ? stored.width : stored.height),
            pageCount: Int(stored.page_count)
        )
        return OpenedImage(header: header, loader: format.loader, stored: stored)
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
        _ bytes: UnsafeRawBufferPointer,
        opened: OpenedImage,
        width: Int,
        height: Int,
        shrinkingOnLoad: Bool = true
    ) -> PixelImage? {
        let (width, height) = opened.isTurned ? (height, width) : (width, height)
        let factor = min(
            Double(opened.stored.width) / Double(width),
            Double(opened.stored.height) / Double(height)
        )
        let shrink = shrinkingOnLoad ? opened.header.format.shrinkOnLoad(reducingBy: factor) : 1
        guard
            let image = VipsImage.opening(bytes, with: opened.loader, shrink: shrink)?.laidOnWhite()?
                .broughtTo8Bits(),
            let samples = image.resampled(width: width, height: height)
        else { return nil }
        return samples.withUnsafeBytes { samples in
            VipsImage.wrapping(samples, width: width, height: height, like: image)?
                .colourConverted()?.upright()?.pixels()
        }
    }

    /// Says what is wrong with bytes that a decoder refused: they run out, or they contradict themselves.
    func damage(in bytes: UnsafeRawBufferPointer, format: ImageFormat) -> DecodingError {
        if FileStructure.endsEarly(bytes, format: format) {
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
    /// Lays a picture with transparency on white. Before resizing, so that hidden colours cannot bleed into edges.
    consuming func laidOnWhite() -> VipsImage? {
        guard header.has_alpha else { return self }
        return flattened()
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
    func shrinkOnLoad(reducingBy factor: Double) -> Double {
        switch self {
        case .jpeg: [8, 4, 2].first { $0 * 2 <= factor } ?? 1
        case .webp: max(1, factor / 2)
        default: 1
        }
    }
}
