import CKernels
import TestSupport
import Testing

@testable import NeighborSearch

/// Rows of codes as they lie in a graph, and a query: random bytes, also those that quantising never makes.
private final class Codes {
    let layout: RecordLayout
    let rowCount = 16
    let records: FlatMemory<UInt8>
    let codes: FlatMemory<Int8>
    let query: lk_code_query

    init(dimension: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        layout = RecordLayout(dimension: dimension, connectivity: 4)
        // The last record is followed by nothing: reading beyond it would be seen by the address sanitizer.
        records = FlatMemory(count: rowCount * layout.stride)
        for index in 0..<records.count {
            records[index] = UInt8.random(in: 0...255, using: &generator)
        }
        for row in 0..<rowCount {
            let scale = UnsafeMutableRawPointer(records.base + row * layout.stride + layout.scalePosition)
                .assumingMemoryBound(to: Float.self)
            scale[0] = Float.random(in: 0...1, using: &generator)
            scale[1] = Float.random(in: -100...100, using: &generator)
        }
        codes = FlatMemory(count: RecordLayout.roundUp(dimension, to: 64))
        let stored = (0..<dimension).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let correction = lk_code_unbias(stored, dimension, codes.base)
        let values = stored.map { Int($0) - 128 }
        for (index, value) in values.enumerated() {
            #expect(codes[index] == Int8(value))
        }
        #expect(Int(correction) == 128 * values.reduce(0, +))
        query = lk_code_query(codes: codes.base, scale: 0.25, offset: -3, correction: correction)
    }

    var description: lk_records {
        lk_records(
            base: records.base,
            stride: layout.stride,
            dimension: layout.dimension,
            scale_position: layout.scalePosition
        )
    }

    /// The kernels' truth: one product after the other, in 64 bits, then the formula of the header.
    func score(_ row: UInt32) -> Float {
        let code = records.base + Int(row) * layout.stride
        let product = (0..<layout.dimension).reduce(0) { $0 + Int(codes[$1]) * (Int(code[$1]) - 128) }
        let scale = UnsafeRawPointer(code + layout.scalePosition).assumingMemoryBound(to: Float.self)
        return query.scale * scale[0] * Float(product) + scale[1] + query.offset
    }
}

@Suite("code kernels")
struct CodeKernelTests {
    private static let dimensions = Array(1...130) + [256, 784, 65_536]

    /// The score as the kernel computes it; the compiler may have fused its last multiplication and addition.
    private func isSame(_ kernel: Float, _ twin: Float) -> Bool {
        kernel == twin || abs(kernel - twin) <= 4 * max(abs(kernel), 100).ulp
    }

    @Test(
        "every version agrees with its naive twin, for any dimension, list and threshold",
        arguments: Self.dimensions
    )
    func agreesWithTwin(dimension: Int) {
        let codes = Codes(dimension: dimension, seed: UInt64(dimension))
        var generator = SeededGenerator(seed: UInt64(1000 + dimension))
        let scores = (0..<16).map { codes.score($0) }
        let lengths = dimension > 130 || dimension % 10 == 0 ? Array(0...40) : [0, 1, 3, 4, 5, 8, 31, 40]
        for count in lengths {
            let slots = (0..<count).map { _ in UInt32.random(in: 0..<16, using: &generator) }
            for version in CodeKernels.all {
                let all = kept(slots, above: -.infinity, codes, version)
                #expect(all.map(\.slot) == slots, "\(version.name)")
                #expect(all.allSatisfy { isSame($0.score, scores[Int($0.slot)]) }, "\(version.name)")
                guard let threshold = all.map(\.score).randomElement(using: &generator) else {
                    #expect(!anyAbove(slots, -.infinity, codes, version))
                    continue
                }
                for bar in [threshold, threshold.nextDown, threshold.nextUp, .infinity, .nan] {
                    let above = all.filter { $0.score > bar }
                    let found = kept(slots, above: bar, codes, version)
                    #expect(found.map(\.slot) == above.map(\.slot), "\(version.name)")
                    #expect(found.map(\.score) == above.map(\.score), "\(version.name)")
                    #expect(anyAbove(slots, bar, codes, version) == !above.isEmpty, "\(version.name)")
                }
            }
        }
    }

    @Test(
        "all versions give the same integers, and so the same bits",
        arguments: [1, 63, 64, 65, 256, 784, 65_536]
    )
    func versionsAgree(dimension: Int) {
        let codes = Codes(dimension: dimension, seed: 7)
        // With scales of 1 and no offsets the score of a short code is the inner product itself.
        for row in 0..<16 {
            let scale = UnsafeMutableRawPointer(
                codes.records.base + row * codes.layout.stride + codes.layout.scalePosition
            )
            .assumingMemoryBound(to: Float.self)
            (scale[0], scale[1]) = (4, 3)
        }
        let slots = (0..<16).map { UInt32($0) }
        let naive = slots.map { codes.score($0) }
        for version in CodeKernels.all {
            #expect(kept(slots, above: -.infinity, codes, version).map(\.score) == naive, "\(version.name)")
        }
    }

    @Test("extreme codes do not overflow in the longest vectors")
    func extremes() {
        let dimension = RecordLayout.dimensionRange.upperBound
        for (stored, row) in [(0, 0), (0, 255), (255, 0), (255, 255)] as [(UInt8, UInt8)] {
            let records = FlatMemory<UInt8>(count: RecordLayout.roundUp(dimension, to: 64) + 64)
            records.base.update(repeating: row, count: dimension)
            let scale = UnsafeMutableRawPointer(records.base + dimension).assumingMemoryBound(to: Float.self)
            (scale[0], scale[1]) = (1, 0)
            let codes = FlatMemory<Int8>(count: dimension)
            let code = [UInt8](repeating: stored, count: dimension)
            let correction = lk_code_unbias(code, dimension, codes.base)
            var query = lk_code_query(codes: codes.base, scale: 1, offset: 0, correction: correction)
            var description = lk_records(
                base: records.base,
                stride: records.count,
                dimension: dimension,
                scale_position: dimension
            )
            let expected = Float(dimension * (Int(stored) - 128) * (Int(row) - 128))
            for version in CodeKernels.all {
                var found = lk_scored_slot()
                _ = version.score(&query, &description, [0], 1, -.infinity, &found)
                #expect(found.score == expected, "\(version.name) \(stored) \(row)")
            }
        }
    }

    @Test("the fastest version comes first, the portable one last")
    func order() {
        #expect(CodeKernels.all.last?.name == "portable")
        #expect(CodeKernels.best.name == CodeKernels.all[0].name)
        #expect(Set(CodeKernels.all.map(\.name)).count == CodeKernels.all.count)
    }

    private func kept(
        _ slots: [UInt32],
        above threshold: Float,
        _ codes: Codes,
        _ version: CodeKernels
    ) -> [lk_scored_slot] {
        var query = codes.query
        var description = codes.description
        let guardValue = lk_scored_slot(score: 17, slot: 4711)
        var kept = [lk_scored_slot](repeating: guardValue, count: slots.count + 1)
        let count = version.score(&query, &description, slots, slots.count, threshold, &kept)
        #expect(kept[slots.count].slot == 4711, "nothing is written behind the scores")
        return Array(kept.prefix(count))
    }

    private func anyAbove(_ slots: [UInt32], _ bar: Float, _ codes: Codes, _ version: CodeKernels) -> Bool {
        var query = codes.query
        var description = codes.description
        return version.anyAbove(&query, &description, slots, slots.count, bar)
    }
}
