/// Which item lies in which slot, and which slots can be used next.
///
/// A table with open addressing and linear probing, because it must be made in milliseconds from a million keys
/// in a mapped file; the keys themselves stay in the graph's memory. One user at a time.
struct SlotDirectory: ~Copyable {
    private(set) var count = 0
    private var table: [UInt32]
    /// Slots that nothing leads to, with the era in which the last link went; see ``SearchSessions``.
    private var retired: [(slot: UInt32, era: UInt64)] = []

    init() {
        table = Array(repeating: noSlot, count: 64)
    }

    /// Lists the live slots of a graph.
    ///
    /// - Throws: ``SnapshotError/repeatedKey(key:slots:)``.
    init(of graph: HNSWGraph) throws(SnapshotError) {
        table = Array(repeating: noSlot, count: Self.tableSize(for: graph.slotCount))
        let handle = graph.unsafeHandle
        for slot in 0..<UInt32(graph.slotCount) where handle.isLive(slot) {
            let key = graph.keys[Int(slot)]
            let place = place(of: key, in: graph)
            guard table[place] == noSlot else {
                throw .repeatedKey(key: key, slots: [Int(table[place]), Int(slot)])
            }
            table[place] = slot
            count += 1
        }
    }

    func slot(of key: UInt64, in graph: HNSWGraph) -> UInt32? {
        let slot = table[place(of: key, in: graph)]
        return slot == noSlot ? nil : slot
    }

    /// Makes `slot` the slot of `key`, and returns the one it replaces.
    mutating func assign(_ slot: UInt32, to key: UInt64, in graph: HNSWGraph) -> UInt32? {
        if 2 * (count + 1) > table.count {
            grow(in: graph)
        }
        let place = place(of: key, in: graph)
        let old = table[place]
        table[place] = slot
        if old != noSlot { return old }
        count += 1
        return nil
    }

    mutating func remove(_ key: UInt64, in graph: HNSWGraph) -> UInt32? {
        var hole = place(of: key, in: graph)
        let slot = table[hole]
        guard slot != noSlot else { return nil }
        count -= 1
        // Moves up whoever was pushed past the hole (Knuth, TAOCP 3, Algorithm 6.4 R).
        var next = hole
        while true {
            next = (next + 1) & mask
            guard table[next] != noSlot else { break }
            let home = Self.hash(graph.keys[Int(table[next])]) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                table[hole] = table[next]
                hole = next
            }
        }
        table[hole] = noSlot
        return slot
    }

    // MARK: - Free slots

    mutating func retire(_ slots: [UInt32], era: UInt64) {
        retired += slots.map { ($0, era) }
    }

    /// The slot retired last, if no search can be reading it: all that began before its era ended are over.
    mutating func takeRetired(oldestEra: UInt64) -> UInt32? {
        guard let last = retired.last, last.era < oldestEra else { return nil }
        return retired.removeLast().slot
    }

    // MARK: - Table

    private var mask: Int { table.count - 1 }

    /// Where `key` stands, or the empty place where it would.
    private func place(of key: UInt64, in graph: HNSWGraph) -> Int {
        var place = Self.hash(key) & mask
        while table[place] != noSlot, graph.keys.base[Int(table[place])] != key {
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func grow(in graph: HNSWGraph) {
        let slots = table.filter { $0 != noSlot }
        table = Array(repeating: noSlot, count: 2 * table.count)
        for slot in slots {
            table[place(of: graph.keys[Int(slot)], in: graph)] = slot
        }
    }

    private static func tableSize(for count: Int) -> Int {
        var size = 64
        while size < 2 * count + 2 { size *= 2 }
        return size
    }

    /// Spreads keys that are often small and consecutive (Fibonacci hashing).
    private static func hash(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20)
    }
}
