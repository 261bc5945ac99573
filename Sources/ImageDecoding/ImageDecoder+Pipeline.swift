import CVips

/// A picture whose header has been read and found within the limits.
struct OpenedImage {
    let header: ImageHeader
    /// The header as stored, before turning upright.
    let stored: CVipsHeader
    /// EXIF orientations 5 to 8 lie on their side.
    let isTurned: Bool

    /// Bytes of all samples as a decoder holds them; some add transparency.
    var sampleByteCount: Int {
        Int(stored.width) * Int(stored.height) * max(4, Int(stored.band_count))
            * (stored.has_8_bit_samples ? 1 : 2)
    }

    init(format: ImageFormat, stored: CVipsHeader) {
        self.stored = stored
        isTurned = stored.orientation >= 5
        header = ImageHeader(
            format: format,
            width: Int(isTurned ? stored.height : stored.width),
            height: Int(isTurned ? stored.width : stored.height),
            pageCount: Int(stored.page_count)
        )
    }
}

extension ImageDecoder {
    /// Reads the header and holds it against the limits.
    func open(_ bytes: [UInt8], format: ImageFormat) throws(ImageDecodingError) -> OpenedImage {
        guard DecodingLibrary.has(format.loader) else {
            throw ImageDecodingError(
                reason: .unavailable,
                message: "This libvips has no decoder for \(format.rawValue); install one built with it."
            )
        }
        let structure = FileStructure(bytes: bytes, format: format)
        if let claim = structure.largestClaim { try check(width: claim.width, height: claim.height) }
        let opened = bytes.withUnsafeBytes { VipsImage.opening($0, with: format.loader)?.header }
        guard let stored = opened else { throw damage(in: bytes, format: format) }
        try check(width: Int(stored.width), height: Int(stored.height))
        if structure.lacksData { throw truncated(bytes, format: format) }
        guard stored.has_usable_samples else {
            throw ImageDecodingError(
                reason: .unsupportedFormat,
                message: "The \(format.rawValue) holds samples that are no colours (measurements, perhaps); "
                    + "convert it to 8 or 16 bits per channel."
            )
        }
        return OpenedImage(format: format, stored: stored)
    }

    func check(width: Int, height: Int) throws(ImageDecodingError) {
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= limits.maximumPixelCount else {
            throw ImageDecodingError(
                reason: .tooManyPixels,
                message:
                    "The picture claims \(width)×\(height) pixels, \(limits.maximumPixelCount) are allowed; "
                    + "make it smaller."
            )
        }
    }

    func check(target: (width: Int, height: Int), of header: ImageHeader) throws(ImageDecodingError) {
        guard target.width * target.height <= limits.maximumThumbnailPixelCount else {
            throw ImageDecodingError(
                reason: .tooElongated,
                message: "The picture is \(header.width)×\(header.height) and would become "
                    + "\(target.width)×\(target.height), more than the \(limits.maximumThumbnailPixelCount) pixels "
                    + "allowed; cut it into shorter pieces."
            )
        }
    }

    /// Runs the pipeline; nil if the decoder stumbles over the data.
    func decode(
        _ bytes: [UInt8],
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
        let structure = FileStructure(bytes: bytes, format: opened.header.format)
        let flat = bytes.withUnsafeBytes { bytes -> PixelImage? in
            guard
                let image = VipsImage.opening(bytes, with: opened.header.format.loader, shrink: shrink)?
                    .laidOnWhite(ignoringTransparency: structure.hasNoTransparency)?.broughtTo8Bits(),
                let samples = image.resampled(width: width, height: height)
            else { return nil }
            return convertedToRGB(samples, width: width, height: height, like: image)
        }
        return flat.flatMap { upright($0, from: opened.stored.orientation) }
    }

    /// Converts samples to sRGB: by the profile of the image they come from if there is one and it works,
    /// else by the rules of their encoding.
    ///
    /// Only with a profile embedded: assuming one shifts the colours of pictures that have none.
    private func convertedToRGB(
        _ samples: [UInt8],
        width: Int,
        height: Int,
        like model: borrowing VipsImage
    ) -> PixelImage? {
        let channels = Int(model.header.band_count)
        let converted = samples.withUnsafeBytes { buffer -> PixelImage? in
            guard model.header.has_profile else { return nil }
            return VipsImage.wrapping(buffer, width: width, height: height, channels: channels)?
                .adoptingProfile(of: model).convertedByProfile()?.pixels()
        }
        if let converted { return converted }
        switch channels {
        case 1: return PixelImage(width: width, height: height, pixels: samples.flatMap { [$0, $0, $0] })
        case 3: return PixelImage(width: width, height: height, pixels: samples)
        default: return PixelImage(width: width, height: height, pixels: lightLeft(byInks: samples))
        }
    }

    /// Converts CMYK without a profile the plain way, in which each ink takes its share of the light.
    ///
    /// libvips would assume a printing press of its own; Pillow and browsers do this.
    private func lightLeft(byInks samples: [UInt8]) -> [UInt8] {
        stride(from: 0, to: samples.count, by: 4).flatMap { start in
            let paper = 255 - Int(samples[start + 3])
            return (0..<3).map { UInt8(((255 - Int(samples[start + $0])) * paper + 127) / 255) }
        }
    }

    private func upright(_ image: PixelImage, from orientation: Int32) -> PixelImage? {
        guard orientation > 1 else { return image }
        return image.pixels.withUnsafeBytes { samples in
            VipsImage.wrapping(samples, width: image.width, height: image.height)?
                .upright(from: orientation)?.pixels()
        }
    }

    private func truncated(_ bytes: [UInt8], format: ImageFormat) -> ImageDecodingError {
        ImageDecodingError(
            reason: .truncated,
            message:
                "The \(format.rawValue) breaks off after \(bytes.count) bytes; fetch or copy it again."
        )
    }

    /// Says what is wrong with bytes that a decoder refused: they run out, or they contradict themselves.
    func damage(in bytes: [UInt8], format: ImageFormat) -> ImageDecodingError {
        if FileStructure(bytes: bytes, format: format).endsEarly { return truncated(bytes, format: format) }
        return ImageDecodingError(
            reason: .corrupt,
            message:
                "The \(format.rawValue) contradicts itself and cannot be decoded; restore it from a good copy."
        )
    }
}

extension VipsImage {
    /// Lays a picture with transparency on white, and drops what is neither colour nor transparency. Before
    /// resizing, so that hidden colours cannot bleed into edges.
    consuming func laidOnWhite(ignoringTransparency: Bool) -> VipsImage? {
        header.has_alpha && !ignoringTransparency ? flattened()?.withoutExtraBands() : withoutExtraBands()
    }

    /// Narrows samples of 16 bits, and converts encodings that do not fit into 8 bits to sRGB.
    consuming func broughtTo8Bits() -> VipsImage? {
        if header.has_8_bit_samples { return self }
        switch header.encoding {
        case CVIPS_ENCODING_LAB, CVIPS_ENCODING_LINEAR_RGB: return convertedToRGB()
        default: return castTo8Bits()
        }
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
    /// JPEG decodes at 1/2, 1/4 and 1/8, WebP at any size, for much less work but by cruder averages than the
    /// kernel's. Leaving the kernel a reduction of at least 1.45 keeps embeddings within a cosine of 0.990 of those
    /// of all pixels; leaving it 1.2 does not (0.986). docs/data-preparation.md has the table.
    func shrinkOnLoad(reducingBy factor: Double) -> Double {
        let allowed = factor / 1.45
        switch self {
        case .jpeg: return [8, 4, 2].first { $0 <= allowed } ?? 1
        case .webp: return max(1, allowed)
        case .png, .gif, .tiff, .heif, .avif: return 1
        }
    }
}
