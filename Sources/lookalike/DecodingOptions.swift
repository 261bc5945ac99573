import ArgumentParser
import Foundation
import ImageDecoding
import SystemPackage

/// Says what a picture may cost; shared by the commands that decode.
struct DecodingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The most megapixels a picture may have.", valueName: "n"))
    var megapixels = 100

    @Option(
        help: ArgumentHelp(
            "Processor seconds that decoding one picture may take; four times as many on the clock.",
            valueName: "s"
        )
    )
    var decoderSeconds = 4.0

    @Option(
        help: ArgumentHelp(
            "MiB of address space that a process which decodes may have; twice as many for one at a time.",
            valueName: "n"
        )
    )
    var decoderMemory = 768

    func validate() throws {
        guard (1...2000).contains(megapixels) else {
            throw ValidationError("--megapixels must be 1 to 2000.")
        }
        guard (0.1...3600).contains(decoderSeconds) else {
            throw ValidationError("--decoder-seconds must be 0.1 to 3600.")
        }
        guard (256...65_536).contains(decoderMemory) else {
            throw ValidationError("--decoder-memory must be 256 to 65536.")
        }
    }

    /// Prepares a decoder whose workers are processes of this program.
    ///
    /// - Parameter processCount: Pictures decoded at the same time.
    func decoder(processCount: Int) -> ContainedDecoder {
        ContainedDecoder(
            worker: Self.worker,
            limits: DecodingLimits(maximumPixelCount: megapixels * 1_000_000),
            allowance: WorkerAllowance(processorSeconds: decoderSeconds, memoryMebibytes: decoderMemory),
            processCount: processCount
        )
    }

    /// The file this process was started from, also when an update has put another one in its place.
    private static var worker: WorkerCommand {
        #if os(Linux)
        let program = FilePath("/proc/self/exe")
        #else
        let program = FilePath(Bundle.main.executablePath ?? CommandLine.arguments[0])
        #endif
        return WorkerCommand(
            program: program,
            arguments: [DecodeWorker.name]
        )
    }
}
