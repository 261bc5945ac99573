public import Catalog
public import SystemPackage

/// Something that a run tells about while it goes on.
public enum IndexingEvent: Sendable {
    /// What became of a file is in the catalog, and survives a power cut.
    case settled(FilePath, FileFate)
    /// A file or folder was passed over by a rule.
    case excluded(FilePath, Exclusion)
    /// How far the run has come.
    case progress(IndexingProgress)
}

/// What became of a file.
public enum FileFate: Sendable, Hashable {
    /// Its picture is new in the library.
    case indexed
    /// It holds what it held before.
    case unchanged
    /// It was known under another path, where it is no more.
    case moved
    /// It holds a picture that the library has already, under this or another path.
    case duplicate
    /// It is not indexed, and why.
    case refused(Refusal)
}

/// What would become of a file, as far as can be told without reading it.
public enum FilePreview: Sendable, Hashable {
    /// It would be read.
    case read
    /// It has not changed.
    case unchanged
    /// It is known under another path; it has been moved, or has two names.
    case moved
    /// It would not be read, or would be refused as it was before.
    case refused(Refusal)
    /// A rule passes it over.
    case excluded(Exclusion)
}
