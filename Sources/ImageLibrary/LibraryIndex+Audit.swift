internal import Catalog
internal import Foundation
public import NeighborSearch

/// What an audit of a library's index found, for each kind of queries it was tried on.
public struct LibraryAudit: Sendable {
    /// Where queries come from.
    public enum Source: String, Codable, Hashable, Sendable {
        /// Vectors of the library's own images.
        case stored
        /// Vectors of pictures that people searched with.
        case logged
    }

    /// The findings on one kind of queries.
    public struct Part: Sendable {
        /// Where the queries come from.
        public let source: Source
        /// What was measured on them.
        public let report: RecallAudit.Report
        fileprivate let audit: RecallAudit

        /// Whether there are enough queries to blame the index for what these miss.
        public var isMeaningful: Bool { report.queryCount >= LibraryAudit.fewestQueries }
    }

    /// A part with fewer queries is shown, and nothing is concluded from it.
    public static let fewestQueries = 30

    /// Stored vectors, then logged queries where there are any.
    public let parts: [Part]
    /// Candidates that searches keep on their way.
    public let beamWidth: Int
    /// How many images are indexed.
    public let imageCount: Int
    /// Whether the library is so big that searches walk the graph; a smaller one is compared image by image.
    public let walksGraph: Bool
}

extension LibraryIndex {
    /// Measures what searches find of what an exact search finds, and where the rest gets lost.
    ///
    /// Stored vectors are evenly spread over the catalog, and come from there: the index holds rounded ones.
    /// Of logged queries it takes the newest.
    ///
    /// - Parameter sampleCount: How many queries of each kind; fewer where there are not as many.
    public func audit(sampleCount: Int) throws -> LibraryAudit {
        try catchUp()
        let stored = try catalog.sampleOfEmbeddings(model: catalogModel, count: sampleCount).map {
            RecallAudit.Query(vector: $0.vector, ownKey: UInt64($0.image))
        }
        let logged = try catalog.loggedQueries(model: catalogModel, count: sampleCount).map {
            RecallAudit.Query(vector: $0.vector)
        }
        let beamWidth = self.beamWidth
        let threads = ProcessInfo.processInfo.activeProcessorCount
        return try withSoundIndex { index throws(NeighborSearchError) in
            var parts: [LibraryAudit.Part] = []
            for (source, queries) in [(LibraryAudit.Source.stored, stored), (.logged, logged)]
            where source == .stored || !queries.isEmpty {
                let audit = try RecallAudit(of: index, queries: queries, threads: threads)
                let report = try audit.report(beamWidth: beamWidth)
                parts.append(LibraryAudit.Part(source: source, report: report, audit: audit))
            }
            return LibraryAudit(
                parts: parts,
                beamWidth: beamWidth,
                imageCount: index.count,
                walksGraph: index.walksGraph(beamWidth: index.parameters.beamWidth)
            )
        }
    }

    /// Looks for the smallest beam width that reaches a recall on each meaningful part of an audit, and stores
    /// it; searches use it from their next catch-up on. Nothing is stored when none reaches it.
    public func chooseBeamWidth(
        reaching target: Double,
        for audit: LibraryAudit
    ) throws -> RecallAudit.BeamWidthOutcome {
        let audits = audit.parts.filter(\.isMeaningful).map(\.audit)
        let outcome = try RecallAudit.narrowestBeamWidth(reaching: target, in: audits)
        if case .reached(let beamWidth, let recall) = outcome {
            try catalog.set(
                BeamWidthChoice(
                    model: model.identity,
                    beamWidth: beamWidth,
                    target: target,
                    recall: recall,
                    pictureCount: audit.imageCount
                )
            )
            try catchUp()
        }
        return outcome
    }
}
