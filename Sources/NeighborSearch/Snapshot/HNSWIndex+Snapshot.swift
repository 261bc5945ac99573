public import SystemPackage

extension HNSWIndex {
    /// Writes the index to a file (docs/index-file-format.md), replacing what was there only when all is on
    /// disk.
    ///
    /// Searches go on meanwhile, changes wait. Readers that have the old file loaded keep it.
    ///
    /// - Parameter identity: what ``load(from:)`` will report; its model name has at most 384 bytes.
    /// - Throws: ``SnapshotError/cannotWrite(path:step:reason:)`` or
    ///   ``SnapshotError/modelTooLong(byteCount:allowed:)``.
    public func save(to path: FilePath, identity: SnapshotIdentity) throws(SnapshotError) {
        try withState { state throws(SnapshotError) in
            try SnapshotWriter(state: state, identity: identity).save(to: path)
        }
    }

    /// Maps a saved index into memory and checks it.
    ///
    /// Every byte is read once and nothing is copied, except the keys into a table; vectors and links stay in
    /// the page cache, shared between processes. Changing the index copies the pages it touches, never the
    /// file.
    ///
    /// - Throws: ``SnapshotError``, one case per thing that can be wrong. The catalog has what is needed to
    ///   build the index anew.
    /// - Complexity: O(file size).
    public static func load(
        from path: FilePath
    ) throws(SnapshotError) -> (index: HNSWIndex, identity: SnapshotIdentity) {
        let reader = try SnapshotReader(path: path)
        return (HNSWIndex(state: try reader.state()), reader.identity)
    }
}
