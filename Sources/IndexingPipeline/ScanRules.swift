internal import Catalog
internal import SystemPackage

/// Why a walk passes something over.
public enum Exclusion: String, Sendable, Hashable, CaseIterable {
    /// Its name begins with a dot.
    case hidden
    /// It is one of the folders in which systems keep thumbnails, snapshots and what was thrown away.
    case systemFolder = "system-folder"
    /// Its name is not that of a picture.
    case notAPicture = "not-a-picture"
    /// A pattern excludes it.
    case pattern
}

/// Decides what a walk below one folder looks at.
struct ScanRules: Sendable {
    private let excludes: [GlobPattern]
    private let includes: [GlobPattern]

    /// Extensions of the formats that are decoded, and of pictures that people expect to hear about when they
    /// are not.
    static let pictureExtensions: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "tif", "tiff", "heic", "heif", "avif",
        "bmp", "jxl", "jp2", "psd", "svg", "dng", "cr2", "nef", "arw",
    ]

    /// Folders of network storages, of Windows and of file systems; those that begin with a dot are hidden anyway.
    static let systemFolders: Set<String> = [
        "@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin",
        "system volume information", "lost+found", "__macosx",
    ]

    /// Compiles rules.
    ///
    /// - Throws: ``IndexingError/unusablePattern(_:)``.
    init(_ rules: FileRules) throws(IndexingError) {
        func compiled(_ texts: [String]) throws(IndexingError) -> [GlobPattern] {
            var patterns: [GlobPattern] = []
            for text in texts {
                guard let pattern = GlobPattern(text) else { throw .unusablePattern(text) }
                patterns.append(pattern)
            }
            return patterns
        }
        (excludes, includes) = (try compiled(rules.excludes), try compiled(rules.includes))
    }

    /// Why an entry is passed over; nil when it is looked at.
    ///
    /// - Parameter names: Its names from the folder down, its own last.
    func exclusion(of names: [String], isFolder: Bool) -> Exclusion? {
        let name = names.last ?? ""
        if includes.contains(where: { $0.matches(names, isFolder: isFolder) }) { return nil }
        if name.hasPrefix(".") { return .hidden }
        if isFolder, Self.systemFolders.contains(name.lowercased()) { return .systemFolder }
        if excludes.contains(where: { $0.matches(names, isFolder: isFolder) }) { return .pattern }
        return isFolder || Self.namesPicture(name) ? nil : .notAPicture
    }

    /// Whether a file's name claims that it is a picture.
    static func namesPicture(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return pictureExtensions.contains(name[name.index(after: dot)...].lowercased())
    }
}
