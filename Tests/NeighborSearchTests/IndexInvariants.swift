import Synchronization
import Testing

@testable import NeighborSearch

extension HNSWIndex {
    /// Checks all invariants, the reachability of every node included, and that the directory, the counters and
    /// the states of the slots tell the same story.
    func checkInvariants(_ location: SourceLocation = #_sourceLocation) throws {
        try gate.withWriting {
            try graph.verify()
            try graph.verifyReachability()
            let handle = graph.unsafeHandle
            var live = 0
            var passedThrough = 0
            for slot in 0..<UInt32(graph.slotCount) {
                let isLinked = handle.state(of: slot) & SlotState.linked != 0
                if handle.isLive(slot) {
                    live += 1
                    #expect(isLinked, "slot \(slot) is live", sourceLocation: location)
                    #expect(
                        directory.slot(of: graph.keys[Int(slot)], in: graph) == slot,
                        sourceLocation: location
                    )
                } else if isLinked {
                    passedThrough += 1
                }
            }
            #expect(live == directory.count && live == count, sourceLocation: location)
            #expect(passedThrough == removedCount.load(ordering: .acquiring), sourceLocation: location)
        }
    }

    /// Slots in use or used before.
    var slotCount: Int { gate.withReading { graph.slotCount } }

    /// Takes removed nodes out now, however few they are.
    func consolidate() {
        gate.withWriting { consolidateLocked() }
    }

    /// How many nodes a walk can meet: a beam as wide finds all that can be found.
    var nodeCount: Int { count + removedCount.load(ordering: .acquiring) }
}

/// Expects an answer to have as many neighbours as it can, each key once, in order.
func expectWellFormed(
    _ answer: SearchAnswer,
    count: Int,
    _ location: SourceLocation = #_sourceLocation
) {
    #expect(answer.neighbors.count == count, sourceLocation: location)
    #expect(Set(answer.neighbors.map(\.key)).count == answer.neighbors.count, sourceLocation: location)
    #expect(
        zip(answer.neighbors, answer.neighbors.dropFirst()).allSatisfy(Neighbor.isOrderedBefore),
        sourceLocation: location
    )
}

/// Expects an answer to be what sorting all items by their true similarity gives.
func expectExact(
    _ answer: SearchAnswer,
    _ items: [UInt64: [Float]],
    to query: [Float],
    count: Int,
    _ metric: Metric = .cosine,
    _ location: SourceLocation = #_sourceLocation
) {
    let truth = sortedBySimilarity(items, to: query, metric).prefix(count)
    expectWellFormed(answer, count: truth.count, location)
    for (neighbor, expected) in zip(answer.neighbors, truth) {
        guard let vector = items[neighbor.key] else {
            Issue.record("key \(neighbor.key) is not there", sourceLocation: location)
            continue
        }
        let tolerance = similarityTolerance(query, vector, metric)
        let similarity = Double(neighbor.similarity)
        #expect(
            abs(similarity - naiveSimilarity(query, vector, metric)) <= tolerance,
            sourceLocation: location
        )
        let other = similarityTolerance(query, items[expected.key]!, metric)
        #expect(abs(similarity - expected.similarity) <= tolerance + other, sourceLocation: location)
    }
}
