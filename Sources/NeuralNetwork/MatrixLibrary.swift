internal import COpenBLAS

/// Tells what the matrix library of the readable forward pass is, and whether it multiplies right.
public struct MatrixLibrary: Sendable {
    /// The build options OpenBLAS reports about itself, version first.
    public let configuration: String
    /// The processor family whose kernels OpenBLAS chose, such as `Cooperlake` or `Haswell`.
    public let coreType: String

    /// Loads OpenBLAS; nil where this machine has none.
    public init?() {
        guard openblas_load() else { return nil }
        configuration = String(cString: openblas_configuration())
        coreType = String(cString: openblas_core_type())
    }

    /// Multiplies two small matrices and returns how far the result is from that of a plain loop at most.
    public func largestDeviationFromPlainLoop() -> Float {
        let (rows, depth, columns) = (19, 40, 23)
        let left = (0..<rows * depth).map { Float($0 % 13) / 13 }
        let right = (0..<depth * columns).map { Float($0 % 17) / 17 }
        var product = [Float](repeating: 0, count: rows * columns)
        openblas_multiply(left, right, false, rows, depth, columns, &product)
        var largest: Float = 0
        for row in 0..<rows {
            for column in 0..<columns {
                var sum: Float = 0
                for index in 0..<depth { sum += left[row * depth + index] * right[index * columns + column] }
                largest = max(largest, abs(sum - product[row * columns + column]))
            }
        }
        return largest
    }
}
