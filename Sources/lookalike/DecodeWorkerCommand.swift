import ArgumentParser
import ImageDecoding

/// `lookalike decode-worker`: what this program starts to decode untrusted pictures in; of no use to people.
struct DecodeWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode-worker",
        abstract: "Decode pictures for another process of this program.",
        shouldDisplay: false
    )

    @Argument(help: "Address space that the process may have, in MiB.")
    var memory: Int

    func run() {
        DecodingWorker.serve(memoryMebibytes: memory)
    }
}
