/// The value of a link place that is not taken, of the parent of the root, and of "no such slot".
let noSlot = UInt32.max

/// Who neighbours whom: the layered links of an HNSW graph, and nothing about vectors or keys.
///
/// Nodes are numbered by slots. The bottom layer has 2M link places per slot, taken from the front; a node of
/// level l has l more lists of M places, one after the other, in the upper table. Free places hold
/// ``noSlot``, so a list needs no length and 2M = 32 places are exactly two cache lines.
///
/// A slot's level is drawn when the slot is first used and stays with it when another item reuses it: levels
/// are independent of the items, so any subset of slots has the right distribution, and upper lists never
/// move.
///
/// The links contain a spanning tree of the bottom layer (see ``SpanningTree``): every live node but the root
/// has a parent, and both link to each other. So every live node can be reached from every other one, which
/// the plain algorithm does not promise: there, a node whose neighbours all preferred others is never found
/// again.
final class HNSWGraph {
    let connectivity: Int
    var levels: FlatMemory<UInt8>
    var baseLinks: FlatMemory<UInt32>
    var upperLinks: FlatMemory<UInt32>
    var parents: FlatMemory<UInt32>
    /// Index of each slot's first upper list; the sum of the levels before it.
    var firstUpperLists: FlatMemory<UInt32>
    /// Where every search begins: a live node of the highest level, ``noSlot`` when nothing is live.
    var entryPoint = noSlot
    /// The root of the spanning tree, ``noSlot`` when nothing is live.
    var root = noSlot

    init(connectivity: Int) {
        self.connectivity = connectivity
        levels = FlatMemory()
        baseLinks = FlatMemory()
        upperLinks = FlatMemory()
        parents = FlatMemory()
        firstUpperLists = FlatMemory()
    }

    /// Takes over the parts of a saved graph, which ``HNSWGraph/verify()`` has yet to approve.
    init(
        connectivity: Int,
        levels: consuming FlatMemory<UInt8>,
        baseLinks: consuming FlatMemory<UInt32>,
        upperLinks: consuming FlatMemory<UInt32>,
        parents: consuming FlatMemory<UInt32>,
        entryPoint: UInt32,
        root: UInt32
    ) {
        self.connectivity = connectivity
        firstUpperLists = FlatMemory()
        firstUpperLists.append(repeating: 0, count: levels.count)
        var lists: UInt32 = 0
        for slot in 0..<levels.count {
            firstUpperLists[slot] = lists
            lists += UInt32(levels[slot])
        }
        self.levels = levels
        self.baseLinks = baseLinks
        self.upperLinks = upperLinks
        self.parents = parents
        self.entryPoint = entryPoint
        self.root = root
    }

    var slotCount: Int { levels.count }

    /// The most slots whose link places can be numbered by 32 bits, one bit left free for marking candidates.
    var slotCapacity: Int { Int(UInt32.max - 1) / (2 * connectivity) }

    func level(of slot: UInt32) -> Int { Int(levels[Int(slot)]) }

    /// A freed slot has no parent, and only the root of a tree has none either.
    func isLive(_ slot: UInt32) -> Bool { parents[Int(slot)] != noSlot || slot == root }

    func width(ofLayer layer: Int) -> Int { layer == 0 ? 2 * connectivity : connectivity }

    /// Number of the list in its table: the bottom table for layer 0, the upper one for all others.
    func list(of slot: UInt32, atLayer layer: Int) -> Int {
        precondition(layer <= level(of: slot), "slot \(slot) has no layer \(layer)")
        return layer == 0 ? Int(slot) : Int(firstUpperLists[Int(slot)]) + layer - 1
    }

    /// The neighbours of a node, copied out of the hot loop's way.
    func links(of slot: UInt32, atLayer layer: Int) -> [UInt32] {
        let width = width(ofLayer: layer)
        let start = list(of: slot, atLayer: layer) * width
        var links: [UInt32] = []
        for place in start..<start + width {
            let link = layer == 0 ? baseLinks[place] : upperLinks[place]
            if link == noSlot { break }
            links.append(link)
        }
        return links
    }

    func appendSlot(level: Int) -> UInt32 {
        let slot = UInt32(levels.count)
        let upperLists = upperLinks.count / connectivity
        levels.append(repeating: UInt8(level), count: 1)
        firstUpperLists.append(repeating: UInt32(upperLists), count: 1)
        baseLinks.append(repeating: noSlot, count: 2 * connectivity)
        upperLinks.append(repeating: noSlot, count: level * connectivity)
        parents.append(repeating: noSlot, count: 1)
        return slot
    }

    /// Pointers for a loop that must not go through the class. Valid until a slot is appended, and no longer
    /// than the graph lives.
    struct UnsafeHandle {
        let baseLinks: UnsafeMutablePointer<UInt32>
        let upperLinks: UnsafeMutablePointer<UInt32>
        let firstUpperLists: UnsafeMutablePointer<UInt32>
        let connectivity: Int

        @inline(__always)
        func links(of slot: UInt32, atLayer layer: Int) -> UnsafeMutablePointer<UInt32> {
            if layer == 0 {
                return baseLinks + Int(slot) * (2 * connectivity)
            }
            return upperLinks + (Int(firstUpperLists[Int(slot)]) + layer - 1) * connectivity
        }

        @inline(__always)
        func width(ofLayer layer: Int) -> Int { layer == 0 ? 2 * connectivity : connectivity }
    }

    var unsafeHandle: UnsafeHandle {
        UnsafeHandle(
            baseLinks: baseLinks.base,
            upperLinks: upperLinks.base,
            firstUpperLists: firstUpperLists.base,
            connectivity: connectivity
        )
    }
}
