import Catalog
import Foundation
import IndexingPipeline
import SystemPackage

/// Lines for programs that watch an indexing run. Their form does not change.
enum Porcelain {
    /// Prints what has been settled or passed over; a line is written as a whole, and not held back.
    static func print(_ event: IndexingEvent) {
        switch event {
        case .settled(let path, .refused(let refusal)): writeLine("SKIP \(refusal.reason) \(escaped(path))")
        case .settled(let path, _): writeLine("ACK \(escaped(path))")
        case .excluded(let path, let exclusion): writeLine("EXCLUDED \(exclusion.rawValue) \(escaped(path))")
        case .progress: break
        }
    }

    /// A path on one line, of which every byte can be told: backslashes are doubled, a line feed is `\\n`, and other control
    /// characters and bytes that are not UTF-8 are `\\x` and two hexadecimal digits.
    static func escaped(_ path: FilePath) -> String {
        let bytes = path.withPlatformString { name in
            UnsafeBufferPointer(start: name, count: path.length).map { UInt8(bitPattern: $0) }
        }
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            // The longest beginning that is one valid character, 1 to 4 bytes.
            let scalar = (1...4).lazy.compactMap { count in
                rest.count < count ? nil : String(validating: rest.prefix(count), as: UTF8.self)
            }.first
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case let scalar? where first >= 0x20 && first != 0x7F: text += scalar
            default: text += "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16)
            }
            rest = rest.dropFirst(scalar?.utf8.count ?? 1)
        }
        return text
    }
}
