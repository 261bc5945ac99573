/// What `verify` found of one part of a library, or `repair` did about it.
public struct LibraryFinding: Codable, Hashable, Sendable {
    /// What is to be thought of it.
    public enum Verdict: String, Codable, Sendable {
        /// As it was written.
        case sound
        /// Not as it was written.
        case damaged
        /// Nothing is wrong, but something may be worth knowing.
        case note
        /// It was damaged, and is not any more.
        case mended
        /// A picture's file is not what was indexed.
        case changed
        /// A picture's file is not there.
        case gone
        /// A picture's file cannot be read.
        case unreadable
    }

    /// What was looked at, such as `catalog`, or a file.
    public let subject: String
    /// What is to be thought of it.
    public let verdict: Verdict
    /// One sentence: what was found, and what to do.
    public let detail: String

    /// Notes a finding.
    public init(_ subject: String, _ verdict: Verdict, _ detail: String) {
        self.subject = subject
        self.verdict = verdict
        self.detail = detail
    }
}
