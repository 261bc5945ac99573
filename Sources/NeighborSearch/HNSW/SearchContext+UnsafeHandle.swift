import CKernels

/// What one search needs besides the graph; used again by later searches, by one at a time.
///
/// Visited nodes are marked with the number of the walk, so nothing is cleared between two walks; only when
/// the 8-bit number wraps around are the marks wiped.
final class SearchContext: @unchecked Sendable {
    // @unchecked: one search at a time has it, and the sessions hand it on under a lock (stress test:
    // "searches run beside writers").
    private var marks = FlatMemory<UInt8>(count: 0)
    private var epoch: UInt8 = 0
    private var entries = FlatMemory<Candidate>(count: 0)
    private var vector = FlatMemory<Float>(count: 0)
    private var codes = FlatMemory<Int8>(count: 0)
    private var low = FlatMemory<Int8>(count: 0)
    private var fresh = FlatMemory<UInt32>(count: 0)
    private var scored = FlatMemory<lk_scored_slot>(count: 0)
    private let query = FlatMemory<lk_code_query>(count: 1)

    /// Makes room for walks on `graph` that keep `beamWidth` candidates.
    func prepare(for graph: HNSWGraph, beamWidth: Int) {
        let layout = graph.layout
        Self.grow(&marks, to: graph.capacity)
        Self.grow(&entries, to: beamWidth + 1)
        Self.grow(&vector, to: layout.dimension)
        Self.grow(&codes, to: RecordLayout.roundUp(layout.dimension, to: 64))
        Self.grow(&low, to: layout.dimension)
        // One more than a list has: whoever shortens a full list considers a newcomer with it.
        Self.grow(&fresh, to: max(layout.baseWidth, layout.connectivity) + 1)
        Self.grow(&scored, to: max(layout.baseWidth, layout.connectivity) + 1)
    }

    private static func grow<Element>(_ memory: inout FlatMemory<Element>, to count: Int) {
        if memory.count < count {
            memory = FlatMemory(count: count)
        }
    }

    /// Takes a vector as the query: its code for walking, itself for refining.
    func setQuery(_ values: [Float], metric: Metric) -> UnsafePointer<lk_code_query> {
        precondition(values.count <= vector.count)
        values.withUnsafeBufferPointer { source in
            vector.base.update(from: source.baseAddress!, count: source.count)
        }
        let code = UnsafeMutableRawPointer(codes.base).assumingMemoryBound(to: UInt8.self)
        let scale = lk_quantize(vector.base, values.count, code, low.base)
        // Minus the squared length, where it counts, is the same for all and changes no order.
        return setQuery(code: code, scale: scale, offset: 0, count: values.count, metric: metric)
    }

    /// Takes the code of a stored vector as the query.
    @inline(__always)
    func setQuery(slot: UInt32, of graph: HNSWGraph.UnsafeHandle) -> UnsafePointer<lk_code_query> {
        let scale = graph.scale(slot)
        return setQuery(
            code: graph.record(slot),
            scale: scale[0],
            offset: scale[1],
            count: graph.dimension,
            metric: graph.metric
        )
    }

    @inline(__always)
    private func setQuery(
        code: UnsafePointer<UInt8>,
        scale: Float,
        offset: Float,
        count: Int,
        metric: Metric
    ) -> UnsafePointer<lk_code_query> {
        let correction = lk_code_unbias(code, count, codes.base)
        query.base.pointee = lk_code_query(
            codes: codes.base,
            scale: metric == .cosine ? scale : 2 * scale,
            offset: offset,
            correction: correction
        )
        return UnsafePointer(query.base)
    }

    /// The query as it was given.
    var queryVector: UnsafePointer<Float> { UnsafePointer(vector.base) }

    /// Begins a walk: no node is visited and the pool is empty.
    func beginWalk(beamWidth: Int) -> UnsafeHandle {
        precondition(beamWidth >= 1 && beamWidth < entries.count, "beam \(beamWidth) of \(entries.count)")
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
            scored: scored.base
        )
    }

    /// Pointers and counters of one walk. Valid until the next call of `prepare`, and while the context
    /// lives.
    struct UnsafeHandle {
        var pool: CandidatePool
        let marks: UnsafeMutablePointer<UInt8>
        let epoch: UInt8
        /// Neighbours not met before, gathered to be scored in one call.
        let fresh: UnsafeMutablePointer<UInt32>
        /// Those of them that are near enough to be candidates.
        let scored: UnsafeMutablePointer<lk_scored_slot>
    }
}
