/// What the containers say about themselves, read without any decoder.
enum FileStructure {
    static func claimedSize(of bytes: UnsafeRawBufferPointer, format: ImageFormat) -> (
        width: Int, height: Int
    )? {
        nil
    }
    static func endsEarly(_ bytes: UnsafeRawBufferPointer, format: ImageFormat) -> Bool {
        false
    }
}
