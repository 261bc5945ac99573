import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import NeuralNetwork
import SystemPackage

/// What `doctor` found out about one thing.
struct Finding: Encodable {
    enum Verdict: String, Encodable {
        case works
        case advice
        case broken
    }

    let subject: String
    let verdict: Verdict
    let detail: String

    var line: String {
        let mark =
            switch verdict {
            case .works: "ok    "
            case .advice: "advice"
            case .broken: "BROKEN"
            }
        return "\(mark)  \(subject.padding(toLength: 12, withPad: " ", startingAt: 0))  \(displayed(detail))"
    }
}

/// Tries one thing after the other and keeps what was found.
struct Examination {
    private(set) var findings: [Finding] = []

    private mutating func note(_ subject: String, _ verdict: Finding.Verdict, _ detail: String) {
        findings.append(Finding(subject: subject, verdict: verdict, detail: detail))
    }

    /// Compares a kernel and the matrix library with loops in plain Swift.
    mutating func examineMachine() {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let instructions = Processor.kernelInstructionSet
        let kernelDeviation = Processor.largestKernelDeviation()
        note(
            "processor",
            kernelDeviation < 1e-4 ? .works : .broken,
            "\(counted(cores, "core")); kernels for \(instructions), "
                + (kernelDeviation < 1e-4
                    ? "compared with a plain loop" : "off by \(kernelDeviation); please report this")
        )

        if let library = MatrixLibrary() {
            let deviation = library.largestDeviationFromPlainLoop()
            let name = "\(library.configuration), kernels for \(library.coreType)"
            note(
                "OpenBLAS",
                deviation < 1e-4 ? .works : .broken,
                deviation < 1e-4 ? name : "\(name): a product is off by \(deviation); reinstall libopenblas"
            )
        } else {
            note("OpenBLAS", .broken, "there is none; install libopenblas0")
        }
        let environment = ProcessInfo.processInfo.environment
        for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"] {
            guard let value = environment[variable] else { continue }
            note(
                "OpenBLAS",
                .advice,
                "\(variable)=\(value) overrides its own choice; the readable forward pass may take twice as long"
            )
        }
    }

    /// Makes a picture in each format and decodes it.
    mutating func examineDecoding() {
        do {
            let library = try DecodingLibrary.describe()
            note("libvips", .works, "\(library.version)\(library.usesVectorCode ? ", vector code on" : "")")
            for check in library.formats {
                switch check.outcome {
                case .works: note(check.format.rawValue, .works, "a sample was written, read and compared")
                case .untested:
                    note(check.format.rawValue, .works, "a decoder is there; no encoder to try it with")
                case .missing: note(check.format.rawValue, .advice, "no decoder; such files will be skipped")
                case .failed:
                    note(check.format.rawValue, .broken, "a sample came back wrong; reinstall libvips")
                }
            }
        } catch {
            note("libvips", .broken, error.message)
        }
    }

    /// Decodes a picture in a process of its own, and lets one try to break out.
    mutating func examineWorkers(_ options: DecodingOptions) {
        do {
            let pixels = PixelImage(width: 8, height: 8, pixels: Array(repeating: 100, count: 192))
            let sample = try pixels.jpegData(quality: 90)
            _ = try options.decoder(processCount: 1).thumbnail(of: .bytes(sample), size: .longerSide(8))
        } catch {
            note("workers", .broken, String(describing: error))
            return
        }
        guard let breaches = Containment.breaches() else {
            note(
                "workers",
                .advice,
                "a picture was decoded in a process of its own, which has limits but keeps all its rights"
            )
            return
        }
        if breaches.isEmpty {
            note(
                "workers",
                .works,
                "a picture was decoded in a process of its own, without network and unable to write"
            )
        } else {
            note(
                "workers",
                .broken,
                "a process that decodes can \(breaches.joined(separator: ", ")); please report this"
            )
        }
    }

    /// Loads the model and compares a vector with the one its makers computed.
    mutating func examineModel(_ options: ModelOptions, for library: LibraryOptions) -> ImageEmbedder? {
        do {
            let model = try options.load(for: library)
            let embedder = ImageEmbedder(model: model)
            let similarity = embedder.probeSimilarity()
            guard similarity > embedder.leastProbeSimilarity else {
                note(
                    "model",
                    .broken,
                    "\(model.identity) gives other vectors here than where it was made: \(similarity)"
                )
                return nil
            }
            note(
                "model",
                .works,
                "\(model.identity), \(model.dimension) dimensions, in \(model.precision.rawValue) "
                    + "with \(model.kernelsName); digest and a reference vector agree"
            )
            return embedder
        } catch {
            note("model", .broken, String(describing: error))
            return nil
        }
    }

    /// Opens the library and lets some of its pictures find themselves.
    mutating func examineLibrary(_ options: LibraryOptions, embedder: ImageEmbedder) {
        guard options.directory.exists else {
            note(
                "library",
                .advice,
                "none in \(options.directory.path.string) yet; lookalike index FOLDER makes it"
            )
            return
        }
        do {
            let library = try Library(options, model: embedder.model, access: .reading)
            let faults = try library.catalog.integrityFaults()
            note(
                "catalog",
                faults.isEmpty ? .works : .broken,
                faults.isEmpty
                    ? "SQLite \(Catalog.databaseVersion); all pages, rows and references are as they were written"
                    : "\(faults.joined(separator: ", ")); mend it with lookalike repair"
            )
            let check = try library.index.checkThatImagesFindThemselves(sampleCount: 100)
            let found = "\(check.found) of \(check.tried) sampled pictures find themselves first"
            let works = check.found >= check.tried * 95 / 100
            let count = counted(library.index.count, "picture")
            note(
                "library",
                works ? .works : .broken,
                works
                    ? "\(library.directory.path.string): \(count); \(found)"
                    : "\(found); delete the index folder in \(library.directory.path.string), it will be rebuilt"
            )
        } catch {
            note("library", .broken, String(describing: error))
        }
    }
}
