import ArgumentParser
import ImageLibrary

extension ExitCode {
    /// The query picture is refused.
    static let refusedPicture = ExitCode(2)
    /// There is no library, or another process writes to it.
    static let noLibrary = ExitCode(3)

    /// The code for an error of a command that ran; nil for what the argument parser itself says.
    init?(failure error: any Error) {
        switch error {
        case LibraryError.notFound, LibraryError.inUse:
            self = .noLibrary
        case is RefusedPicture:
            self = .refusedPicture
        case is ExitCode, is ValidationError, is CleanExit:
            return nil
        default:
            // The parser's own errors carry usage or help; it alone knows how to print them.
            guard Lookalike.exitCode(for: error) == .failure else { return nil }
            self = .failure
        }
    }
}
