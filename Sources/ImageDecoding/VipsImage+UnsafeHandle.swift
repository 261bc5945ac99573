import CVips

/// An image of libvips, owned. A step of the pipeline gives a new one and leaves the old one as it was.
///
/// The pipeline runs only in `copiedToMemory` and `pixels`; the bytes it was opened on must outlive that,
/// which is why `opening` takes them as a buffer pointer whose closure the caller is in.
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

    /// Wraps RGB samples, which must outlive the image.
    static func wrapping(_ samples: UnsafeRawBufferPointer, width: Int, height: Int) -> VipsImage? {
        VipsImage(cvips_image_from_rgb(samples.baseAddress, samples.count, Int32(width), Int32(height)))
    }

    var header: CVipsHeader { cvips_image_header(handle) }

    func flattened() -> VipsImage? { VipsImage(cvips_image_flattened(handle)) }

    func resized(width: Int, height: Int) -> VipsImage? {
        VipsImage(cvips_image_resized(handle, Int32(width), Int32(height)))
    }

    func convertedByProfile() -> VipsImage? { VipsImage(cvips_image_converted_by_profile(handle)) }

    func convertedToRGB() -> VipsImage? { VipsImage(cvips_image_converted_to_rgb(handle)) }

    func copiedToMemory() -> VipsImage? { VipsImage(cvips_image_copied_to_memory(handle)) }

    func upright() -> VipsImage? { VipsImage(cvips_image_upright(handle)) }

    /// Runs the pipeline and copies its RGB samples out, once.
    func pixels() -> PixelImage? {
        let header = header
        let count = Int(header.width) * Int(header.height) * 3
        var succeeded = false
        let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            succeeded = cvips_image_write_pixels(handle, buffer.baseAddress, count) == 0
            initializedCount = succeeded ? count : 0
        }
        guard succeeded else { return nil }
        return PixelImage(width: Int(header.width), height: Int(header.height), pixels: samples)
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
