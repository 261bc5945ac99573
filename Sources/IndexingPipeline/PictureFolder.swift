public import SystemPackage

/// Finds pictures for those who want to know nothing but where they are.
public enum PictureFolder {
    /// The files below `root` that have a picture's extension, in byte order of their paths; what indexing passes over or
    /// refuses without opening it is passed over.
    public static func pictures(below root: FilePath) -> [FilePath] {
        var pictures: [FilePath] = []
        DirectoryScanner().walk(root) { finding in
            if case .candidate(let path, _) = finding { pictures.append(path) }
            return true
        }
        return pictures
    }
}
