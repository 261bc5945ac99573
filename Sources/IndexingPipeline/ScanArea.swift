internal import Catalog
internal import SystemPackage

/// A part of the file system that one walk covers: an indexed folder or file, or something below it.
struct ScanArea: Sendable {
    /// The folder or file that was named to be indexed; absolute, without symbolic links.
    let root: FilePath
    /// Where the walk begins: the root, or below it.
    let start: FilePath
    let rules: ScanRules

    init(root: FilePath, start: FilePath? = nil, rules: ScanRules) {
        (self.root, self.start, self.rules) = (root, start ?? root, rules)
        precondition(self.start.starts(with: root), "\(self.start) is not in \(root)")
    }

    /// Whether the walk covers less than the root.
    var isPart: Bool { start != root }

    /// The names from below the root down to the start.
    var namesOfStart: [String] {
        start.components.dropFirst(root.components.count).map(\.string)
    }
}
