import ArgumentParser

/// Measures the product from inside one process, where starting a program would hide what is measured.
///
/// Our half of each comparison; `tools/bench/run` starts it in turn with the peers' half, and
/// docs/benchmarks.md has the figures. Every subcommand prints one JSON object.
@main
struct LookalikeBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookalike-bench",
        abstract: "Measure parts of lookalike from inside one process.",
        discussion: "Each subcommand prints JSON. tools/bench/run prepares the inputs and runs them all.",
        subcommands: [NetworkCommand.self, QueryCommand.self, ANNCommand.self, VectorsCommand.self]
    )
}
