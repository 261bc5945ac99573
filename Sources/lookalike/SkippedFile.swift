import Catalog
import SystemPackage

/// A file that is not indexed, as reports show it.
struct SkippedFile: Encodable {
    let path: String
    let reason: String
    let message: String

    init(_ file: RefusedFile) {
        path = String(decoding: file.path)
        reason = file.refusal.reason
        message = file.refusal.message
    }
}
