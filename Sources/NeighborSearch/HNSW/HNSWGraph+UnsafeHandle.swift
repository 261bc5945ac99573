import CKernels

/// Stands for "no slot" in links, parents and entry points.
let noSlot = UInt32.max

/// The nodes of an index and their links, in a few flat runs of memory. Slots are numbered from 0.
///
/// Its size is fixed; a bigger copy takes its place when it is full. So a search that holds it may read on,
/// whatever happens. Links, states and the entry point are read and written as atomic values, because
/// searches read them while insertions write. All else of a slot is written before the first link leads to it.
final class HNSWGraph: @unchecked Sendable {
    // @unchecked: the memory is shared as described above; the stress tests run under the thread sanitizer.

    let layout: RecordLayout
    let metric: Metric
    /// How many slots there is room for.
    let capacity: Int

    let records: FlatMemory<UInt8>
    let lowBytes: FlatMemory<Int8>
    let states: FlatMemory<UInt8>
    /// When each slot's item came or went; see ``Lifetime``.
    let lifetimes: FlatMemory<UInt32>
    let keys: FlatMemory<UInt64>
    /// The tree that keeps every node reachable: the parent of each slot.
    let parents: FlatMemory<UInt32>
    /// Per slot: the number of its list on layer 1; the lists of higher layers follow.
    let upperStarts: FlatMemory<UInt32>
    let upperLinks: FlatMemory<UInt32>
    /// Checks the parts of a mapped file when they are first met; nil when the graph does not come from one.
    let inspector: SnapshotInspector?
    private let entry = FlatMemory<UInt32>(count: 1)
    private let usedSlots = FlatMemory<UInt32>(count: 1)
    private let clock = FlatMemory<UInt32>(count: 1)
    private let kernelRecords: UnsafeMutablePointer<lk_records>

    /// Lists on layers above the bottom. Changed by whoever holds the slot directory's lock.
    private(set) var upperListCount = 0
    /// Top of the tree. Changed only while nobody else changes anything, or by the first insertion.
    var root = noSlot

    init(layout: RecordLayout, metric: Metric, capacity: Int) {
        self.layout = layout
        self.metric = metric
        self.capacity = capacity
        records = FlatMemory(count: capacity * layout.stride)
        lowBytes = FlatMemory(count: capacity * layout.lowStride)
        states = FlatMemory(count: capacity)
        lifetimes = FlatMemory(count: capacity)
        keys = FlatMemory(count: capacity)
        parents = FlatMemory(count: capacity)
        upperStarts = FlatMemory(count: capacity)
        upperLinks = FlatMemory(count: Self.upperCapacity(layout, capacity) * layout.connectivity)
        kernelRecords = Self.describe(records, layout)
        inspector = nil
        entryPoint = noSlot
    }

    /// A copy with more room, whose time begins anew. Nobody changes `other` meanwhile.
    init(copying other: HNSWGraph, capacity: Int) {
        layout = other.layout
        metric = other.metric
        self.capacity = capacity
        let count = other.slotCount
        records = FlatMemory(
            copying: other.records,
            prefix: count * layout.stride,
            count: capacity * layout.stride
        )
        lowBytes = FlatMemory(
            copying: other.lowBytes,
            prefix: count * layout.lowStride,
            count: capacity * layout.lowStride
        )
        states = FlatMemory(copying: other.states, prefix: count, count: capacity)
        lifetimes = FlatMemory(count: capacity)
        for slot in 0..<count {
            lifetimes.base[slot] = Lifetime(rawValue: other.lifetimes.base[slot]).sinceTheBeginning.rawValue
        }
        keys = FlatMemory(copying: other.keys, prefix: count, count: capacity)
        parents = FlatMemory(copying: other.parents, prefix: count, count: capacity)
        upperStarts = FlatMemory(copying: other.upperStarts, prefix: count, count: capacity)
        let lists = max(Self.upperCapacity(layout, capacity), other.upperListCount * 3 / 2)
        upperLinks = FlatMemory(
            copying: other.upperLinks,
            prefix: other.upperListCount * layout.connectivity,
            count: lists * layout.connectivity
        )
        kernelRecords = Self.describe(records, layout)
        inspector = nil
        upperListCount = other.upperListCount
        slotCount = count
        now = 1
        root = other.root
        entryPoint = other.entryPoint
    }

    /// Takes over memory that a snapshot was mapped to.
    init(
        layout: RecordLayout,
        metric: Metric,
        records: consuming FlatMemory<UInt8>,
        lowBytes: consuming FlatMemory<Int8>,
        states: consuming FlatMemory<UInt8>,
        keys: consuming FlatMemory<UInt64>,
        parents: consuming FlatMemory<UInt32>,
        upperStarts: consuming FlatMemory<UInt32>,
        upperLinks: consuming FlatMemory<UInt32>,
        entryPoint: UInt32,
        root: UInt32,
        inspector: SnapshotInspector?
    ) {
        self.layout = layout
        self.metric = metric
        capacity = states.count
        kernelRecords = Self.describe(records, layout)
        self.records = records
        self.lowBytes = lowBytes
        self.states = states
        // All zeros: every item of a snapshot has been there since the beginning.
        lifetimes = FlatMemory(count: capacity)
        self.keys = keys
        self.parents = parents
        self.upperStarts = upperStarts
        upperListCount = upperLinks.count / layout.connectivity
        self.upperLinks = upperLinks
        self.inspector = inspector
        slotCount = capacity
        self.root = root
        self.entryPoint = entryPoint
    }

    deinit {
        kernelRecords.deallocate()
    }

    /// How many changes of items there have been. Ticks under the slot directory's lock.
    var now: UInt32 {
        get { lk_load_u32(clock.base) }
        set { lk_store_u32(clock.base, newValue) }
    }

    /// Where walks begin: a node of the highest level.
    var entryPoint: UInt32 {
        get { lk_load_u32(entry.base) }
        set { lk_store_u32(entry.base, newValue) }
    }

    /// Slots in use or used before. Changed by whoever holds the slot directory's lock.
    private(set) var slotCount: Int {
        get { Int(lk_load_u32(usedSlots.base)) }
        set { lk_store_u32(usedSlots.base, UInt32(newValue)) }
    }

    /// The biggest number of slots: a slot's number leaves one bit for a candidate's mark.
    static let slotLimit = 1 << 30

    /// Whether a slot with `level` upper lists still fits, and its time.
    func hasRoom(forLevel level: Int) -> Bool {
        slotCount < capacity && now < Lifetime.lastInsertion
            && (upperListCount + level) * layout.connectivity <= upperLinks.count
    }

    /// Takes the next slot into use, without links. The caller has made sure that there is room.
    func appendSlot(level: Int) -> UInt32 {
        precondition(hasRoom(forLevel: level))
        let slot = slotCount
        upperStarts[slot] = UInt32(upperListCount)
        upperListCount += level
        states[slot] = UInt8(level)
        reset(UInt32(slot))
        slotCount = slot + 1
        return UInt32(slot)
    }

    /// Empties a slot that no search can reach.
    func reset(_ slot: UInt32) {
        let handle = unsafeHandle
        lk_store_u32(lifetimes.base + Int(slot), Lifetime.pending.rawValue)
        for layer in 0...handle.level(of: slot) {
            handle.links(of: slot, atLayer: layer).update(
                repeating: noSlot,
                count: handle.width(ofLayer: layer)
            )
        }
        parents[Int(slot)] = noSlot
    }

    /// Lists above the bottom layer: 1/(M − 1) per slot on average.
    private static func upperCapacity(_ layout: RecordLayout, _ capacity: Int) -> Int {
        capacity / (layout.connectivity - 1) * 5 / 4 + 64
    }

    private static func describe(
        _ records: borrowing FlatMemory<UInt8>,
        _ layout: RecordLayout
    ) -> UnsafeMutablePointer<lk_records> {
        let description = UnsafeMutablePointer<lk_records>.allocate(capacity: 1)
        description.initialize(
            to: lk_records(
                base: records.base,
                stride: layout.stride,
                dimension: layout.dimension,
                scale_position: layout.scalePosition
            )
        )
        return description
    }

    var unsafeHandle: UnsafeHandle {
        UnsafeHandle(
            kernelRecords: kernelRecords,
            records: records.base,
            lowBytes: lowBytes.base,
            states: states.base,
            lifetimes: lifetimes.base,
            parents: parents.base,
            upperStarts: upperStarts.base,
            upperLinks: upperLinks.base,
            dimension: layout.dimension,
            stride: layout.stride,
            scalePosition: layout.scalePosition,
            linksPosition: layout.linksPosition,
            lowStride: layout.lowStride,
            connectivity: layout.connectivity,
            baseWidth: layout.baseWidth,
            metric: metric
        )
    }
}

extension HNSWGraph {
    /// Pointers for a loop that must not go through the class. Valid for as long as the graph lives.
    struct UnsafeHandle {
        let kernelRecords: UnsafePointer<lk_records>
        let records: UnsafeMutablePointer<UInt8>
        let lowBytes: UnsafeMutablePointer<Int8>
        let states: UnsafeMutablePointer<UInt8>
        let lifetimes: UnsafeMutablePointer<UInt32>
        let parents: UnsafeMutablePointer<UInt32>
        let upperStarts: UnsafeMutablePointer<UInt32>
        let upperLinks: UnsafeMutablePointer<UInt32>
        let dimension: Int
        let stride: Int
        let scalePosition: Int
        let linksPosition: Int
        let lowStride: Int
        let connectivity: Int
        let baseWidth: Int
        let metric: Metric

        @inline(__always)
        func record(_ slot: UInt32) -> UnsafeMutablePointer<UInt8> { records + Int(slot) * stride }

        @inline(__always)
        func lowRow(_ slot: UInt32) -> UnsafeMutablePointer<Int8> { lowBytes + Int(slot) * lowStride }

        /// Scale and offset of a code.
        @inline(__always)
        func scale(_ slot: UInt32) -> UnsafeMutablePointer<Float> {
            UnsafeMutableRawPointer(record(slot) + scalePosition).assumingMemoryBound(to: Float.self)
        }

        @inline(__always)
        func width(ofLayer layer: Int) -> Int { layer == 0 ? baseWidth : connectivity }

        @inline(__always)
        func links(of slot: UInt32, atLayer layer: Int) -> UnsafeMutablePointer<UInt32> {
            if layer == 0 {
                return UnsafeMutableRawPointer(record(slot) + linksPosition)
                    .assumingMemoryBound(to: UInt32.self)
            }
            return upperLinks + (Int(upperStarts[Int(slot)]) + layer - 1) * connectivity
        }

        /// How many links a list has. Its owner's lock is held, or nobody changes it.
        func linkCount(of slot: UInt32, atLayer layer: Int) -> Int {
            let links = links(of: slot, atLayer: layer)
            let width = width(ofLayer: layer)
            var count = 0
            while count < width, links[count] != noSlot { count += 1 }
            return count
        }

        @inline(__always)
        func state(of slot: UInt32) -> UInt8 { lk_load_u8(states + Int(slot)) }

        @inline(__always)
        func level(of slot: UInt32) -> Int { Int(state(of: slot) & SlotState.levelMask) }

        @inline(__always)
        func lifetime(of slot: UInt32) -> Lifetime { Lifetime(rawValue: lk_load_u32(lifetimes + Int(slot))) }

        /// Whether the slot holds an item that can be found now.
        @inline(__always)
        func isLive(_ slot: UInt32) -> Bool { lifetime(of: slot).isLive }

        func setLifetime(of slot: UInt32, to lifetime: Lifetime) {
            lk_store_u32(lifetimes + Int(slot), lifetime.rawValue)
        }

        func parent(of slot: UInt32) -> UInt32 { lk_load_u32(parents + Int(slot)) }

        /// The similarity of a query and a stored vector, from all 16 bits of its components.
        @inline(__always)
        func similarity(of query: UnsafePointer<Float>, to slot: UInt32) -> Float {
            switch metric {
            case .cosine:
                lk_fixed_point_inner_product(query, record(slot), lowRow(slot), scale(slot)[0], dimension)
            case .euclidean:
                -lk_fixed_point_squared_distance(query, record(slot), lowRow(slot), scale(slot)[0], dimension)
            }
        }

        @inline(__always)
        func prefetchVector(_ slot: UInt32) {
            lk_prefetch(record(slot), linksPosition)
            lk_prefetch(lowRow(slot), dimension)
        }

        /// Writes a vector into a slot that nobody can reach yet.
        func setVector(_ slot: UInt32, to vector: [Float]) {
            let scale = self.scale(slot)
            scale[0] = lk_quantize(vector, dimension, record(slot), lowRow(slot))
            scale[1] = offset(ofCode: slot)
        }

        /// What is added to a score of a code: minus its squared length where that counts.
        func offset(ofCode slot: UInt32) -> Float {
            guard metric == .euclidean else { return 0 }
            let code = record(slot)
            var squares = 0
            for index in 0..<dimension {
                let value = Int(code[index]) - 128
                squares += value * value
            }
            return -Float(squares) * scale(slot)[0] * scale(slot)[0]
        }

        func vector(_ slot: UInt32) -> [Float] {
            [Float](unsafeUninitializedCapacity: dimension) { vector, count in
                lk_dequantize(record(slot), lowRow(slot), scale(slot)[0], dimension, vector.baseAddress)
                count = dimension
            }
        }
    }
}

/// What the byte of a slot says.
enum SlotState {
    /// The node's highest layer; a slot keeps it when it is used again.
    static let levelMask: UInt8 = 0x3F
    /// The node is part of the graph. That of a removed item stays so until a consolidation takes it out.
    static let linked: UInt8 = 0x40
}

/// When the item of a slot came, if it is there, or went, if it is not: a tick of the graph's clock and, in the
/// lowest bit, which of the two.
///
/// One word, read and written at once. A search notes the time when it begins and looks at items as they were
/// then: what came later is not there yet, what went later still is. So an item that gets a new vector
/// meanwhile, which moves it to another slot, is met once.
struct Lifetime: RawRepresentable {
    let rawValue: UInt32

    /// Not there yet: the node is being linked.
    static let pending = Lifetime(rawValue: 1)
    /// Insertions end here and the time begins anew. As many removals as there can be items may follow.
    static let lastInsertion: UInt32 = 1 << 30

    static func came(at time: UInt32) -> Lifetime { Lifetime(rawValue: time << 1) }
    static func went(at time: UInt32) -> Lifetime { Lifetime(rawValue: time << 1 | 1) }

    @inline(__always) var isLive: Bool { rawValue & 1 == 0 }
    /// Whether the item was there once, and is no longer.
    @inline(__always) var isOver: Bool { !isLive && rawValue != Self.pending.rawValue }

    @inline(__always)
    func includes(_ time: UInt32) -> Bool { isLive == (rawValue >> 1 <= time) }

    /// The same where time begins anew, and is 1.
    var sinceTheBeginning: Lifetime { isLive ? .came(at: 0) : isOver ? .went(at: 1) : .pending }
}
