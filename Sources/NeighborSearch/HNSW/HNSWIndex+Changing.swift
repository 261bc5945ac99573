import CKernels
import Dispatch
import Synchronization

extension HNSWIndex {
    /// Adds an item, or gives an existing one a new vector (INSERT, Algorithm 1).
    ///
    /// - Parameter vector: `dimension` finite components, of length 1 where the metric wants it.
    /// - Throws: ``NeighborSearchError`` when the vector is not like that, or no slot number is left; the
    ///   index is then as before.
    /// - Complexity: about efConstruction · M comparisons, growing slowly with the count.
    public func insert(key: UInt64, vector: [Float]) throws(NeighborSearchError) {
        try validate(vector)
        try prepareForChanges()
        try insertValidated(key, vector)
        consolidateIfWorthwhile()
    }

    /// Adds many items, on several threads at once.
    ///
    /// The graph depends on how the threads happened to run; what it finds hardly does. Of two items with the
    /// same key either may stay.
    ///
    /// - Throws: ``NeighborSearchError`` for the first vector that is not acceptable, before anything is added.
    public func insert(
        _ items: [(key: UInt64, vector: [Float])],
        threads: Int
    ) throws(NeighborSearchError) {
        for item in items { try validate(item.vector) }
        try prepareForChanges()
        let failure = Mutex<NeighborSearchError?>(nil)
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, items.count))) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < items.count else { return }
                do throws(NeighborSearchError) {
                    try insertValidated(items[index].key, items[index].vector)
                } catch {
                    failure.withLock { $0 = error }
                    return
                }
            }
        }
        consolidateIfWorthwhile()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Removes an item; false when there was none with this key.
    ///
    /// Searches pass through its node until a consolidation takes out many at once; then its slot is used
    /// again.
    ///
    /// - Throws: ``NeighborSearchError/damaged(_:)`` when the index comes from a damaged file.
    @discardableResult
    public func remove(key: UInt64) throws(NeighborSearchError) -> Bool {
        try prepareForChanges()
        let isRemoved = gate.withReading {
            directoryLock.withWriting {
                guard let slot = directory.remove(key, in: graph) else { return false }
                tick { graph.unsafeHandle.setLifetime(of: slot, to: .went(at: $0)) }
                liveCount.subtract(1, ordering: .acquiringAndReleasing)
                removedCount.add(1, ordering: .acquiringAndReleasing)
                return true
            }
        }
        consolidateIfWorthwhile()
        return isRemoved
    }

    // MARK: - Steps

    private func insertValidated(_ key: UInt64, _ vector: [Float]) throws(NeighborSearchError) {
        while !tryToInsert(key, vector) {
            try grow()
        }
    }

    /// False when there is no room.
    private func tryToInsert(_ key: UInt64, _ vector: [Float]) -> Bool {
        gate.withReading {
            guard let slot = directoryLock.withWriting({ takeSlot() }) else { return false }
            graph.unsafeHandle.setVector(slot, to: vector)
            graph.keys[Int(slot)] = key
            workspaces.with { builder!.insert(slot, using: $0) }
            directoryLock.withWriting { register(slot, as: key) }
            return true
        }
    }

    /// Lets an item appear, and the one that it replaces disappear, at one moment. The directory's lock is held.
    private func register(_ slot: UInt32, as key: UInt64) {
        let old = directory.assign(slot, to: key, in: graph)
        let handle = graph.unsafeHandle
        tick { time in
            handle.setLifetime(of: slot, to: .came(at: time))
            if let old { handle.setLifetime(of: old, to: .went(at: time)) }
        }
        if old == nil {
            liveCount.add(1, ordering: .acquiringAndReleasing)
        } else {
            removedCount.add(1, ordering: .acquiringAndReleasing)
        }
    }

    /// Moves the clock on, after what happens at its next tick. The directory's lock is held.
    private func tick(_ body: (UInt32) -> Void) {
        body(graph.now + 1)
        graph.now += 1
    }

    /// The directory's lock is held.
    private func takeSlot() -> UInt32? {
        if graph.now < Lifetime.lastInsertion,
            let slot = directory.takeRetired(oldestEra: sessions.oldestEra)
        {
            graph.reset(slot)
            return slot
        }
        let level = levelGenerator.peek(connectivity: parameters.connectivity)
        guard graph.hasRoom(forLevel: level.value) else { return nil }
        levelGenerator = level.generator
        return graph.appendSlot(level: level.value)
    }

    /// Verifies what comes from a file, once, and makes what only changing needs.
    private func prepareForChanges() throws(NeighborSearchError) {
        if gate.withReading({ builder != nil }) { return }
        try gate.withWriting { () throws(NeighborSearchError) in
            guard builder == nil else { return }
            do throws(SnapshotError) {
                try verifyLocked()
            } catch {
                throw .damaged(error)
            }
            builder = HNSWBuilder(graph: graph, constructionBeamWidth: parameters.constructionBeamWidth)
        }
    }

    /// Moves everything to twice the room, or, when only its time is used up, to as much. Searches go on in the
    /// old graph meanwhile.
    private func grow() throws(NeighborSearchError) {
        try gate.withWriting { () throws(NeighborSearchError) in
            let level = levelGenerator.peek(connectivity: parameters.connectivity).value
            guard !graph.hasRoom(forLevel: level) else { return }
            guard graph.slotCount < HNSWGraph.slotLimit else { throw .full(capacity: HNSWGraph.slotLimit) }
            // An empty index from a file has no room at all.
            let isOutOfTime = graph.now >= Lifetime.lastInsertion
            let wanted = isOutOfTime ? graph.capacity : 2 * graph.capacity
            let capacity = min(max(wanted, Self.firstCapacity), HNSWGraph.slotLimit)
            let bigger = HNSWGraph(copying: graph, capacity: capacity)
            directoryLock.withWriting { graph = bigger }
            builder = HNSWBuilder(graph: graph, constructionBeamWidth: parameters.constructionBeamWidth)
            sessions.replaceGraph(with: graph)
        }
    }

    // MARK: - Consolidation

    /// Takes removed nodes out when they are an eighth of all, or many.
    ///
    /// Finding who links to them reads all links; with this many at once that is little per node.
    private func consolidateIfWorthwhile() {
        let removed = removedCount.load(ordering: .acquiring)
        guard removed >= 32, removed >= min(count / 8, 4096) else { return }
        gate.withWriting { consolidateLocked() }
    }

    func consolidateLocked() {
        guard removedCount.load(ordering: .acquiring) > 0, let builder else { return }
        let slots = workspaces.with { builder.consolidate(using: $0) }
        let era = sessions.nextEra()
        directoryLock.withWriting { directory.retire(slots, era: era) }
        removedCount.store(0, ordering: .releasing)
    }

    /// Checks all that a change relies on.
    func verifyLocked() throws(SnapshotError) {
        try graph.inspector?.admitAll()
        do {
            try graph.verify()
        } catch {
            throw .brokenGraph(error)
        }
    }
}
