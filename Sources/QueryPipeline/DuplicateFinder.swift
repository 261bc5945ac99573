public import Catalog
internal import Foundation
public import ImageLibrary
internal import NeighborSearch
public import Reranking

/// Pictures that are copies of one another.
public struct DuplicateGroup: Codable, Hashable, Sendable {
    /// What makes them one group.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// One content in several files: the group has one image with all of them.
        case exact
        /// Several images that look alike as copies do.
        case near
    }

    /// What makes them one group.
    public let kind: Kind
    /// The images, the one with the most pixels first.
    public let images: [ImageRecord]
}

/// Finds the copies in a library.
///
/// Near-duplicates are the connected parts of a graph: each image is joined to those of its nearest neighbours that
/// ``DuplicateTest`` takes for copies of it. Blocks, for about a search per image.
public struct DuplicateFinder: Sendable {
    /// Neighbours of an image that are looked at. A group may be larger: it is held together by chains.
    static let neighborCount = 24

    private let library: Library
    private let test: DuplicateTest

    /// Creates a finder.
    public init(library: Library, test: DuplicateTest = .measured) {
        (self.library, self.test) = (library, test)
    }

    /// Returns the groups of images that these people may find and a file is there for, the largest first.
    ///
    /// - Parameter progress: Called now and then with the share of images done; false stops the search.
    /// - Returns: nil when it was stopped. Each group is the numbers of its images, ascending.
    public func nearDuplicates(
        for audience: Audience,
        progress: (Double) -> Bool = { _ in true }
    ) throws -> [[ImageID]]? {
        try library.index.catchUp()
        let wanted = try library.catalog.imageIDs(matching: ImageFilter(), for: audience)
        var groups = DisjointSets()
        let all = wanted.all
        for (place, image) in all.enumerated() {
            if place % 256 == 0, !progress(Double(place) / Double(all.count)) { return nil }
            guard let vector = try library.index.vector(of: image) else { continue }
            let near = try library.index.nearest(to: vector, count: Self.neighborCount, among: wanted)
                .neighbors
                .filter { ImageID($0.key) != image && $0.similarity >= test.similarityWithHash }
            guard !near.isEmpty else { continue }
            let hashes = try library.catalog.perceptualHashes(of: [image] + near.map { ImageID($0.key) })
            for neighbor in near {
                let pair = (hashes[image], hashes[ImageID(neighbor.key)])
                if test.areCopies(similarity: neighbor.similarity, hashes: pair) {
                    groups.join(image, ImageID(neighbor.key))
                }
            }
        }
        return groups.sets.filter { $0.count > 1 }
            .sorted { $0.count == $1.count ? $0[0] < $1[0] : $0.count > $1.count }
    }

    /// Describes groups of images; what has gone meanwhile is left out, and a group of fewer than two with it.
    public func describe(_ groups: some Collection<[ImageID]>, for audience: Audience) throws
        -> [DuplicateGroup]
    {
        try groups.compactMap { group in
            let images = try library.catalog.images(group.prefix(Catalog.maximumImagesPerQuery))
                .filter { audience.mayFind($0.visibility) && $0.locations.first?.missingSince == nil }
                .sorted { ($1.pixelCount, $0.id) < ($0.pixelCount, $1.id) }
            return images.count < 2 ? nil : DuplicateGroup(kind: .near, images: images.map(ImageRecord.init))
        }
    }

    /// Returns the images that lie in several files that are there, the one in most files first.
    public func exactDuplicates(for audience: Audience) throws -> [DuplicateGroup] {
        var rest = try library.catalog.imagesInSeveralFiles()[...]
        var groups: [DuplicateGroup] = []
        while !rest.isEmpty {
            let portion = rest.prefix(Catalog.maximumImagesPerQuery)
            rest = rest.dropFirst(portion.count)
            let images = try library.catalog.images(portion).filter { audience.mayFind($0.visibility) }
            let known = Dictionary(uniqueKeysWithValues: images.map { ($0.id, $0) })
            groups += portion.compactMap { known[$0] }.map {
                DuplicateGroup(kind: .exact, images: [ImageRecord($0)])
            }
        }
        return groups
    }
}

extension StoredImage {
    fileprivate var pixelCount: Int { description.width * description.height }
}

/// Sets that are joined until nothing belongs together any more (Tarjan, 1975).
private struct DisjointSets {
    private var parents: [Int64: Int64] = [:]

    mutating func join(_ one: Int64, _ other: Int64) {
        let (first, second) = (root(of: one), root(of: other))
        if first != second { parents[max(first, second)] = min(first, second) }
    }

    private mutating func root(of element: Int64) -> Int64 {
        var root = element
        while let parent = parents[root], parent != root { root = parent }
        parents[element] = root
        if parents[root] == nil { parents[root] = root }
        return root
    }

    /// The sets, elements ascending.
    var sets: [[Int64]] {
        var copy = self
        var sets: [Int64: [Int64]] = [:]
        for element in parents.keys.sorted() { sets[copy.root(of: element), default: []].append(element) }
        return Array(sets.values)
    }
}
