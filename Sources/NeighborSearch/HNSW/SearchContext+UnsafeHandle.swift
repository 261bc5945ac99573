/// A node met by a search: its similarity to the query, and whether its links have been followed.
struct Candidate: BitwiseCopyable {
    var similarity: Float
    /// The slot in the low 31 bits; the top bit is a mark, whose meaning is the user's.
    private var tagged: UInt32

    private static let mark: UInt32 = 1 << 31

    @inline(__always)
    init(similarity: Float, slot: UInt32, isMarked: Bool = false) {
        self.similarity = similarity
        tagged = isMarked ? slot | Self.mark : slot
    }

    @inline(__always) var slot: UInt32 { tagged & ~Self.mark }
    @inline(__always) var isMarked: Bool { tagged & Self.mark != 0 }
    @inline(__always) mutating func setMark() { tagged |= Self.mark }
}

/// The best candidates so far, best first, in one flat array: the paper's sets C and W in one.
///
/// With at most a few hundred candidates, moving part of an array beats the bookkeeping of two heaps.
/// Candidates whose links were followed are marked; `cursor` is where the first unmarked one may be.
struct CandidatePool {
    let entries: UnsafeMutablePointer<Candidate>
    let capacity: Int
    private(set) var count = 0
    private var cursor = 0

    init(entries: UnsafeMutablePointer<Candidate>, capacity: Int) {
        self.entries = entries
        self.capacity = capacity
    }

    /// Whether a candidate this similar would be kept.
    @inline(__always)
    func accepts(_ similarity: Float) -> Bool {
        count < capacity || similarity > entries[count - 1].similarity
    }

    /// Inserts a candidate that ``accepts(_:)`` let pass, after those as similar; the last one falls off a
    /// full pool.
    @inline(__always)
    mutating func insert(_ candidate: Candidate) {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].similarity >= candidate.similarity {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let moved = (count < capacity ? count : capacity - 1) - low
        (entries + low + 1).update(from: entries + low, count: moved)
        entries[low] = candidate
        count = min(count + 1, capacity)
        cursor = min(cursor, low)
    }

    /// Marks and returns the best candidate whose links have not been followed; nil when there is none.
    @inline(__always)
    mutating func takeBestUnmarked() -> UInt32? {
        while cursor < count {
            if !entries[cursor].isMarked {
                entries[cursor].setMark()
                cursor += 1
                return entries[cursor - 1].slot
            }
            cursor += 1
        }
        return nil
    }

    /// The slot that ``takeBestUnmarked()`` would likely return next.
    @inline(__always)
    var upcoming: UInt32? { cursor < count ? entries[cursor].slot : nil }
}

/// What one search needs besides graph and vectors; used again by later searches, by one at a time.
///
/// Visited nodes are marked with the number of the search, so nothing is cleared between two searches; only
/// when the 16-bit number wraps around are the marks wiped.
final class SearchContext: @unchecked Sendable {
    // @unchecked: one search at a time has it, and the pool hands it on under a mutex (stress test: "searches
    // run beside a writer").
    private var marks = FlatMemory<UInt16>()
    private var epoch: UInt16 = 0
    private var entries = FlatMemory<Candidate>()
    private var query = FlatMemory<Float>()
    private var fresh = FlatMemory<UInt32>()
    private var scores = FlatMemory<Float>()

    /// Makes room for a search of `slotCount` slots that keeps `beamWidth` candidates, `width` links per
    /// list.
    func prepare(slotCount: Int, beamWidth: Int, width: Int, stride: Int) {
        Self.grow(&marks, to: slotCount, with: 0)
        Self.grow(&entries, to: beamWidth, with: Candidate(similarity: 0, slot: 0))
        Self.grow(&query, to: stride, with: 0)
        Self.grow(&fresh, to: width, with: 0)
        Self.grow(&scores, to: width, with: 0)
    }

    private static func grow<Element>(_ memory: inout FlatMemory<Element>, to count: Int, with value: Element)
    {
        if memory.count < count {
            memory.append(repeating: value, count: count - memory.count)
        }
    }

    /// Copies a query to a 64-byte boundary, its padding zero, and returns where it lies.
    func storeQuery(_ vector: [Float], stride: Int) -> UnsafePointer<Float> {
        precondition(vector.count <= stride && stride <= query.count)
        query.base.update(repeating: 0, count: stride)
        vector.withUnsafeBufferPointer { source in
            query.base.update(from: source.baseAddress!, count: vector.count)
        }
        return UnsafePointer(query.base)
    }

    /// Begins a walk: no node is visited and the pool is empty.
    func beginWalk(beamWidth: Int) -> UnsafeHandle {
        precondition(beamWidth >= 1 && beamWidth <= entries.count, "beam \(beamWidth) of \(entries.count)")
        epoch &+= 1
        if epoch == 0 {
            marks.base.update(repeating: 0, count: marks.count)
            epoch = 1
        }
        return UnsafeHandle(
            pool: CandidatePool(entries: entries.base, capacity: beamWidth),
            marks: marks.base,
            epoch: epoch,
            fresh: fresh.base,
            scores: scores.base
        )
    }

    /// Pointers and counters of one walk. Valid until the next call of `prepare`, and while the context
    /// lives.
    struct UnsafeHandle {
        var pool: CandidatePool
        let marks: UnsafeMutablePointer<UInt16>
        let epoch: UInt16
        /// Neighbours not met before, gathered to be scored in one call.
        let fresh: UnsafeMutablePointer<UInt32>
        let scores: UnsafeMutablePointer<Float>

        /// Marks a slot; false when it had been visited in this walk.
        @inline(__always)
        func visit(_ slot: UInt32) -> Bool {
            if marks[Int(slot)] == epoch { return false }
            marks[Int(slot)] = epoch
            return true
        }
    }
}
