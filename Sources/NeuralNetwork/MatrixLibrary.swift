internal import COpenBLAS

/// Tells and limits what the matrix library does.
public enum MatrixLibrary {
    /// Keeps every product on the thread that asks for it.
    ///
    /// One picture per core beats threads inside one product: 95 against 137 ms for eight pictures on two cores.
    public static func useOneThreadPerProduct() {
        openblas_set_num_threads(1)
    }

    /// The build options OpenBLAS reports about itself, version first.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// The processor family whose kernels OpenBLAS chose, such as `Cooperlake` or `Haswell`.
    public static var coreType: String { String(cString: openblas_get_corename()) }
}
