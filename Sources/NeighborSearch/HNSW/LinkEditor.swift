/// Writes the links of a graph, and knows for every node who links to it.
///
/// Links are one-way, and taking a node out means finding every link that leads to it. Each link place is
/// threaded onto the list of its target, in flat arrays: `head` per list, `next` per place. Searching needs
/// none of this; it is made when a graph is first changed and is not saved.
final class LinkEditor {
    let graph: HNSWGraph
    private var base: IncomingLinks
    private var upper: IncomingLinks
    /// The slot that each upper list belongs to.
    private var upperOwners = FlatMemory<UInt32>()

    /// Finds out who links to whom. O(slots · M).
    init(graph: HNSWGraph) {
        self.graph = graph
        base = IncomingLinks(width: 2 * graph.connectivity)
        upper = IncomingLinks(width: graph.connectivity)
        for slot in 0..<UInt32(graph.slotCount) {
            addLists(of: slot)
        }
        for slot in 0..<UInt32(graph.slotCount) {
            for layer in 0...graph.level(of: slot) {
                let first = firstPlace(of: slot, atLayer: layer)
                for (offset, target) in graph.links(of: slot, atLayer: layer).enumerated() {
                    thread(first + offset, to: target, atLayer: layer)
                }
            }
        }
    }

    /// Makes room for the lists of a slot just appended to the graph.
    func addLists(of slot: UInt32) {
        base.addLists(1)
        let level = graph.level(of: slot)
        upper.addLists(level)
        upperOwners.append(repeating: slot, count: level)
    }

    /// The nodes that link to `slot`, ascending, so that the order does not depend on the history of the
    /// threads.
    func incoming(to slot: UInt32, atLayer layer: Int) -> [UInt32] {
        let list = graph.list(of: slot, atLayer: layer)
        if layer == 0 {
            return base.places(onList: list).map { UInt32($0 / base.width) }.sorted()
        }
        return upper.places(onList: list).map { upperOwners[$0 / upper.width] }.sorted()
    }

    /// Adds a link; false when the list is full.
    func append(_ target: UInt32, to slot: UInt32, atLayer layer: Int) -> Bool {
        let first = firstPlace(of: slot, atLayer: layer)
        let width = graph.width(ofLayer: layer)
        for place in first..<first + width where link(at: place, layer) == noSlot {
            setLink(at: place, layer, to: target)
            thread(place, to: target, atLayer: layer)
            return true
        }
        return false
    }

    /// Removes a link if it is there. The last link of the list takes its place.
    func remove(_ target: UInt32, from slot: UInt32, atLayer layer: Int) {
        let first = firstPlace(of: slot, atLayer: layer)
        let links = graph.links(of: slot, atLayer: layer)
        guard let index = links.firstIndex(of: target) else { return }
        let last = links.count - 1
        unthread(first + index, from: target, atLayer: layer)
        if index != last {
            unthread(first + last, from: links[last], atLayer: layer)
            setLink(at: first + index, layer, to: links[last])
            thread(first + index, to: links[last], atLayer: layer)
        }
        setLink(at: first + last, layer, to: noSlot)
    }

    /// Makes `links` the neighbours of a node, touching only what differs.
    func setLinks(of slot: UInt32, atLayer layer: Int, to links: [UInt32]) {
        precondition(links.count <= graph.width(ofLayer: layer), "\(links.count) links at layer \(layer)")
        let old = graph.links(of: slot, atLayer: layer)
        for target in old where !links.contains(target) {
            remove(target, from: slot, atLayer: layer)
        }
        for target in links where !old.contains(target) {
            _ = append(target, to: slot, atLayer: layer)
        }
    }

    private func firstPlace(of slot: UInt32, atLayer layer: Int) -> Int {
        graph.list(of: slot, atLayer: layer) * graph.width(ofLayer: layer)
    }

    private func link(at place: Int, _ layer: Int) -> UInt32 {
        layer == 0 ? graph.baseLinks[place] : graph.upperLinks[place]
    }

    private func setLink(at place: Int, _ layer: Int, to target: UInt32) {
        if layer == 0 {
            graph.baseLinks[place] = target
        } else {
            graph.upperLinks[place] = target
        }
    }

    private func thread(_ place: Int, to target: UInt32, atLayer layer: Int) {
        let list = graph.list(of: target, atLayer: layer)
        if layer == 0 {
            base.thread(place, ontoList: list)
        } else {
            upper.thread(place, ontoList: list)
        }
    }

    private func unthread(_ place: Int, from target: UInt32, atLayer layer: Int) {
        let list = graph.list(of: target, atLayer: layer)
        if layer == 0 {
            base.unthread(place, fromList: list)
        } else {
            upper.unthread(place, fromList: list)
        }
    }
}

/// For each list of one table, the link places that lead to its owner, as singly linked lists in two flat
/// arrays.
private struct IncomingLinks: ~Copyable {
    let width: Int
    private var heads = FlatMemory<UInt32>()
    private var nexts = FlatMemory<UInt32>()

    init(width: Int) {
        self.width = width
    }

    mutating func addLists(_ count: Int) {
        heads.append(repeating: noSlot, count: count)
        nexts.append(repeating: noSlot, count: count * width)
    }

    func thread(_ place: Int, ontoList list: Int) {
        nexts[place] = heads[list]
        heads[list] = UInt32(place)
    }

    func unthread(_ place: Int, fromList list: Int) {
        if heads[list] == UInt32(place) {
            heads[list] = nexts[place]
            return
        }
        var previous = heads[list]
        while nexts[Int(previous)] != UInt32(place) {
            previous = nexts[Int(previous)]
        }
        nexts[Int(previous)] = nexts[place]
    }

    func places(onList list: Int) -> [Int] {
        var places: [Int] = []
        var place = heads[list]
        while place != noSlot {
            places.append(Int(place))
            place = nexts[Int(place)]
        }
        return places
    }
}
