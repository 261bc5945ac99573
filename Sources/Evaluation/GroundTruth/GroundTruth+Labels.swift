internal import ImageDecoding
internal import IndexingPipeline
public import SystemPackage

extension GroundTruth {
    /// What of a picture's place is its label.
    public enum FolderLabel: String, Sendable, CaseIterable {
        /// The folders from the root down: `photo/dog` and `sketch/dog` are different.
        case path
        /// The innermost folder's name alone: `photo/dog` and `sketch/dog` are the same.
        case name
    }

    /// Takes the folder that a picture lies in as its label.
    ///
    /// Pictures that lie in `root` itself belong to the collection and are right for nothing.
    ///
    /// - Throws: ``EvaluationError/nothingToFind(reason:)`` when no label has two pictures.
    public init(folders root: FilePath, label: FolderLabel = .path) throws(EvaluationError) {
        let pictures = PictureFolder.pictures(below: root)
        let labels = pictures.map { picture -> String? in
            let folders = picture.removingLastComponent().components.dropFirst(root.components.count)
            guard let innermost = folders.last else { return nil }
            return label == .name ? innermost.string : folders.map(\.string).joined(separator: "/")
        }
        try self.init(pictures: pictures, labels: labels, origin: "folders of \(root.string)")
    }

    /// Takes labels from a table with the columns `path` and `label`; paths are relative to `root`, or absolute.
    ///
    /// Pictures below `root` that the table does not name are not part of the collection.
    ///
    /// - Throws: ``EvaluationError``.
    public init(labels table: FilePath, root: FilePath) throws(EvaluationError) {
        let rows = try Table(contentsOf: table, columns: ["path", "label"])
        try self.init(
            pictures: rows.rows.map { root.pushing(FilePath($0.values[0])).lexicallyNormalized() },
            labels: rows.rows.map { $0.values[1].isEmpty ? nil : $0.values[1] },
            origin: "labels of \(table.string)"
        )
    }

    private init(pictures: [FilePath], labels: [String?], origin: String) throws(EvaluationError) {
        let names = Set(labels.compactMap(\.self)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
        let numbered = labels.map { $0.flatMap { numbers[$0] } ?? -1 }
        let sizes = numbered.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        let queries = pictures.indices.compactMap { index -> Query? in
            guard let label = labels[index], sizes[numbered[index], default: 0] > 1 else { return nil }
            return Query(picture: index, variation: nil, group: label)
        }
        guard !queries.isEmpty else {
            throw .nothingToFind(
                reason:
                    "\(origin): no label has two pictures (\(pictures.count) pictures, \(names.count) labels); "
                    + "put pictures that belong together into a folder of their own"
            )
        }
        // A picture without a label is right for nothing, and there are no queries for it.
        self.init(pictures: pictures, queries: queries, origin: origin, relevance: .labels(numbered))
    }
}
