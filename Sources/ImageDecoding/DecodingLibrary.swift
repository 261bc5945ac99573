import CVips

/// libvips as this process has it.
public enum DecodingLibrary {
    private static let status = cvips_start()

    /// Starts libvips unless that has happened.
    static func start() throws(DecodingError) {
        guard status == 0 else {
            throw DecodingError(
                reason: .unavailable,
                message: "libvips does not start on this machine; reinstall libvips 8.14 or later."
            )
        }
    }

    static func has(_ loader: CVipsLoader) -> Bool { cvips_has_loader(loader) }
}
