internal import CSandbox
import SystemPackage

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension ImageSource {
    /// Reads the encoded bytes once their beginning looks like a picture and their number is allowed.
    ///
    /// A file is read whole instead of being mapped or read piecemeal by the decoder: another program that
    /// cuts a mapped file short would kill this one, and file and upload take the same way from here on.
    func read(limits: DecodingLimits) throws(ImageDecodingError) -> (bytes: [UInt8], format: ImageFormat) {
        switch self {
        case .bytes(let bytes):
            try Self.check(byteCount: bytes.count, limits: limits)
            return (bytes, try Self.format(of: Array(bytes.prefix(Signature.length))))
        case .file(let path):
            // Without nonBlocking, opening a pipe that nobody writes to would wait forever.
            return try Self.read(limits: limits) {
                try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
            }
        case .fileWithoutLinks(let path):
            return try Self.read(limits: limits) {
                let descriptor = path.withPlatformString { csandbox_open_without_links($0) }
                guard descriptor >= 0 else { throw Errno(rawValue: errno) }
                return FileDescriptor(rawValue: descriptor)
            }
        }
    }

    private static func read(
        limits: DecodingLimits,
        opening: () throws -> FileDescriptor
    ) throws(ImageDecodingError) -> (bytes: [UInt8], format: ImageFormat) {
        do {
            let file = try opening()
            defer { try? file.close() }
            let size = try regularFileSize(file)
            try check(byteCount: size, limits: limits)
            let start = try bytes(of: file, from: 0, count: min(size, Signature.length))
            let format = try format(of: start)
            return (try bytes(of: file, from: 0, count: size), format)
        } catch let error as ImageDecodingError {
            throw error
        } catch let error as Errno {
            throw ImageDecodingError(
                reason: .unreadable,
                message: "The file cannot be read (\(error)); check that it exists and that you may read it."
            )
        } catch {
            preconditionFailure("reading a file throws Errno alone, got \(error)")
        }
    }

    private static func regularFileSize(_ file: FileDescriptor) throws -> Int {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ImageDecodingError(
                reason: .notAFile,
                message:
                    "The name leads to \(kind(status.st_mode)), not to a regular file; name a picture file."
            )
        }
        return Int(status.st_size)
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a directory"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "something else"
        }
    }

    /// Reads up to `count` bytes; fewer when the file has become shorter meanwhile.
    private static func bytes(of file: FileDescriptor, from offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]
                )
                let read = try file.read(fromAbsoluteOffset: offset + Int64(filled), into: rest)
                if read == 0 { break }
                filled += read
            }
        }
    }

    private static func check(byteCount: Int, limits: DecodingLimits) throws(ImageDecodingError) {
        guard byteCount > 0 else {
            throw ImageDecodingError(
                reason: .empty,
                message: "There are no bytes; the file may still be downloading, or be a placeholder."
            )
        }
        guard byteCount <= limits.maximumByteCount else {
            throw ImageDecodingError(
                reason: .tooManyBytes,
                message: "There are \(byteCount) bytes, \(limits.maximumByteCount) are allowed; "
                    + "make the picture smaller."
            )
        }
    }

    private static func format(of start: [UInt8]) throws(ImageDecodingError) -> ImageFormat {
        let known = ImageFormat.allCases.map(\.rawValue).joined(separator: ", ")
        switch Signature(start) {
        case .supported(let format):
            return format
        case .refused(let name):
            throw ImageDecodingError(
                reason: .unsupportedFormat,
                message: "The file is \(name), which is not decoded here; convert it to one of \(known)."
            )
        case .unknown:
            throw ImageDecodingError(
                reason: .notAnImage,
                message:
                    "The file does not begin like a picture, whatever its name says; give one of \(known)."
            )
        }
    }
}
