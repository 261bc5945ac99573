/// Tells why a weights file cannot be used.
public enum WeightsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file breaks a rule of the safetensors format; the text completes "the weights file is damaged: …".
    case malformed(String)
    /// The network needs a tensor that the file does not hold.
    case missing(tensor: String)
    /// A tensor has other extents than the network needs.
    case wrongShape(tensor: String, found: [Int], expected: [Int])
    /// A tensor's elements have a type that cannot be read as wanted.
    case wrongType(tensor: String, found: String, expected: String)
    /// A tensor holds a NaN or an infinity.
    case notFinite(tensor: String)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .malformed(let fault):
            "the weights file is damaged: \(fault); fetch the model again"
        case .missing(let tensor):
            "the weights file holds no tensor \(tensor); it belongs to another architecture"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \(tensor) has shape \(found), expected \(expected); it belongs to another architecture"
        case .wrongType(let tensor, let found, let expected):
            "tensor \(tensor) has elements of type \(found), expected \(expected)"
        case .notFinite(let tensor):
            "tensor \(tensor) holds a value that is not a finite number; fetch the model again"
        }
    }
}
