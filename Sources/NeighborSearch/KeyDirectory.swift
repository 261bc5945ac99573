/// Which item lies in which slot.
final class KeyDirectory {
    private(set) var keys: FlatMemory<UInt64>
    private var slotsByKey: [UInt64: UInt32] = [:]
    /// Slots whose items were removed; the last one is used next.
    private(set) var freeSlots: [UInt32] = []

    init() {
        keys = FlatMemory()
    }

    /// Takes over saved keys.
    ///
    /// - Throws: ``SnapshotError`` when a free slot is out of range or listed twice, or a key occurs twice.
    init(keys: consuming FlatMemory<UInt64>, freeSlots: [UInt32]) throws(SnapshotError) {
        var isFree = [Bool](repeating: false, count: keys.count)
        for slot in freeSlots {
            guard Int(slot) < keys.count, !isFree[Int(slot)] else {
                throw .invalidFreeSlot(found: Int(slot), slotCount: keys.count)
            }
            isFree[Int(slot)] = true
        }
        slotsByKey.reserveCapacity(keys.count - freeSlots.count)
        for slot in 0..<keys.count where !isFree[slot] {
            if let other = slotsByKey.updateValue(UInt32(slot), forKey: keys[slot]) {
                throw .repeatedKey(key: keys[slot], slots: [Int(other), slot])
            }
        }
        self.keys = keys
        self.freeSlots = freeSlots
    }

    var liveCount: Int { slotsByKey.count }

    func slot(of key: UInt64) -> UInt32? { slotsByKey[key] }

    func key(of slot: UInt32) -> UInt64 { keys[Int(slot)] }

    func appendSlot() {
        keys.append(repeating: 0, count: 1)
    }

    func takeFreeSlot() -> UInt32? { freeSlots.popLast() }

    func assign(_ slot: UInt32, to key: UInt64) {
        precondition(slotsByKey[key] == nil, "key \(key) has a slot")
        slotsByKey[key] = slot
        keys[Int(slot)] = key
    }

    func release(_ key: UInt64) {
        guard let slot = slotsByKey.removeValue(forKey: key) else { return }
        keys[Int(slot)] = 0
        freeSlots.append(slot)
    }
}
