import TestSupport

extension SeededGenerator {
    /// Returns `bytes` after a few deletions, insertions, repetitions and changes.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &self) where !bytes.isEmpty {
            let start = Int.random(in: 0..<bytes.count, using: &self)
            let end = min(bytes.count, start + Int.random(in: 1...12, using: &self))
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes.removeSubrange(start..<end)
            case 1: bytes.insert(contentsOf: bytes[start..<end], at: start)
            case 2: bytes[start] = UInt8.random(in: 0...255, using: &self)
            case 3: bytes.insert(contentsOf: [0x0D, 0x0A, 0x2D, 0x2D].prefix(end - start), at: start)
            default: bytes.removeLast(bytes.count - end)
            }
        }
        return bytes
    }
}
