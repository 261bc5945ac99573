public import Catalog
internal import Foundation
public import NeighborSearch
internal import Synchronization
internal import SystemPackage

/// An image and the part of it that is nearest to a query.
public struct NearestPart: Hashable, Sendable {
    /// The image.
    public let image: ImageID
    /// Number of the part, from 0.
    public let part: Int
    /// Cosine of the part's vector to the query.
    public let similarity: Float
}

/// Searches the vectors of one model, and follows the catalog they come from.
///
/// Images have one vector each, or several: one for each of a fixed number of parts.
///
/// The catalog keeps a journal of every embedding that comes or goes; the index remembers how far it has
/// read. A snapshot on disk is a head start, never the truth: one that is missing, damaged, foreign, or ahead
/// of the catalog is left aside and the journal is read from its beginning.
public final class LibraryIndex: Sendable {
    /// Tells what was found in place of a usable snapshot.
    public enum SnapshotState: Hashable, Sendable {
        /// The snapshot was loaded.
        case loaded
        /// There is none yet.
        case missing
        /// It cannot be used; the text says why.
        case rejected(String)
    }

    /// What the snapshot on disk was worth when the library was opened.
    public var snapshotState: SnapshotState { opening.withLock { $0 } }
    /// The catalog's number of this index's model.
    public let catalogModel: ModelID
    private let opening: Mutex<SnapshotState>
    let catalog: Catalog
    let model: (identity: String, dimension: Int)
    /// Vectors of an image.
    public let partCount: Int
    private let snapshot: FilePath
    /// Held for a moment, to fetch or replace the index; never while it is searched or changed.
    private let live: Mutex<HNSWIndex>
    /// Held while the index takes in changes or is saved.
    private let journal: Mutex<Journal>
    /// The beam width chosen for this model; 0 when none was.
    private let chosenBeamWidth = Atomic(0)
    /// The newest change that searches know of; what ``Journal/sequence`` was when nobody was changing it.
    private let reachedChange = Atomic<Int64>(0)

    private struct Journal {
        /// The catalog's journal has been read up to here.
        var sequence: Int64
        /// The snapshot on disk reaches up to here; nil when there is no usable one.
        var savedSequence: Int64?
        /// The beam width's setting as it was last read.
        var encodedBeamWidth: String?
        /// Images that are left out because their embedding in the catalog is damaged.
        var damaged: Set<ImageID> = []
    }

    init(
        catalog: Catalog,
        model: (identity: String, dimension: Int),
        partCount: Int = 1,
        snapshot: FilePath
    ) throws {
        self.catalog = catalog
        self.model = model
        self.partCount = partCount
        self.snapshot = snapshot
        catalogModel = try catalog.registerModel(
            identity: model.identity,
            dimension: partCount * model.dimension
        )
        switch Self.load(snapshot, model: model, latestChange: try catalog.latestChange()) {
        case .success(let (index, sequence)):
            opening = Mutex(.loaded)
            live = Mutex(index)
            journal = Mutex(Journal(sequence: sequence, savedSequence: sequence))
        case .failure(let obstacle):
            opening = Mutex(obstacle.state)
            live = Mutex(HNSWIndex(dimension: model.dimension))
            journal = Mutex(Journal(sequence: 0, savedSequence: nil))
        }
        try catchUpAndCheck()
    }

    /// How many images are indexed.
    public var count: Int { index.count / partCount }

    /// How many images are left out of searches because their embedding in the catalog is damaged.
    public var damagedCount: Int { journal.withLock { $0.damaged.count } }

    /// Returns the vector of an image, or nil when it has none.
    ///
    /// - Parameter part: Which of its vectors, below ``partCount``.
    public func vector(of image: ImageID, part: Int = 0) throws -> [Float]? {
        guard image >= 0 else { return nil }
        let key = Self.key(image, part, of: partCount)
        return try withSoundIndex { index throws(NeighborSearchError) in try index.vector(forKey: key) }
    }

    /// Candidates that a search keeps on its way: as many as were chosen for this library, or as is usual.
    public var beamWidth: Int {
        let chosen = chosenBeamWidth.load(ordering: .relaxed)
        return chosen > 0 ? chosen : index.parameters.beamWidth
    }

    /// The key of an image's part in an index that has so many of each; of a single one it is the image's number.
    static func key(_ image: ImageID, _ part: Int, of partCount: Int) -> UInt64 {
        UInt64(image) * UInt64(partCount) + UInt64(part)
    }

    /// Returns the images of which a part is nearest to `query`, each with its nearest part.
    ///
    /// - Parameter wanted: The images that may be in the answer; nil for all.
    /// - Returns: `count` images, or all there are.
    public func nearestParts(to query: [Float], count: Int, among wanted: RowIDs? = nil) throws
        -> [NearestPart]
    {
        let beamWidth = self.beamWidth
        let parts = UInt64(partCount)
        let isWanted = wanted.map { wanted in { (key: UInt64) in wanted.contains(ImageID(key / parts)) } }
        // Parts of one picture are alike and come together.
        var asked = 2 * count
        while true {
            let answer = try withSoundIndex { index throws(NeighborSearchError) in
                try index.nearest(to: query, count: asked, beamWidth: beamWidth, where: isWanted)
            }
            var seen: Set<ImageID> = []
            let nearest = answer.neighbors.compactMap { neighbor in
                let (image, part) = neighbor.key.quotientAndRemainder(dividingBy: parts)
                return seen.insert(ImageID(image)).inserted
                    ? NearestPart(image: ImageID(image), part: Int(part), similarity: neighbor.similarity)
                    : nil
            }
            if nearest.count >= count || answer.neighbors.count < asked {
                return Array(nearest.prefix(count))
            }
            asked *= 2
        }
    }

    /// Returns the images nearest to `query`; see `HNSWIndex.nearest`. For an index with one vector an image.
    ///
    /// - Parameter wanted: The images that may be in the answer; nil for all.
    public func nearest(to query: [Float], count: Int, among wanted: RowIDs? = nil) throws -> SearchAnswer {
        precondition(partCount == 1, "keys of parts are no images")
        let beamWidth = self.beamWidth
        let isWanted = wanted.map { wanted in { (key: UInt64) in wanted.contains(ImageID(key)) } }
        return try withSoundIndex { index throws(NeighborSearchError) in
            try index.nearest(to: query, count: count, beamWidth: beamWidth, where: isWanted)
        }
    }

    /// Takes in what the catalog has committed since the last time, a newly chosen beam width included.
    ///
    /// Searches go on meanwhile. When another thread is already at it, returns at once.
    public func catchUp() throws {
        try journal.withLockIfAvailable { try applyChanges(&$0) }
    }

    /// Returns about how many changes to embeddings searches do not know of yet. Constant time.
    public func pendingChangeCount() throws -> Int {
        max(0, Int(try catalog.latestChange() - reachedChange.load(ordering: .relaxed)))
    }

    /// Looks for up to `sampleCount` images by their own vectors, evenly spread over the catalog.
    ///
    /// The vectors come from the catalog: one that the index lacks or holds otherwise is not found. Of images
    /// with equal vectors any may come first, so the first similarity is what counts.
    public func checkThatImagesFindThemselves(sampleCount: Int) throws -> (found: Int, tried: Int) {
        let sample = try catalog.sampleOfEmbeddings(model: catalogModel, count: sampleCount)
        let found = try sample.filter { _, vector in
            try nearest(to: vector, count: 1).neighbors.contains { $0.similarity > 0.9999 }
        }
        return (found.count, sample.count)
    }

    /// Writes the snapshot to disk, unless the one there is up to date. Only the library's writer may do
    /// this.
    public func save() throws {
        try journal.withLock { journal in
            guard journal.savedSequence != journal.sequence else { return }
            try index.save(
                to: snapshot,
                identity: SnapshotIdentity(model: model.identity, catalogSequence: journal.sequence)
            )
            journal.savedSequence = journal.sequence
        }
    }

    private var index: HNSWIndex { live.withLock { $0 } }

    /// How many vectors are handed to the index at once, so that all cores have work.
    private static let batchSize = 1024

    private func applyChanges(_ journal: inout Journal) throws {
        defer { reachedChange.store(journal.sequence, ordering: .relaxed) }
        let (latestChange, encodedBeamWidth) = try catalog.latestChangeAndBeamWidth()
        if encodedBeamWidth != journal.encodedBeamWidth {
            journal.encodedBeamWidth = encodedBeamWidth
            takeBeamWidth(from: encodedBeamWidth.flatMap(BeamWidthChoice.init(encoded:)))
        }
        guard latestChange != journal.sequence else { return }
        do {
            try applyChanges(&journal, to: index)
        } catch NeighborSearchError.damaged(let error) {
            try startAnew(&journal, because: error.description)
        }
    }

    private func takeBeamWidth(from choice: BeamWidthChoice?) {
        let isUsable =
            choice?.model == model.identity
            && choice.map { HNSWParameters.beamWidthRange.contains($0.beamWidth) } == true
        chosenBeamWidth.store(isUsable ? choice?.beamWidth ?? 0 : 0, ordering: .relaxed)
    }

    /// The catalog's journal names each image once, so the order within a batch does not matter.
    private func applyChanges(_ journal: inout Journal, to index: HNSWIndex) throws {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        var batch: [(key: UInt64, vector: [Float])] = []
        var damaged = journal.damaged
        journal.sequence = try catalog.forEachChange(after: journal.sequence, model: catalogModel) { change in
            if change.isDamaged { damaged.insert(change.imageID) } else { damaged.remove(change.imageID) }
            for part in 0..<partCount {
                let key = Self.key(change.imageID, part, of: partCount)
                if let vector = change.vector {
                    batch.append((key, Array(vector[part * model.dimension..<(part + 1) * model.dimension])))
                } else {
                    try index.remove(key: key)
                }
            }
            if batch.count >= Self.batchSize {
                try index.insert(batch, threads: threads)
                batch.removeAll(keepingCapacity: true)
            }
        }
        try index.insert(batch, threads: threads)
        journal.damaged = damaged
    }

    private func startAnew(_ journal: inout Journal, because reason: String) throws {
        opening.withLock { $0 = .rejected(reason) }
        live.withLock { $0 = HNSWIndex(dimension: model.dimension) }
        (journal.sequence, journal.savedSequence, journal.damaged) = (0, nil, [])
        reachedChange.store(0, ordering: .relaxed)
        try applyChanges(&journal, to: index)
    }

    /// Searches the index; one that turns out to come from a damaged file is built anew from the catalog first.
    func withSoundIndex<Value>(
        _ body: (HNSWIndex) throws(NeighborSearchError) -> Value
    ) throws -> Value {
        let index = self.index
        do {
            return try body(index)
        } catch .damaged(let error) {
            try journal.withLock { journal in
                // Another search may have met the damage before and have seen to it.
                guard self.index === index else { return }
                try startAnew(&journal, because: error.description)
            }
            return try body(self.index)
        }
    }

    /// Catches up and compares the number of vectors with the catalog's, less those that are damaged there; starts
    /// anew when they differ for good.
    private func catchUpAndCheck() throws {
        try journal.withLock { journal in
            // A writer may commit between the two counts, so a difference counts only when the journal stands
            // still.
            for _ in 1...3 {
                try applyChanges(&journal)
                if try catalog.embeddingCount(model: catalogModel) == count + journal.damaged.count { return }
                if try catalog.latestChange() == journal.sequence { break }
            }
            // What the snapshot was saved without is not in the journal any more.
            let damaged = try catalog.damagedEmbeddings(model: catalogModel).filter {
                !index.contains(Self.key($0, 0, of: partCount))
            }
            if try catalog.embeddingCount(model: catalogModel) == count + damaged.count {
                journal.damaged = Set(damaged)
                return
            }
            let (held, known) = (count, try catalog.embeddingCount(model: catalogModel))
            try startAnew(&journal, because: "it holds \(held) of \(known) vectors")
        }
    }
}

extension LibraryIndex {
    private struct Obstacle: Error {
        let state: SnapshotState
    }

    private static func load(
        _ path: FilePath,
        model: (identity: String, dimension: Int),
        latestChange: Int64
    ) -> Result<(HNSWIndex, Int64), Obstacle> {
        func rejected(_ reason: String) -> Result<(HNSWIndex, Int64), Obstacle> {
            .failure(Obstacle(state: .rejected(reason)))
        }
        guard FileManager.default.fileExists(atPath: path.string) else {
            return .failure(Obstacle(state: .missing))
        }
        do {
            let (index, identity) = try HNSWIndex.load(from: path)
            guard identity.model == model.identity, index.dimension == model.dimension else {
                return rejected("it belongs to model \(identity.model)")
            }
            guard identity.catalogSequence <= latestChange else {
                return rejected("it is ahead of the catalog: \(identity.catalogSequence) > \(latestChange)")
            }
            return .success((index, identity.catalogSequence))
        } catch {
            return rejected(String(describing: error))
        }
    }
}
