import CKernels

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

    /// How similar a candidate must at least be to be kept: more than this.
    @inline(__always)
    var bar: Float { count < capacity ? -.infinity : entries[count - 1].similarity }

    /// Inserts a candidate above the ``bar``, after those as similar; the last one falls off a full pool.
    @inline(__always)
    mutating func insert(_ candidate: Candidate) {
        let place = UnsafeRawPointer(entries).assumingMemoryBound(to: lk_scored_slot.self)
        let low = lk_rank(place, count, candidate.similarity)
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
