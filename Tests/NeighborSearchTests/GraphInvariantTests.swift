import TestSupport
import Testing

@testable import NeighborSearch

@Suite("invariants of a graph")
struct GraphInvariantTests {
    /// What is found wrong with a graph of 60 nodes, M = 4, slot 9 free, after some damage to it.
    private func fault(_ damage: (HNSWGraph) -> Void) throws -> GraphFault? {
        let parameters = try HNSWParameters(connectivity: 4)
        let index = try makeIndex(clusteredVectors(60, dimension: 8, seed: 26), parameters: parameters)
        try index.remove(key: 9)
        index.consolidate()
        damage(index.graph)
        do throws(GraphFault) {
            try index.graph.verify()
            return nil
        } catch {
            return error
        }
    }

    /// The name of what is found, for faults whose details depend on the graph.
    private func kind(_ damage: (HNSWGraph) -> Void) throws -> String? {
        try fault(damage).flatMap { Mirror(reflecting: $0).children.first?.label }
    }

    private func setLink(_ graph: HNSWGraph, _ slot: UInt32, _ place: Int, to target: UInt32, layer: Int = 0)
    {
        graph.unsafeHandle.links(of: slot, atLayer: layer)[place] = target
    }

    private func slot(of graph: HNSWGraph, where condition: (UInt32) -> Bool) -> UInt32 {
        (0..<60).first { graph.unsafeHandle.isLive($0) && condition($0) }!
    }

    @Test("a sound graph is sound, also with nodes to pass through")
    func sound() throws {
        #expect(try fault { _ in } == nil)
        #expect(try fault { $0.lifetimes[5] = Lifetime.went(at: 1).rawValue } == nil)
    }

    @Test("each kind of wrong link is noticed")
    func links() throws {
        #expect(
            try fault { setLink($0, 0, 0, to: 60) }
                == .linkOutOfRange(slot: 0, layer: 0, found: 60, slotCount: 60)
        )
        #expect(try fault { setLink($0, 1, 0, to: 1) } == .linkToItself(slot: 1, layer: 0))
        #expect(try fault { setLink($0, 1, 0, to: 9) } == .linkToFreeSlot(slot: 1, layer: 0, target: 9))
        #expect(try fault { setLink($0, 0, 0, to: noSlot) } == .gapInLinks(slot: 0, layer: 0))
        let repeated = try kind { setLink($0, 0, 1, to: $0.unsafeHandle.links(of: 0, atLayer: 0)[0]) }
        #expect(repeated == "repeatedLink")
        let above = try kind { graph in
            let upper = slot(of: graph) { graph.unsafeHandle.level(of: $0) > 0 }
            let ground = slot(of: graph) { graph.unsafeHandle.level(of: $0) == 0 }
            setLink(graph, upper, 0, to: ground, layer: 1)
        }
        #expect(above == "linkAboveLevel")
    }

    @Test("each kind of wrong tree is noticed")
    func tree() throws {
        #expect(try fault { $0.parents[3] = 61 } == .parentOutOfRange(slot: 3, found: 61, slotCount: 60))
        #expect(try fault { $0.parents[3] = 3 } == .parentOutOfRange(slot: 3, found: 3, slotCount: 60))
        #expect(try fault { $0.parents[3] = 9 } == .parentOutOfRange(slot: 3, found: 9, slotCount: 60))
        #expect(try fault { $0.root = 60 } == .parentOutOfRange(slot: 60, found: 60, slotCount: 60))
        let orphan = try kind { graph in
            graph.parents[Int(slot(of: graph) { $0 != graph.root })] = noSlot
        }
        #expect(orphan == "noWayToRoot")
        let circle = try kind { graph in
            let child = slot(of: graph) { ![noSlot, graph.root].contains(graph.parents[Int($0)]) }
            graph.parents[Int(graph.parents[Int(child)])] = child
        }
        #expect(circle == "noWayToRoot")
        let stranger = try kind { graph in
            let handle = graph.unsafeHandle
            let leaf = leaves(of: graph)[0]
            let links = (0..<handle.baseWidth).map { handle.links(of: leaf, atLayer: 0)[$0] }
            graph.parents[Int(leaf)] = slot(of: graph) { $0 != leaf && !links.contains($0) }
        }
        #expect(stranger == "parentNotLinked")
    }

    @Test("a wrong entry point is noticed")
    func entryPoint() throws {
        #expect(try fault { $0.entryPoint = 9 } == .invalidEntryPoint(found: 9))
        #expect(try fault { $0.entryPoint = 60 } == .invalidEntryPoint(found: 60))
        #expect(try fault { $0.entryPoint = noSlot } == .invalidEntryPoint(found: Int(noSlot)))
        let low = try kind { graph in
            graph.entryPoint = slot(of: graph) { graph.unsafeHandle.level(of: $0) == 0 }
        }
        #expect(low == "entryPointNotOnTop")
    }

    @Test("more children than a node may have are noticed")
    func children() throws {
        let crowded = try kind { graph in
            let handle = graph.unsafeHandle
            // Three leaves that link to the same node and back, and call it their parent.
            let parent = slot(of: graph) { candidate in
                leaves(of: graph).count { joined(graph, $0, candidate) } > 2
            }
            for leaf in leaves(of: graph) where joined(graph, leaf, parent) && handle.isLive(leaf) {
                graph.parents[Int(leaf)] = parent
            }
        }
        #expect(crowded == "tooManyChildren")
    }

    private func leaves(of graph: HNSWGraph) -> [UInt32] {
        let parents = Set((0..<60).map { graph.parents[$0] })
        return (0..<60).filter {
            graph.unsafeHandle.isLive($0) && !parents.contains($0) && $0 != graph.root
        }
    }

    private func joined(_ graph: HNSWGraph, _ a: UInt32, _ b: UInt32) -> Bool {
        let handle = graph.unsafeHandle
        return [(a, b), (b, a)].allSatisfy { from, to in
            (0..<handle.baseWidth).contains { handle.links(of: from, atLayer: 0)[$0] == to }
        }
    }
}
