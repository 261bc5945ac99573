import CVips

/// An image of libvips, owned. A step of the pipeline gives a new one and leaves the old one as it was.
///
/// The pipeline runs only in `forEachBlock` and `encoded`; the bytes it was opened on must outlive that, which
/// is why `opening` takes them as a buffer pointer whose closure the caller is in.
struct VipsImage: ~Copyable {
    private let handle: OpaquePointer

    private init?(_ handle: OpaquePointer?) {
        guard let handle else { return nil }
        self.handle = handle
    }

    deinit { cvips_image_release(handle) }

    /// Opens encoded bytes with one loader; nil if it refuses them, or if another one should have answered.
    static func opening(
        _ bytes: UnsafeRawBufferPointer,
        with loader: CVipsLoader,
        shrink: Double = 1
    ) -> VipsImage? {
        guard let image = VipsImage(cvips_image_load(loader, bytes.baseAddress, bytes.count, shrink)),
            cvips_image_came_from(image.handle, loader)
        else { return nil }
        return image
    }

    /// Wraps 8-bit samples, which must outlive the image: grey, RGB or CMYK by the number of channels.
    static func wrapping(
        _ samples: UnsafeRawBufferPointer,
        width: Int,
        height: Int,
        channels: Int = 3
    ) -> VipsImage? {
        VipsImage(
            cvips_image_from_samples(
                samples.baseAddress,
                samples.count,
                Int32(width),
                Int32(height),
                Int32(channels)
            )
        )
    }

    /// Gives an image that wraps samples the colour profile of another, if that has one.
    consuming func adoptingProfile(of model: borrowing VipsImage) -> VipsImage {
        cvips_image_adopt_profile(handle, model.handle)
        return self
    }

    var header: CVipsHeader { cvips_image_header(handle) }

    func withoutExtraBands() -> VipsImage? { VipsImage(cvips_image_without_extra_bands(handle)) }

    func flattened() -> VipsImage? { VipsImage(cvips_image_flattened(handle)) }

    func castTo8Bits() -> VipsImage? { VipsImage(cvips_image_cast_to_8_bits(handle)) }

    func convertedByProfile() -> VipsImage? { VipsImage(cvips_image_converted_by_profile(handle)) }

    func convertedToRGB() -> VipsImage? { VipsImage(cvips_image_converted_to_rgb(handle)) }

    func cropped(left: Int, top: Int, width: Int, height: Int) -> VipsImage? {
        VipsImage(cvips_image_cropped(handle, Int32(left), Int32(top), Int32(width), Int32(height)))
    }

    func mirrored() -> VipsImage? { VipsImage(cvips_image_mirrored(handle)) }

    func turned(byDegrees degrees: Double) -> VipsImage? { VipsImage(cvips_image_turned(handle, degrees)) }

    func brightened(by factor: Double) -> VipsImage? { VipsImage(cvips_image_brightened(handle, factor)) }

    /// Turns and mirrors an image that wraps samples.
    func upright(from orientation: Int32) -> VipsImage? {
        VipsImage(cvips_image_upright(handle, orientation))
    }

    /// Some rows of 8-bit samples, `stride` bytes apart.
    struct RowBlock {
        let samples: UnsafePointer<UInt8>
        let rowCount: Int
        let stride: Int
    }

    /// Runs the pipeline and hands over blocks of rows from the top, all as high as the resampler wants them but the
    /// last; false if the data stops it.
    func forEachBlock(_ body: (RowBlock) -> Void) -> Bool {
        withoutActuallyEscaping(body) { body in
            var body = body
            return withUnsafeMutablePointer(to: &body) { context in
                cvips_image_read_rows(
                    handle,
                    Int32(BicubicResampler.blockRows),
                    { samples, rowCount, stride, context in
                        let body = context!.assumingMemoryBound(to: ((RowBlock) -> Void).self)
                        body.pointee(RowBlock(samples: samples!, rowCount: rowCount, stride: stride))
                    },
                    context
                ) == 0
            }
        }
    }

    /// Runs the pipeline and copies its RGB samples out, once.
    func pixels() -> PixelImage? {
        let header = header
        guard header.isRGB8 else { return nil }
        let (width, height) = (Int(header.width), Int(header.height))
        var samples: [UInt8] = []
        samples.reserveCapacity(width * height * 3)
        let delivered = forEachBlock { block in
            for row in 0..<block.rowCount {
                samples += UnsafeBufferPointer(start: block.samples + row * block.stride, count: width * 3)
            }
        }
        guard delivered else { return nil }
        return PixelImage(width: width, height: height, pixels: samples)
    }

    /// Runs the pipeline and resamples its rows as they come; the samples keep their encoding.
    func resampled(width: Int, height: Int) -> [UInt8]? {
        let header = header
        var resampler = BicubicResampler(
            inputWidth: Int(header.width),
            inputHeight: Int(header.height),
            outputWidth: width,
            outputHeight: height,
            channels: Int(header.band_count)
        )
        guard forEachBlock({ resampler.append($0.samples, count: $0.rowCount, stride: $0.stride) }) else {
            return nil
        }
        return resampler.output
    }

    /// Encodes without metadata; nil if the encoder is missing or refuses.
    func encoded(as saver: CVipsSaver, quality: Int) -> [UInt8]? {
        var bytes: UnsafeMutableRawPointer?
        var count = 0
        guard cvips_image_encode(handle, saver, Int32(quality), &bytes, &count) == 0, let bytes else {
            return nil
        }
        defer { cvips_free(bytes) }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    }
}

extension CVipsHeader {
    /// Whether samples can be copied out as they are.
    var isRGB8: Bool { encoding == CVIPS_ENCODING_RGB && band_count == 3 && has_8_bit_samples }
}
