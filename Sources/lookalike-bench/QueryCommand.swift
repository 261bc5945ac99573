import ArgumentParser
import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import QueryPipeline
import SystemPackage

/// `lookalike-bench query`: latency of queries within a process that has the library open, as a server has.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Time queries by file, by bytes and by image number in one process."
    )

    @Argument(help: "Folder of pictures to ask with.", completion: .directory)
    var folder: String

    @Option(help: "Folder of the library.", completion: .directory)
    var library: String

    @Option(help: "Folder of the model.", completion: .directory)
    var model: String

    @Option(help: "How many queries of each kind.")
    var count = 500

    @Option(help: "Results per query.")
    var limit = 10

    func run() throws {
        let model = try EmbeddingModel(folder: FilePath(self.model))
        let opening = try measure {
            try Library(
                directory: LibraryDirectory(path: FilePath(self.library)),
                model: (identity: model.identity, dimension: model.dimension),
                access: .reading
            )
        }
        let library = opening.value
        let pipeline = SearchPipeline(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: ImageDecoder()
        )
        let files = try pictures(below: folder, count: count)
        let numbers = try library.catalog
            .sampleOfEmbeddings(model: library.index.catalogModel, count: count)
            .map(\.image)
        guard !numbers.isEmpty else { throw ValidationError("The library is empty; index a folder first.") }

        // The first query starts libvips and takes the buffers; a server pays for it once.
        _ = try pipeline.search(.file(files[0]), limit: limit)
        let memoryBefore = ResidentMemory()
        var kinds: [String: Samples] = [:]
        for turn in 0..<count {
            let file = files[turn % files.count]
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: file.string)))
            try ask(.file(file), pipeline, &kinds["file", default: Samples()])
            try ask(.bytes(bytes), pipeline, &kinds["bytes", default: Samples()])
            try ask(.image(numbers[turn % numbers.count]), pipeline, &kinds["image", default: Samples()])
        }
        try writeJSON(
            Report(
                images: library.index.count,
                limit: limit,
                method: kinds["image"]?.method ?? "",
                opening: opening.cost,
                byKind: kinds.mapValues(\.report),
                residentBefore: memoryBefore,
                residentAfter: ResidentMemory(),
                queries: 3 * count
            )
        )
    }

    private func ask(_ query: ImageQuery, _ pipeline: SearchPipeline, _ samples: inout Samples) throws {
        let (response, cost) = try measure { try pipeline.search(query, limit: limit) }
        samples.wall.append(1000 * cost.wallSeconds)
        samples.cpu.append(1000 * cost.cpuSeconds)
        samples.method = response.method
        for timing in response.timings {
            samples.stages[timing.stage, default: []].append(timing.milliseconds)
        }
    }

    private struct Samples {
        var wall: [Double] = []
        var cpu: [Double] = []
        var stages: [String: [Double]] = [:]
        var method = ""

        var report: KindReport {
            KindReport(
                wall: Latencies(milliseconds: wall),
                cpu: Latencies(milliseconds: cpu),
                stages: stages.mapValues { Latencies(milliseconds: $0) }
            )
        }
    }

    private struct KindReport: Encodable {
        let wall: Latencies
        let cpu: Latencies
        let stages: [String: Latencies]
    }

    private struct Report: Encodable {
        let images: Int
        let limit: Int
        let method: String
        let opening: Cost
        let byKind: [String: KindReport]
        let residentBefore: ResidentMemory?
        let residentAfter: ResidentMemory?
        let queries: Int
    }
}
