internal import CSandbox

/// What confines a worker process on this machine.
public enum Containment {
    /// Lets a process that is confined as workers are try what they must not be able to do.
    ///
    /// - Returns: In words what it could do all the same, nothing if all is well; nil where the system has no means to confine
    ///   a process so, and workers are limited in memory and time alone.
    public static func breaches() -> [String]? {
        let result = csandbox_try()
        guard result >= 0 else { return nil }
        return [
            (CSANDBOX_NETWORK, "open a socket"), (CSANDBOX_WRITE, "write a file"),
            (CSANDBOX_DELETE, "delete a file"), (CSANDBOX_SIGNAL, "signal a process"),
            (CSANDBOX_FORK, "start a process"), (CSANDBOX_EXECUTE, "start a program"),
        ].filter { result & Int32($0.0) != 0 }.map(\.1)
    }
}
