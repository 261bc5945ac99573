import TestSupport
import Testing

@testable import NeighborSearch

@Suite("running searches and the slots they may read")
struct SearchSessionsTests {
    private func graph(capacity: Int = 64) -> HNSWGraph {
        HNSWGraph(layout: RecordLayout(dimension: 4, connectivity: 3), metric: .cosine, capacity: capacity)
    }

    @Test("the oldest era is that of the search that has run longest, the present one when none runs")
    func oldestEra() {
        let sessions = SearchSessions(graph: graph())
        #expect(sessions.oldestEra == 1)
        let first = sessions.begin()
        #expect(sessions.nextEra() == 1)
        let second = sessions.begin()
        let twin = sessions.begin()
        #expect(sessions.nextEra() == 2)
        #expect(sessions.oldestEra == 1)
        sessions.end(first)
        #expect(sessions.oldestEra == 2)
        sessions.end(second)
        #expect(sessions.oldestEra == 2, "its twin of the same era still runs")
        sessions.end(twin)
        #expect(sessions.oldestEra == 3)
    }

    @Test("contexts are handed on, but never to two searches at once")
    func contexts() {
        let sessions = SearchSessions(graph: graph())
        let running = (0..<100).map { _ in sessions.begin() }
        #expect(Set(running.map { ObjectIdentifier($0.context) }).count == 100)
        for session in running { sessions.end(session) }
        let again = sessions.begin()
        #expect(running.contains { $0.context === again.context })
        sessions.end(again)
    }

    @Test("a search keeps the graph that it began with")
    func graphs() {
        let (old, new) = (graph(), graph(capacity: 128))
        let sessions = SearchSessions(graph: old)
        let first = sessions.begin()
        sessions.replaceGraph(with: new)
        let second = sessions.begin()
        #expect(first.graph === old && second.graph === new)
        sessions.end(first)
        sessions.end(second)
    }

    @Test("a retired slot is used again only when all searches of its era and of earlier ones have ended")
    func retiredSlots() {
        var directory = SlotDirectory()
        #expect(directory.takeRetired(oldestEra: 9) == nil)
        directory.retire([4, 5], era: 1)
        #expect(directory.takeRetired(oldestEra: 1) == nil)
        directory.retire([6], era: 2)
        #expect(directory.takeRetired(oldestEra: 2) == nil, "slot 6 waits for a search of era 2")
        #expect([3, 3, 3, 3].map { directory.takeRetired(oldestEra: $0) } == [6, 5, 4, nil])
    }

    @Test("while a search runs, slots that it may read keep what they hold; afterwards they are used again")
    func slotsWaitForSearches() throws {
        let vectors = clusteredVectors(200, dimension: 4, seed: 61)
        let index = try makeIndex(Array(vectors.prefix(64)))
        let session = index.sessions.begin()
        let keys = (0..<64).map { index.graph.keys[$0] }
        for key in UInt64(0)..<40 { try index.remove(key: key) }
        index.consolidate()
        for key in 64..<84 { try index.insert(key: UInt64(key), vector: vectors[key]) }
        #expect((0..<64).map { session.graph.keys[$0] } == keys)
        #expect(index.slotCount == 84)
        index.sessions.end(session)
        for key in 84..<124 { try index.insert(key: UInt64(key), vector: vectors[key]) }
        #expect(index.slotCount == 84, "the forty slots are used again")
        try index.checkInvariants()
    }
}

@Suite("slot directory")
struct SlotDirectoryTests {
    @Test("holds what a dictionary holds, for keys that collide and keys that do not")
    func agreesWithDictionary() {
        let graph = HNSWGraph(
            layout: RecordLayout(dimension: 1, connectivity: 3),
            metric: .cosine,
            capacity: 4000
        )
        var directory = SlotDirectory()
        var oracle: [UInt64: UInt32] = [:]
        var generator = SeededGenerator(seed: 62)
        // Small keys, keys far apart, and some whose hashes are the same in their low bits.
        let keys = (0..<300).map { index -> UInt64 in
            switch index % 3 {
            case 0: UInt64(index)
            case 1: UInt64.random(in: 0 ... .max, using: &generator)
            default: UInt64(index) << 44
            }
        }
        for slot in UInt32(0)..<4000 {
            let key = keys.randomElement(using: &generator)!
            if Int.random(in: 0..<5, using: &generator) < (slot / 1000 % 2 == 0 ? 1 : 4) {
                #expect(directory.remove(key, in: graph) == oracle.removeValue(forKey: key))
            } else {
                graph.keys[Int(slot)] = key
                let old = directory.assign(slot, to: key, in: graph)
                #expect(old == oracle.updateValue(slot, forKey: key))
            }
            #expect(directory.count == oracle.count)
            if slot % 50 == 0 {
                for key in keys { #expect(directory.slot(of: key, in: graph) == oracle[key]) }
            }
        }
    }

    @Test("the live slots of a graph are listed, and a key held by two of them is refused")
    func listsGraph() throws {
        let index = try makeIndex(clusteredVectors(300, dimension: 4, seed: 63))
        for key in UInt64(0)..<20 { try index.remove(key: key) }
        let directory = try SlotDirectory(of: index.graph)
        #expect(directory.count == 280)
        for key in UInt64(0)..<300 {
            #expect(directory.slot(of: key, in: index.graph) == (key < 20 ? nil : UInt32(key)))
        }
        index.graph.keys[30] = 40
        #expect(throws: SnapshotError.repeatedKey(key: 40, slots: [30, 40])) {
            _ = try SlotDirectory(of: index.graph)
        }
    }
}
