import TestSupport
import Testing

@testable import NeighborSearch

@Suite("An audit tells where recall is lost")
struct RecallAuditTests {
    private let vectors = clusteredVectors(900, dimension: 32, seed: 11)
    private let parameters: HNSWParameters

    init() throws {
        parameters = try HNSWParameters(connectivity: 8, constructionBeamWidth: 60)
    }

    @Test("a sound index loses little, and the losses and the walk's recall add up to one")
    func soundIndex() throws {
        let report = try audit(try makeIndex(vectors, parameters: parameters)).report(beamWidth: 40)
        #expect(report.queryCount == 60)
        #expect(report.walk.value > 0.95)
        #expect(report.answers == report.walk)
        #expect(report.exactAnswerCount == 0)
        #expect(report.deletionLoss == 0)
        #expect(abs(report.quantisationLoss) < 0.01)
        #expect(abs(report.walk.value + lossSum(report) - 1) < 1e-9)
        #expect(report.walk.interval.contains(report.walk.value))
    }

    @Test("a graph whose links were cut loses by the graph and not by quantisation")
    func sabotagedGraph() throws {
        let index = try makeIndex(vectors, parameters: parameters)
        let before = try audit(index).report(beamWidth: 20)
        index.graph.cutLinksOutsideTree()
        let after = try audit(index).report(beamWidth: 20)
        #expect(before.walk.value > 0.9)
        #expect(after.walk.value < 0.7)
        #expect(after.graphLoss > 0.3)
        #expect(after.quantisationLoss == before.quantisationLoss)
        #expect(after.deletionLoss == 0)
    }

    @Test("coarse codes lose by quantisation when the beam is too narrow to mend it")
    func quantisation() throws {
        // So close together that they differ in the last bits only: codes hardly tell them apart.
        var generator = SeededGenerator(seed: 5)
        let centre = generator.unitVector(32)
        let close = (0..<900).map { _ in
            normalized(zip(centre, generator.unitVector(32)).map { $0 + 0.01 * $1 })
        }
        let report = try audit(try makeIndex(close, parameters: parameters)).report(beamWidth: 12)
        #expect(report.quantisationLoss > 0.2)
        let wide = try audit(try makeIndex(close, parameters: parameters)).report(beamWidth: 800)
        #expect(wide.quantisationLoss < 0.01)
    }

    @Test("removed nodes that crowd the beam lose by deletion, until they are taken out")
    func deletions() throws {
        let index = try makeIndex(vectors, parameters: parameters)
        let crowded = try index.exactNearest(to: vectors[0], count: 100).neighbors.map(\.key)
        for key in crowded where key % 5 != 0 && key != 0 { try index.remove(key: key) }
        let queries = crowded.filter { $0 % 5 == 0 }.map { key in
            RecallAudit.Query(vector: vectors[Int(key)], ownKey: key)
        }
        let report = try RecallAudit(of: index, queries: queries, threads: 2).report(beamWidth: 12)
        #expect(report.deletionLoss > 0.1)
        #expect(abs(report.walk.value + lossSum(report) - 1) < 1e-9)
        index.gate.withWriting { index.consolidateLocked() }
        let mended = try RecallAudit(of: index, queries: queries, threads: 2).report(beamWidth: 12)
        #expect(mended.deletionLoss == 0)
        #expect(mended.walk.value > report.walk.value)
    }

    @Test("filters that accept a half, a tenth and a hundredth are measured against exact filtered search")
    func filters() throws {
        let report = try audit(try makeIndex(vectors, parameters: parameters)).report(beamWidth: 20)
        #expect(report.filtered.map(\.share) == RecallAudit.filterShares)
        #expect(report.filtered.allSatisfy { $0.recall.value > 0.9 })
        #expect(report.filtered.allSatisfy { abs($0.loss + $0.recall.value - report.answers.value) < 1e-9 })
        // One item in a hundred of 900: comparing those is cheaper, and exact.
        #expect(report.filtered[2].exactAnswerCount == 60)
        #expect(report.filtered[2].recall.value == 1)
    }

    @Test("the chosen beam width reaches the target, and one less does not")
    func narrowestBeamWidth() throws {
        let audit = try audit(try makeIndex(vectors, parameters: parameters))
        guard
            case .reached(let beamWidth, let recall) = try RecallAudit.narrowestBeamWidth(
                reaching: 0.995,
                in: [audit]
            )
        else {
            Issue.record("0.995 was not reached")
            return
        }
        #expect(recall >= 0.995)
        #expect(try audit.walkRecall(beamWidth: beamWidth).value == recall)
        #expect(try audit.walkRecall(beamWidth: beamWidth - 1).value < 0.995)
    }

    @Test("a target that no beam reaches is out of reach, and what was reached is told")
    func outOfReach() throws {
        let index = try makeIndex(vectors, parameters: parameters)
        for slot in 0..<UInt32(index.graph.slotCount) { index.graph.setLinks(of: slot, to: []) }
        let outcome = try RecallAudit.narrowestBeamWidth(reaching: 0.9, in: [try audit(index)])
        guard case .outOfReach(_, let recall) = outcome else {
            Issue.record("reached: \(outcome)")
            return
        }
        #expect(recall < 0.2)
    }

    @Test("copies of an item count as each other")
    func copies() throws {
        let copied = Array(repeating: vectors[0], count: 40) + vectors[..<300]
        let index = try makeIndex(copied, parameters: parameters)
        let query = RecallAudit.Query(vector: vectors[0], ownKey: 7)
        let report = try RecallAudit(of: index, queries: [query], threads: 1).report(beamWidth: 15)
        #expect(report.walk.value == 1)
    }

    @Test("an empty index and one with a single item have nothing to lose")
    func nothingToFind() throws {
        let empty = HNSWIndex(dimension: 32)
        let query = RecallAudit.Query(vector: vectors[0], ownKey: 0)
        #expect(
            try RecallAudit(of: empty, queries: [query], threads: 1).report(beamWidth: 10).walk.value == 1
        )
        let single = try makeIndex([vectors[0]])
        let report = try RecallAudit(of: single, queries: [query], threads: 1).report(beamWidth: 10)
        #expect(report.walk.interval == 0...1)
    }

    @Test("a query of another dimension is refused")
    func wrongDimension() throws {
        let index = try makeIndex([vectors[0]])
        #expect(throws: NeighborSearchError.wrongDimension(found: 1, expected: 32)) {
            try RecallAudit(of: index, queries: [RecallAudit.Query(vector: [1])], threads: 2)
        }
    }

    @Test("the interval is Wilson's, and wider when misses come in clumps")
    func interval() {
        let strewn = RecallEstimate(
            found: Array(repeating: 9, count: 10),
            of: Array(repeating: 10, count: 10)
        )
        // Wilson's score interval for 90 of 100 (e.g. R: prop.test(90, 100, correct = FALSE)).
        #expect(abs(strewn.interval.lowerBound - 0.8256) < 1e-4)
        #expect(abs(strewn.interval.upperBound - 0.9448) < 1e-4)
        let clumped = RecallEstimate(
            found: Array(repeating: 10, count: 9) + [0],
            of: Array(repeating: 10, count: 10)
        )
        #expect(clumped.value == strewn.value)
        #expect(clumped.interval.lowerBound < strewn.interval.lowerBound - 0.1)
        let perfect = RecallEstimate(found: [10, 10], of: [10, 10])
        #expect(perfect.value == 1)
        #expect(perfect.interval.lowerBound < 0.9)
    }

    // MARK: - Helpers

    private func audit(_ index: HNSWIndex) throws -> RecallAudit {
        let queries = stride(from: 0, to: 900, by: 15).map { key in
            RecallAudit.Query(vector: vectors[key], ownKey: UInt64(key))
        }
        return try RecallAudit(of: index, queries: queries, threads: 2)
    }

    private func lossSum(_ report: RecallAudit.Report) -> Double {
        report.quantisationLoss + report.graphLoss + report.deletionLoss
    }
}

extension HNSWGraph {
    /// Leaves every node the links to its parent and its children alone: the graph still passes every check.
    fileprivate func cutLinksOutsideTree() {
        for slot in 0..<UInt32(slotCount) {
            let links = unsafeHandle.links(of: slot, atLayer: 0)
            let kept = (0..<unsafeHandle.linkCount(of: slot, atLayer: 0)).map { links[$0] }.filter {
                parents[Int($0)] == slot || parents[Int(slot)] == $0
            }
            setLinks(of: slot, to: kept)
        }
    }

    fileprivate func setLinks(of slot: UInt32, to kept: [UInt32]) {
        let links = unsafeHandle.links(of: slot, atLayer: 0)
        for place in 0..<layout.baseWidth {
            links[place] = place < kept.count ? kept[place] : noSlot
        }
    }
}
