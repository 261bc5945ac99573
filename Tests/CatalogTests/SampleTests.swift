import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("A sample stands for the whole library")
struct SampleTests {
    private let folder: TemporaryFolder
    private let catalog: Catalog
    private let model: ModelID

    /// 100 pictures, numbered from 1.
    init() throws {
        folder = try TemporaryFolder()
        catalog = try Catalog(path: try folder("catalog.sqlite"))
        model = try catalog.registerModel(identity: "test:1", dimension: 4)
        var chance = SeededGenerator(seed: 5)
        try catalog.record((1...100).map { .indexed($0, vector: chance.unitVector(4)) }, model: model)
    }

    private func sample(_ count: Int, _ audience: Audience? = nil, leavingOut left: Set<ImageID> = []) throws
        -> [ImageID]
    {
        try catalog.sampleOfEmbeddings(model: model, count: count, findableBy: audience, leavingOut: left)
            .map(\.image)
    }

    @Test(
        "as many as were asked for, and as far apart as can be",
        arguments: [1, 2, 3, 7, 33, 50, 51, 64, 99]
    )
    func spread(count: Int) throws {
        let ids = try sample(count)
        #expect(ids.count == count)
        let gaps = zip(ids, ids.dropFirst() + [101]).map { $1 - $0 }
        #expect(Set(gaps).isSubset(of: [Int64(100 / count), Int64((100 + count - 1) / count)]))
        #expect(ids.first == 1)
    }

    @Test(
        "all of them when there are fewer, whatever number is asked for",
        arguments: [100, 101, 1_000, Int.max]
    )
    func all(count: Int) throws {
        #expect(try sample(count) == Array(1...100))
    }

    @Test("what is left out is left out before the rest is thinned, and forgotten pictures leave no hole")
    func leavingOut() throws {
        let left = Set(ImageID(1)...60)
        #expect(try sample(4, leavingOut: left) == [61, 71, 81, 91])
        for number in 61...80 { _ = try catalog.forget(at: FilePath("/photos/\(number).jpg")) }
        #expect(try sample(4, leavingOut: left) == [81, 86, 91, 96])
        #expect(try sample(4, leavingOut: Set(1...100)) == [])
    }

    @Test("for people, only pictures that they may find")
    func hidden() throws {
        for id in ImageID(1)...80 {
            _ = try catalog.setVisibility(id % 2 == 0 ? .private : .blocked, of: id)
        }
        #expect(try sample(4, .everyone) == [81, 86, 91, 96])
        #expect(try sample(3, .administrators).count == 3)
        #expect(try sample(100, .administrators).count == 60)
        #expect(try sample(4) == [1, 26, 51, 76])
    }

    @Test("the newest picture of a time, and the next one that is embedded")
    func neighbors() throws {
        #expect(try catalog.newestFindableImage(addedBy: .now) == 100)
        #expect(try catalog.newestFindableImage(addedBy: .distantPast) == nil)
        _ = try catalog.forget(at: "/photos/50.jpg")
        #expect(try catalog.findableImage(from: 50, model: model) == 51)
        #expect(try catalog.findableImage(from: 101, model: model) == nil)
        for id in [51, 100] as [ImageID] { _ = try catalog.setVisibility(.private, of: id) }
        #expect(try catalog.findableImage(from: 50, model: model) == 52)
        #expect(try catalog.newestFindableImage(addedBy: .now) == 99)
    }
}
