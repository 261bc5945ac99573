import ArgumentParser

/// Measures the product from inside one process, where starting a program would hide what is measured.
///
/// Our half of each comparison; the programs in `tools/bench` start it in turn with the peers' half, and
/// docs/benchmarks.md has the figures. A subcommand prints one JSON object, or one for each line it is given.
@main
struct LookalikeBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookalike-bench",
        abstract: "Measure parts of lookalike from inside one process.",
        discussion:
            "Each subcommand prints JSON. The programs in tools/bench prepare the inputs and run them.",
        subcommands: [
            NetworkCommand.self, LayersCommand.self, PeakCommand.self, DecodeCommand.self, QueryCommand.self,
            ANNCommand.self,
            VectorsCommand.self, FillCommand.self,
        ]
    )
}
