import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

/// What may be found: permanent items, and items that writers insert, replace and remove.
private final class World: Sendable {
    static let permanentCount = 150
    static let changingCount = 100
    static let dimension = 16

    let index: HNSWIndex
    let permanent = clusteredVectors(permanentCount, dimension: dimension, seed: 51)
    /// Two vectors for each changing item.
    let changing = clusteredVectors(2 * changingCount, dimension: dimension, seed: 52)
    /// Per changing item: odd from before it is inserted until after it is removed.
    private let versions = Guarded([Int](repeating: 0, count: World.changingCount))
    private let complaints = Guarded<[String]>([])
    private let writersAtWork: Guarded<Int>
    private let searches = Guarded(0)

    init(writers: Int) throws {
        let parameters = try HNSWParameters(connectivity: 4, constructionBeamWidth: 12, beamWidth: 8)
        index = HNSWIndex(dimension: World.dimension, parameters: parameters)
        writersAtWork = Guarded(writers)
        for (key, vector) in permanent.enumerated() {
            try index.insert(key: UInt64(key), vector: vector)
        }
    }

    var isBusy: Bool { writersAtWork.with { $0 } > 0 }
    var searchCount: Int { searches.with { $0 } }
    var allComplaints: [String] { complaints.with { $0 } }

    private func key(_ item: Int) -> UInt64 { UInt64(1000 + item) }

    func writers(_ count: Int, rounds: Int) -> [@Sendable () throws -> Void] {
        (0..<count).map { writer in { try self.write(writer, of: count, rounds: rounds) } }
    }

    /// Changes the items that are this writer's own, in rounds.
    private func write(_ writer: Int, of writers: Int, rounds: Int) throws {
        defer { writersAtWork.with { $0 -= 1 } }
        let own = stride(from: writer, to: World.changingCount, by: writers)
        var generator = SeededGenerator(seed: UInt64(writer))
        for _ in 0..<rounds {
            for item in Array(own).shuffled(using: &generator) {
                let vector = changing[2 * item + Int.random(in: 0...1, using: &generator)]
                versions.with { if $0[item] % 2 == 0 { $0[item] += 1 } }
                try index.insert(key: key(item), vector: vector)
            }
            for item in Array(own).shuffled(using: &generator).dropLast(5) {
                if try !index.remove(key: key(item)) { complain("\(item) was not there to be removed") }
                versions.with { $0[item] += 1 }
            }
        }
    }

    /// Searches until the writers are done, and looks at every answer.
    func read(_ reader: Int) throws {
        var turn = reader
        repeat {
            turn += 7
            let number = turn % permanent.count
            let query = permanent[number]
            let before = versions.with { $0 }
            let walked = try index.nearest(to: query, count: 5, beamWidth: 8)
            let wide = try index.nearest(to: query, count: 20, beamWidth: 8)
            let exact = try index.exactNearest(to: query, count: 20)
            let filtered = try index.nearest(to: query, count: 10, beamWidth: 8) { $0 % 4 == 0 }
            let after = versions.with { $0 }
            for (answer, count) in [(walked, 5), (wide, 20), (exact, 20), (filtered, 10)] {
                check(answer, count: count, to: query, before, after)
            }
            if exact.neighbors.first?.key != UInt64(number) { complain("\(number) was not found") }
            if !filtered.neighbors.allSatisfy({ $0.key % 4 == 0 }) { complain("unwanted keys") }
            if try index.vector(forKey: UInt64(number)) == nil { complain("\(number) is not there") }
            searches.with { $0 += 1 }
        } while isBusy
    }

    private func check(_ answer: SearchAnswer, count: Int, to query: [Float], _ before: [Int], _ after: [Int])
    {
        let neighbors = answer.neighbors
        if neighbors.count != count { complain("\(neighbors.count) neighbours, not \(count)") }
        if Set(neighbors.map(\.key)).count != neighbors.count { complain("a key comes twice") }
        if !zip(neighbors, neighbors.dropFirst()).allSatisfy(Neighbor.isOrderedBefore) {
            complain("out of order")
        }
        for neighbor in neighbors {
            var vectors: [[Float]]
            if neighbor.key < 1000 {
                vectors = [permanent[Int(neighbor.key)]]
            } else {
                let item = Int(neighbor.key) - 1000
                vectors = [changing[2 * item], changing[2 * item + 1]]
                if before[item] % 2 == 0, before[item] == after[item] { complain("\(item) was not there") }
            }
            let isTrue = vectors.contains {
                let truth = naiveSimilarity(query, $0)
                return abs(Double(neighbor.similarity) - truth) <= similarityTolerance(query, $0, .cosine)
            }
            if !isTrue { complain("\(neighbor) is the similarity of no vector it had") }
        }
    }

    func complain(_ complaint: String) {
        complaints.with { $0.append(complaint) }
    }

    /// The items that must be there in the end.
    func checkEnd() throws {
        try index.checkInvariants()
        #expect(allComplaints.isEmpty)
        #expect(searchCount > 0)
        let live = versions.with { $0.count { $0 % 2 == 1 } }
        #expect(index.count == World.permanentCount + live)
        #expect(index.slotCount > 64, "it has grown")
    }
}

@Suite("changing and searching at once")
struct ConcurrencyTests {
    @Test("searches beside two writers: every answer is full, ordered, and of items that were there")
    func searchesBesideWriters() throws {
        let rounds = 6
        let world = try World(writers: 2)
        try runOnThreads(
            world.writers(2, rounds: rounds)
                + (0..<2).map { reader in { @Sendable in try world.read(reader) } }
        )
        try world.checkEnd()
        #expect(world.index.sessions.nextEra() > 4, "there were several consolidations")
    }

    @Test("an index is saved while it is changed and searched, and each file is whole")
    func savesBesideWriters() throws {
        let folder = try TemporaryFolder()
        let path = try folder("index")
        let world = try World(writers: 2)
        try runOnThreads(
            world.writers(2, rounds: 3)
                + [
                    { @Sendable in try world.read(0) },
                    { @Sendable in
                        repeat {
                            try world.index.save(to: path, identity: .init(model: "m", catalogSequence: 1))
                            let saved = try HNSWIndex.load(from: path).index
                            try saved.verify()
                            for key in 0..<UInt64(World.permanentCount) where !saved.contains(key) {
                                world.complain("\(key) is not in the file")
                            }
                        } while world.isBusy
                    },
                ]
        )
        try world.checkEnd()
    }

    @Test("an index from a file is searched by many while the first change comes")
    func loadedIndex() throws {
        let folder = try TemporaryFolder()
        let path = try folder("index")
        let vectors = clusteredVectors(900, dimension: World.dimension, seed: 51)
        let parameters = try HNSWParameters(connectivity: 4, constructionBeamWidth: 12, beamWidth: 8)
        try makeIndex(vectors, parameters: parameters)
            .save(to: path, identity: .init(model: "m", catalogSequence: 1))
        for _ in 0..<4 {
            let index = try HNSWIndex.load(from: path).index
            let found = Guarded<Set<UInt64>>([])
            try runOnThreads(
                (0..<3).map { reader in
                    { @Sendable in
                        for number in stride(from: reader, to: 900, by: 30) {
                            let answer = try index.nearest(to: vectors[number], count: 5, beamWidth: 20)
                            let exact = try index.exactNearest(to: vectors[number], count: 1)
                            found.with { _ = $0.insert(exact.neighbors[0].key) }
                            guard answer.neighbors.count == 5 else { throw NeighborSearchError.tooLong }
                        }
                    }
                } + [
                    { @Sendable in
                        try (UInt64(900)..<920).forEach { try index.insert(key: $0, vector: vectors[0]) }
                    }
                ]
            )
            let asked = Set((0..<3).flatMap { stride(from: $0, to: 900, by: 30).map { UInt64($0) } })
            #expect(found.with { $0 } == asked)
            #expect(index.count == 920)
            try index.checkInvariants()
        }
    }

    @Test("threads that insert and remove the same keys leave each key at most once")
    func sameKeys() throws {
        let vectors = clusteredVectors(400, dimension: 8, seed: 53)
        let index = HNSWIndex(
            dimension: 8,
            parameters: try HNSWParameters(connectivity: 4, constructionBeamWidth: 12)
        )
        try runOnThreads(
            (0..<3).map { thread in
                { @Sendable in
                    for turn in 0..<200 {
                        let key = UInt64((turn * (thread + 1)) % 40)
                        if turn % 5 == thread {
                            try index.remove(key: key)
                        } else {
                            try index.insert(key: key, vector: vectors[(turn + 100 * thread) % 400])
                        }
                    }
                }
            }
        )
        try index.checkInvariants()
        let all = try index.exactNearest(to: vectors[0], count: 100)
        expectWellFormed(all, count: index.count)
        #expect(all.neighbors.allSatisfy { index.contains($0.key) })
    }
}
