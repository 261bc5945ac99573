import ArgumentParser
import Foundation
import NeuralNetwork

/// `lookalike-bench layers`: where a forward pass spends its time.
struct LayersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers",
        abstract:
            "Time each block of the network: the readable forward pass, and the engine with each of its kernels.",
        discussion:
            "Of many passes the fastest time of each block counts, so that a busy machine is seen through."
    )

    @Option(help: "Folder of the model.", completion: .directory)
    var model: String

    @Option(help: "Passes of each contender, in turns of ten.")
    var passes = 200

    func run() throws {
        let contents = try Data(contentsOf: URL(filePath: model).appending(path: "weights.safetensors"))
        let weights = try WeightsFile(contents: contents)
        let network = try EfficientNetLite(weights: weights)
        let shape = FeatureShape(height: 224, width: 224, channels: 3)
        let image = FeatureMap(
            shape: shape,
            values: (0..<shape.valueCount).map { Float($0 * 7919 % 255) / 128 - 1 }
        )
        var readable = Fastest()
        let engines = try EngineKernels.all.map {
            TimedEngine(engine: try InferenceEngine(weights: weights, height: 224, width: 224, kernels: $0))
        }
        var workspace = EfficientNetLite.Workspace()
        for _ in 0..<max(1, passes / 10) {
            for _ in 0..<10 {
                readable.begin()
                _ = network.features(of: image, workspace: &workspace) { stage, _ in
                    if case .block = stage { readable.lap() }
                }
                readable.end()
            }
            for engine in engines { for _ in 0..<10 { engine.pass(image) } }
        }
        try writeJSON(
            Report(
                matrixLibrary: MatrixLibrary().map { "\($0.configuration), kernels for \($0.coreType)" },
                readable: readable.milliseconds,
                engine: Dictionary(uniqueKeysWithValues: engines.map { ($0.name, $0.fastest.milliseconds) })
            )
        )
    }

    private struct Report: Encodable {
        let matrixLibrary: String?
        /// Milliseconds of blocks 0 to 15 (the first convolution is counted with block 0), then of the last convolution
        /// and pooling.
        let readable: [Double]
        let engine: [String: [Double]]
    }
}

/// Keeps the fastest time of each part of a pass.
private struct Fastest {
    private(set) var milliseconds: [Double] = []
    private var part = 0
    private var last = ContinuousClock.now

    mutating func begin() {
        part = 0
        last = .now
    }

    mutating func lap() {
        let now = ContinuousClock.now
        let taken = (now - last) / .milliseconds(1)
        if part == milliseconds.count { milliseconds.append(taken) }
        milliseconds[part] = min(milliseconds[part], taken)
        part += 1
        last = now
    }

    mutating func end() { lap() }
}

/// An engine with its memory.
private final class TimedEngine {
    let name: String
    private(set) var fastest = Fastest()
    private let engine: InferenceEngine
    private var workspace: InferenceEngine.Workspace

    init(engine: InferenceEngine) {
        self.engine = engine
        name = engine.kernels.description
        workspace = engine.makeWorkspace()
    }

    func pass(_ image: borrowing FeatureMap) {
        fastest.begin()
        _ = engine.features(of: image, workspace: &workspace) { [self] _, _ in fastest.lap() }
        fastest.end()
    }
}
