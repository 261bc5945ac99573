public import SystemPackage

/// Where the content of a loaded index lies.
public enum Residency: Sendable, CaseIterable {
    /// In the mapped file: opened at once, in the page cache, shared between processes, dropped and read again as the
    /// system needs memory.
    case mapped
    /// In memory of this process, on big pages where the system grants them: read and checked as a whole first, and
    /// faster to search then. For those who will search a big index many times.
    case memory
}

extension HNSWIndex {
    /// Writes the index to a file (docs/index-file-format.md), replacing what was there only when all is on
    /// disk.
    ///
    /// Removed items' nodes are taken out first, and nodes get new numbers, neighbours near each other. Searches
    /// go on meanwhile, changes wait. Readers that have the old file loaded keep it.
    ///
    /// - Parameter identity: what ``load(from:residency:)`` will report; its model name has at most 384 bytes.
    /// - Throws: ``SnapshotError/cannotWrite(path:step:reason:)``,
    ///   ``SnapshotError/modelTooLong(byteCount:allowed:)``, or what is wrong with the file the index came from.
    public func save(to path: FilePath, identity: SnapshotIdentity) throws(SnapshotError) {
        try gate.withWriting { () throws(SnapshotError) in
            consolidateLocked()
            // What comes from a file and was never changed may hold links that lead nowhere.
            if builder == nil { try verifyLocked() }
            try SnapshotWriter(
                graph: graph,
                parameters: parameters,
                levelGenerator: levelGenerator,
                identity: identity
            ).save(to: path)
        }
    }

    /// Maps a saved index into memory, or copies it there.
    ///
    /// Of a mapped one the small parts are checked at once, the others block by block when a search first needs
    /// them: see docs/index-file-format.md. Nothing is copied but the keys into a table; all else stays in the page
    /// cache, shared between processes. Changing the index copies it. Of a copied one all blocks are checked
    /// at once, in the copy.
    ///
    /// - Throws: ``SnapshotError``, one case per thing that can be wrong. The catalog has what is needed to
    ///   build the index anew.
    /// - Complexity: O(items), 14 bytes each; for ``Residency/memory`` the whole file.
    public static func load(
        from path: FilePath,
        residency: Residency = .mapped
    ) throws(SnapshotError) -> (index: HNSWIndex, identity: SnapshotIdentity) {
        let reader = try SnapshotReader(path: path, residency: residency)
        return (try reader.index(), reader.identity)
    }

    /// Checks everything in an index that comes from a file, and that its graph is whole.
    ///
    /// - Throws: ``SnapshotError``.
    public func verify() throws(SnapshotError) {
        try gate.withWriting { () throws(SnapshotError) in try verifyLocked() }
    }
}
