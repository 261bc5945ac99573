internal import Catalog
internal import Crypto
internal import Foundation
internal import SystemPackage

extension LibraryVerification {
    /// Reads every present picture from the disk and compares it with what was indexed.
    ///
    /// One that is not the same is no damage of the library: the next `lookalike index` takes it as it is.
    ///
    /// - Parameter report: Called now and then with how many files have been read.
    public mutating func verifyPictures(
        of directory: LibraryDirectory,
        report: (Int) -> Void = { _ in }
    ) throws {
        let catalog = try Catalog(reading: directory.catalog)
        var (read, same) = (0, 0)
        try catalog.forEachPresentFile { path, stamp, hash in
            switch Self.compare(path, stamp, hash) {
            case nil: same += 1
            case .some(let finding): note(finding)
            }
            read += 1
            report(read)
        }
        note(
            LibraryFinding(
                "pictures",
                same == read ? .sound : .note,
                "\(same) of \(read) files are as they were indexed"
            )
        )
    }

    private static func compare(_ path: FilePath, _ stamp: FileStamp, _ hash: [UInt8]) -> LibraryFinding? {
        do {
            // Nothing but a file is waited for, and links are never followed.
            let file = try FileDescriptor.open(
                path,
                .readOnly,
                options: [.noFollow, .nonBlocking, .closeOnExec]
            )
            let (found, length) = try file.closeAfter { try digest(file) }
            guard found != hash else { return nil }
            let isSameSize = length == stamp.byteCount
            return LibraryFinding(
                String(decoding: path),
                .changed,
                isSameSize
                    ? "it holds something else of the same length: edited, or spoilt on the disk; look at it, then "
                        + "run lookalike index"
                    : "it holds something else than was indexed; lookalike index takes it as it is"
            )
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .notDirectory {
            return LibraryFinding(
                String(decoding: path),
                .gone,
                "it is not there; lookalike index marks it as missing"
            )
        } catch {
            return LibraryFinding(String(decoding: path), .unreadable, "\(error); check that you may read it")
        }
    }

    private static func digest(_ file: FileDescriptor) throws -> ([UInt8], Int64) {
        var hash = SHA256()
        var length: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count > 0 else { break }
            buffer.withUnsafeBytes {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
            length += Int64(count)
        }
        return (Array(hash.finalize()), length)
    }
}
