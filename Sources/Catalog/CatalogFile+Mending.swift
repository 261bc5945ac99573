internal import CPageChecksums
public import SystemPackage

extension CatalogFile {
    /// What became of the pages of a damaged catalog.
    public struct Mending: Hashable, Sendable {
        /// Pages of which one bit had been flipped; they are now as they were written.
        public var mended: [UInt32] = []
        /// Pages that are not what was written, and cannot be told what they were.
        public var lost: [UInt32] = []
    }

    /// Mends pages of which one bit was flipped, in place: the checksum tells which bit it was.
    ///
    /// Works on a file that SQLite does not open as well. Nobody else may have it open.
    ///
    /// - Throws: ``CatalogError`` when the file cannot be read or written.
    public static func mend(_ path: FilePath) throws(CatalogError) -> Mending {
        do {
            let file = try FileDescriptor.open(path, .readWrite)
            return try file.closeAfter { try mend(file) }
        } catch {
            throw .unusable(path: path.string, reason: "\(error); check that you may write it")
        }
    }

    /// The size that every catalog's pages have.
    private static let pageSize = 4096

    private static func mend(_ file: FileDescriptor) throws -> Mending {
        var outcome = Mending()
        var page = [UInt8](repeating: 0, count: pageSize)
        var number: UInt32 = 1
        while try page.withUnsafeMutableBytes({
            try file.read(fromAbsoluteOffset: Int64(number - 1) * Int64(pageSize), into: $0)
        }) == pageSize {
            let state = lk_page_mend(&page, Int32(pageSize), number)
            if number == 1, state < 0 || !saysItCarriesChecksums(page) { return outcome }
            if state > 0 {
                try file.writeAll(toAbsoluteOffset: Int64(number - 1) * Int64(pageSize), page)
                outcome.mended.append(number)
            } else if state < 0 {
                outcome.lost.append(number)
            }
            number += 1
        }
        if !outcome.mended.isEmpty { try synchronize(file) }
        return outcome
    }

    private static func saysItCarriesChecksums(_ header: [UInt8]) -> Bool {
        header[20] == UInt8(LK_PAGE_CHECKSUM_BYTES)
            && header[68..<72].reduce(0) { $0 << 8 | Int32($1) } == LK_PAGE_CHECKSUM_APPLICATION
    }
}
