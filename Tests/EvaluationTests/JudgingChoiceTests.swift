import Catalog
import Foundation
import ImageLibrary
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import Evaluation

@Suite("Which query is judged next")
struct JudgingChoiceTests {
    private let folder: TemporaryFolder
    private let library: Library
    private static let count: ImageID = 240

    /// A library of 240 pictures with vectors of chance; picture n lies at /photos/n.jpg.
    init() throws {
        folder = try TemporaryFolder()
        library = try Library(
            directory: LibraryDirectory(path: try folder("library")),
            model: (identity: "test:1", dimension: 8),
            access: .writing
        )
        var chance = SeededGenerator(seed: 3)
        try index((1...Int(Self.count)).map { .indexed($0, vector: chance.unitVector(8)) })
    }

    private func index(_ outcomes: [FileOutcome]) throws {
        try library.catalog.record(outcomes, model: library.index.catalogModel)
        try library.index.catchUp()
    }

    /// A desk of another process, so to speak.
    private var desk: JudgingDesk { JudgingDesk(library: library) }

    private func next(skipping skipped: Set<ImageID> = []) throws -> JudgingDesk.Task {
        try #require(try desk.next(skipping: skipped))
    }

    private func judge(_ candidates: some Sequence<ImageID>, for query: ImageID) throws {
        for image in candidates { #expect(try desk.judge(image, grade: 2, for: query)) }
    }

    /// Proposals, one after the other.
    private func proposals(_ count: Int, skipping skipped: Set<ImageID> = []) throws -> [JudgingDesk.Task] {
        let desk = desk
        var (skipped, tasks) = (skipped, [JudgingDesk.Task]())
        while tasks.count < count, let task = try desk.next(skipping: skipped) {
            skipped.insert(task.query)
            tasks.append(task)
        }
        return tasks
    }

    @Test("proposals come from all parts of the library, however many were seen before")
    func spread() throws {
        for seen in [[], Set(ImageID(1)...100)] as [Set<ImageID>] {
            let queries = try proposals(16, skipping: seen).map(\.query)
            #expect(queries.count == 16)
            #expect(seen.isDisjoint(with: queries))
            let quarters = Dictionary(grouping: queries) { ($0 - 1) / 60 }.mapValues(\.count)
            #expect(quarters[2, default: 0] >= 2 && quarters[3, default: 0] >= 2, "\(quarters)")
        }
    }

    @Test("strangers come from the whole library, not from a few of it")
    func strangers() throws {
        var strangers: Set<ImageID> = []
        for query in ImageID(1)...60 {
            var chance = SeededSequence(seed: UInt64(query))
            let drawn = try desk.strangers(to: query, since: nil, using: &chance)
            #expect(drawn.count == 2 && !drawn.contains(query))
            strangers.formUnion(drawn)
        }
        // 120 draws among 240.
        #expect(strangers.count > 75)
        #expect(strangers.contains { $0 > 200 } && strangers.contains { $0 < 40 })
    }

    @Test("a query that was judged in part comes back, the one judged last first, and before any new one")
    func brokenOff() throws {
        let first = try next()
        try judge(first.candidates.prefix(3), for: first.query)
        let second = try next(skipping: [first.query])
        #expect(second.query != first.query)
        try judge(second.candidates.prefix(3), for: second.query)

        #expect(try next().query == second.query)
        try judge(second.candidates, for: second.query)
        let again = try next()
        #expect(again.query == first.query)
        #expect(again.candidates == Array(first.candidates.dropFirst(3)))
        try judge(again.candidates, for: again.query)
        let third = try next()
        #expect(![first.query, second.query].contains(third.query))
        #expect(try next(skipping: [third.query]).judgedCount == 0)
    }

    @Test("pictures that are indexed later do not bring back a query of which everything was judged")
    func growing() throws {
        let first = try next()
        try judge(first.candidates, for: first.query)
        let vector = try #require(try library.index.vector(of: first.query))
        var chance = SeededGenerator(seed: 9)
        try index(
            (241...255).map { number in
                let near = zip(vector, chance.unitVector(8)).map { $0 + 0.05 * $1 }
                let length = near.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return .indexed(number, vector: near.map { $0 / length })
            }
        )
        #expect(try next().query != first.query)
    }

    @Test("the picture most like a judged one is the last to be asked about")
    func teaching() throws {
        let first = try next()
        try judge(first.candidates, for: first.query)
        let vector = try #require(try library.index.vector(of: first.query))
        try index([.indexed(241, vector: vector)])
        // Everything but 12 pictures is out of the way, so all of them are valued at once.
        let rest = Set((ImageID(1)...Self.count).filter { $0 % 20 != 0 })
        let queries = try proposals(100, skipping: rest).map(\.query)
        #expect(queries.last == 241)
        #expect((12...13).contains(queries.count))
    }

    @Test("hidden and missing pictures are neither asked about nor shown, and hide nothing else")
    func hidden() throws {
        let hidden = Set((ImageID(1)...Self.count).filter { $0 % 12 != 0 || $0 <= 60 })
        for id in hidden { _ = try library.catalog.setVisibility(id % 2 == 0 ? .private : .blocked, of: id) }
        _ = try library.catalog.forget(at: "/photos/72.jpg")
        let tasks = try proposals(100)
        #expect(tasks.count == 14, "61 to 240 has 15 that everybody may see, and one is gone")
        for task in tasks {
            #expect(!hidden.contains(task.query))
            #expect(hidden.isDisjoint(with: task.candidates))
            #expect(!task.candidates.contains(72))
            #expect(task.candidates.count >= 10, "the pool is as deep as if the hidden ones were not there")
        }
    }

    @Test("two pictures that everybody may see, among many, are still asked about")
    func nearlyAllHidden() throws {
        for id in 1...Self.count where id != 100 && id != 200 {
            _ = try library.catalog.setVisibility(.private, of: id)
        }
        let tasks = try proposals(10)
        #expect(Set(tasks.map(\.query)) == [100, 200])
    }
}
