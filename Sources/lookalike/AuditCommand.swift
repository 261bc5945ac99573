import ArgumentParser
import ImageEmbedding
import ImageLibrary
import NeighborSearch
import SystemPackage

/// `lookalike audit`: measures what searches miss.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Measure how much of the true neighbours searches find, and where the rest gets lost.",
        discussion: """
              lookalike audit
              lookalike audit --target 0.98      # from now on, search as wide as that takes
              lookalike audit --samples 1000 --json

            recall@10: how many of the ten pictures nearest to a query a search finds. Measured on vectors of the \
            library's own pictures, spread evenly, and on the last queries that brought a picture of their own. \
            Without --target nothing is changed. Exit code 1 when walks of the graph find less than 0.9, or \
            --target cannot be reached.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Choose the smallest beam width that reaches this recall, and keep to it.",
            valueName: "recall"
        )
    )
    var target: Double?

    @Option(help: ArgumentHelp("How many queries of each kind, 30 to 10000.", valueName: "n"))
    var samples = 200

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions

    @Flag(help: "Print as JSON.")
    var json = false

    /// A walk that finds less than this is worth a complaint.
    private static let fewest = 0.9

    func validate() throws {
        if let target, !(target > 0 && target <= 1) {
            throw ValidationError("--target must be a recall between 0 and 1, such as 0.98.")
        }
        let allowed = LibraryAudit.fewestQueries...10_000
        guard allowed.contains(samples) else { throw ValidationError("--samples must be 30 to 10000.") }
    }

    func run() throws {
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .reading)
        let audit = try library.index.audit(sampleCount: samples)
        var report = AuditReport(audit)
        if let target, audit.walksGraph {
            report.target = AuditReport.Target(
                target,
                try library.index.chooseBeamWidth(reaching: target, for: audit)
            )
        }
        if json {
            try writeJSON(report)
        } else {
            report.print()
            if target != nil, !audit.walksGraph {
                writeLine("Searches compare all pictures one by one, so there is no beam width to choose.")
            }
        }
        try complain(report, audit)
    }

    private func complain(_ report: AuditReport, _ audit: LibraryAudit) throws {
        if let target = report.target {
            guard target.beamWidth == nil else { return }
            throw TargetOutOfReach(target: target.recall, reached: target.reached)
        }
        let walks = audit.parts.filter(\.isMeaningful).map(\.report.walk.value)
        if let worst = walks.min(), worst < Self.fewest {
            throw PoorGraph(recall: worst, fewest: Self.fewest, index: library.directory.path.string)
        }
    }
}

/// Thrown when no beam is wide enough.
private struct TargetOutOfReach: Error, CustomStringConvertible {
    let target: Double
    let reached: Double

    var description: String {
        "recall \(fixed(target, 3)) is out of reach, the widest beam finds \(fixed(reached, 3)); nothing was "
            + "stored. A smaller --target may do; if it does not, delete the index folder in the library, it will "
            + "be rebuilt"
    }
}

/// Thrown when walks of the graph find too little.
private struct PoorGraph: Error, CustomStringConvertible {
    let recall: Double
    let fewest: Double
    let index: String

    var description: String {
        "a walk of the graph finds \(fixed(recall, 3)) of the true neighbours, less than \(fixed(fewest, 3)); widen "
            + "the beam with --target 0.95, or delete the index folder in \(index), it will be rebuilt"
    }
}
