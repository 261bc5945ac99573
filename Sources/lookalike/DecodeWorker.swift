import ImageDecoding

/// What this program starts to decode untrusted pictures in: itself, as `lookalike decode-worker MIB`. Of no use to people.
enum DecodeWorker {
    static let name = "decode-worker"

    /// Does nothing but decode, and never returns, if this process was started for that.
    static func serveIfAsked() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, arguments[1] == name, let memory = Int(arguments[2]), memory > 0 else {
            return
        }
        DecodingWorker.serve(memoryMebibytes: memory)
    }
}
