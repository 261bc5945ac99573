internal import Catalog
public import SystemPackage

/// Finds pictures for those who want to know nothing but where they are.
public enum PictureFolder {
    /// The files below `root` that have a picture's extension, in byte order of their paths; what indexing passes over or
    /// refuses without opening it is passed over.
    public static func pictures(below root: FilePath) -> [FilePath] {
        var pictures: [FilePath] = []
        guard let rules = try? ScanRules(FileRules()) else { preconditionFailure("no rules are wrong rules") }
        DirectoryScanner().walk(ScanArea(root: root, rules: rules)) { finding in
            if case .candidate(let path, _) = finding { pictures.append(path) }
            return true
        }
        return pictures
    }
}
