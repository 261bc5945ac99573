internal import COpenBLAS

/// Tells and limits what the matrix library does.
public enum MatrixLibrary {
    /// Keeps every product on the thread that asks for it.
    ///
    /// One picture per core beats threads inside one product: 95 against 137 ms for eight pictures on two
    /// cores.
    public static func useOneThreadPerProduct() {
        openblas_set_num_threads(1)
    }

    /// The build options OpenBLAS reports about itself, version first.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// The processor family whose kernels OpenBLAS chose, such as `Cooperlake` or `Haswell`.
    public static var coreType: String { String(cString: openblas_get_corename()) }

    /// Multiplies two small matrices and returns how far the result is from that of a plain loop at most.
    public static func largestDeviationFromPlainLoop() -> Float {
        let (rows, depth, columns) = (19, 40, 23)
        let left = (0..<rows * depth).map { Float($0 % 13) / 13 }
        let right = (0..<depth * columns).map { Float($0 % 17) / 17 }
        var product = [Float](repeating: 0, count: rows * columns)
        cblas_sgemm(
            CblasRowMajor,
            CblasNoTrans,
            CblasNoTrans,
            blasint(rows),
            blasint(columns),
            blasint(depth),
            1,
            left,
            blasint(depth),
            right,
            blasint(columns),
            0,
            &product,
            blasint(columns)
        )
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
