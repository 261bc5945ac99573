/// What can be wrong with a graph. Slots are numbered from 0.
public enum GraphFault: Error, Hashable, Sendable {
    case linkOutOfRange(slot: Int, layer: Int, found: Int, slotCount: Int)
    case linkToItself(slot: Int, layer: Int)
    case linkToFreeSlot(slot: Int, layer: Int, target: Int)
    case linkAboveLevel(slot: Int, layer: Int, target: Int, targetLevel: Int)
    case repeatedLink(slot: Int, layer: Int, target: Int)
    case gapInLinks(slot: Int, layer: Int)
    case parentOutOfRange(slot: Int, found: Int, slotCount: Int)
    case parentNotLinked(slot: Int, parent: Int)
    case tooManyChildren(slot: Int, found: Int, allowed: Int)
    case noWayToRoot(slot: Int, root: Int)
    case invalidEntryPoint(found: Int)
    case entryPointNotOnTop(level: Int, topLevel: Int)
    case unreachable(slot: Int)
}

extension GraphFault: CustomStringConvertible {
    /// What was found where, and what is allowed.
    public var description: String {
        switch self {
        case .linkOutOfRange(let slot, let layer, let found, let slotCount):
            "slot \(slot) links on layer \(layer) to slot \(found), the last one is \(slotCount - 1)"
        case .linkToItself(let slot, let layer):
            "slot \(slot) links to itself on layer \(layer)"
        case .linkToFreeSlot(let slot, let layer, let target):
            "slot \(slot) links on layer \(layer) to slot \(target), which holds nothing"
        case .linkAboveLevel(let slot, let layer, let target, let targetLevel):
            "slot \(slot) links on layer \(layer) to slot \(target), whose highest layer is \(targetLevel)"
        case .repeatedLink(let slot, let layer, let target):
            "slot \(slot) links on layer \(layer) to slot \(target) twice"
        case .gapInLinks(let slot, let layer):
            "the links of slot \(slot) on layer \(layer) have a gap"
        case .parentOutOfRange(let slot, let found, let slotCount):
            "slot \(slot) has slot \(found) as parent, the last one is \(slotCount - 1)"
        case .parentNotLinked(let slot, let parent):
            "slot \(slot) and its parent \(parent) do not link to each other"
        case .tooManyChildren(let slot, let found, let allowed):
            "slot \(slot) has \(found) children, at most \(allowed) are allowed"
        case .noWayToRoot(let slot, let root):
            "the parents of slot \(slot) do not lead to the root \(root)"
        case .invalidEntryPoint(let found):
            "the entry point \(found) is not a live slot, or there are live slots and none"
        case .entryPointNotOnTop(let level, let topLevel):
            "the entry point has level \(level), the highest is \(topLevel)"
        case .unreachable(let slot):
            "slot \(slot) cannot be reached from the entry point"
        }
    }
}

extension HNSWGraph {
    /// Checks everything that searching and building rely on; run before a graph that comes from a file is
    /// changed, and by tests.
    ///
    /// A graph that passes can be walked without a bounds check, and every linked node is reachable from every
    /// other one through the spanning tree. O(slots · M²) comparisons.
    func verify() throws(GraphFault) {
        try verifyTree()
        for slot in 0..<UInt32(slotCount) {
            for layer in 0...unsafeHandle.level(of: slot) {
                try verifyLinks(of: slot, atLayer: layer)
            }
        }
        try verifyEntryPoint()
        try verifyTreeLinks()
    }

    private func isLinked(_ slot: UInt32) -> Bool { unsafeHandle.state(of: slot) & SlotState.linked != 0 }

    private func links(of slot: UInt32, atLayer layer: Int) -> [UInt32] {
        let links = unsafeHandle.links(of: slot, atLayer: layer)
        return (0..<unsafeHandle.linkCount(of: slot, atLayer: layer)).map { links[$0] }
    }

    private func verifyTree() throws(GraphFault) {
        let count = UInt32(slotCount)
        guard root == noSlot || (root < count && parents[Int(root)] == noSlot) else {
            throw .parentOutOfRange(slot: Int(root), found: Int(root), slotCount: slotCount)
        }
        for slot in 0..<count where isLinked(slot) {
            let parent = parents[Int(slot)]
            guard parent == noSlot || (parent < count && parent != slot && isLinked(parent)) else {
                throw .parentOutOfRange(slot: Int(slot), found: Int(parent), slotCount: slotCount)
            }
        }
        var isKnown = [Bool](repeating: false, count: slotCount)
        for slot in 0..<count where isLinked(slot) {
            var path: [UInt32] = []
            var node = slot
            while node != root, !isKnown[Int(node)] {
                path.append(node)
                node = parents[Int(node)]
                // A way longer than there are slots runs in a circle.
                guard node != noSlot, path.count <= slotCount else {
                    throw .noWayToRoot(slot: Int(slot), root: Int(root))
                }
            }
            for node in path {
                isKnown[Int(node)] = true
            }
        }
    }

    private func verifyLinks(of slot: UInt32, atLayer layer: Int) throws(GraphFault) {
        guard isLinked(slot) else { return }
        try unsafeHandle.verifyList(of: slot, atLayer: layer, slotCount: slotCount)
        let links = links(of: slot, atLayer: layer)
        for (index, target) in links.enumerated() {
            guard isLinked(target) else {
                throw .linkToFreeSlot(slot: Int(slot), layer: layer, target: Int(target))
            }
            for earlier in 0..<index where links[earlier] == target {
                throw .repeatedLink(slot: Int(slot), layer: layer, target: Int(target))
            }
        }
    }

    func verifyEntryPoint() throws(GraphFault) {
        let entryPoint = self.entryPoint
        guard entryPoint != noSlot else {
            let linked = (0..<UInt32(slotCount)).contains { isLinked($0) }
            guard root == noSlot, !linked else { throw .invalidEntryPoint(found: Int(entryPoint)) }
            return
        }
        guard entryPoint < UInt32(slotCount), isLinked(entryPoint) else {
            throw .invalidEntryPoint(found: Int(entryPoint))
        }
        let level = unsafeHandle.level(of: entryPoint)
        var topLevel = 0
        for slot in 0..<UInt32(slotCount) where isLinked(slot) {
            topLevel = max(topLevel, unsafeHandle.level(of: slot))
        }
        guard level == topLevel else { throw .entryPointNotOnTop(level: level, topLevel: topLevel) }
    }

    private func verifyTreeLinks() throws(GraphFault) {
        var childCounts = [Int](repeating: 0, count: slotCount)
        let allowed = SpanningTree.childLimit(connectivity: layout.connectivity)
        for slot in 0..<UInt32(slotCount) where isLinked(slot) && parents[Int(slot)] != noSlot {
            let parent = parents[Int(slot)]
            guard links(of: slot, atLayer: 0).contains(parent), links(of: parent, atLayer: 0).contains(slot)
            else {
                throw .parentNotLinked(slot: Int(slot), parent: Int(parent))
            }
            childCounts[Int(parent)] += 1
            guard childCounts[Int(parent)] <= allowed else {
                throw .tooManyChildren(slot: Int(parent), found: childCounts[Int(parent)], allowed: allowed)
            }
        }
    }

    /// Walks the bottom layer from the entry point and complains about linked slots not met.
    ///
    /// It follows from what `verify` checks; the tests ask anyway, without using the tree.
    func verifyReachability() throws(GraphFault) {
        guard entryPoint != noSlot else { return }
        var isReached = [Bool](repeating: false, count: slotCount)
        isReached[Int(entryPoint)] = true
        var front = [entryPoint]
        while let slot = front.popLast() {
            for link in links(of: slot, atLayer: 0) where !isReached[Int(link)] {
                isReached[Int(link)] = true
                front.append(link)
            }
        }
        for slot in 0..<UInt32(slotCount) where isLinked(slot) && !isReached[Int(slot)] {
            throw .unreachable(slot: Int(slot))
        }
    }
}

extension HNSWGraph.UnsafeHandle {
    /// Checks what a walk relies on in one list: slots that exist and have a list on that layer, no gaps.
    func verifyList(of slot: UInt32, atLayer layer: Int, slotCount: Int) throws(GraphFault) {
        let links = links(of: slot, atLayer: layer)
        let width = width(ofLayer: layer)
        let count = linkCount(of: slot, atLayer: layer)
        for place in count..<width where links[place] != noSlot {
            throw .gapInLinks(slot: Int(slot), layer: layer)
        }
        for place in 0..<count {
            let target = links[place]
            guard target < UInt32(slotCount) else {
                throw .linkOutOfRange(slot: Int(slot), layer: layer, found: Int(target), slotCount: slotCount)
            }
            guard target != slot else { throw .linkToItself(slot: Int(slot), layer: layer) }
            guard level(of: target) >= layer else {
                throw .linkAboveLevel(
                    slot: Int(slot),
                    layer: layer,
                    target: Int(target),
                    targetLevel: level(of: target)
                )
            }
        }
    }
}
