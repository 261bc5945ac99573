internal import ImageDecoding
internal import NeuralNetwork

/// Cuts the network's input out of a decoded picture and normalises it.
///
/// The same steps as in the training of the weights: shorter side to `shorterSide`, the centre of it, and
/// (value − mean) / standard deviation for each channel.
struct Preprocessing {
    private let input: ModelManifest.Input
    /// (value − mean) / deviation, written as value · scale + shift for each channel.
    private let scale: [Float]
    private let shift: [Float]

    init(_ input: ModelManifest.Input) {
        self.input = input
        scale = input.standardDeviation.map { 1 / $0 }
        shift = zip(input.mean, scale).map { -$0 * $1 }
    }

    /// The part of a decoded picture that the network sees.
    func seenPart(ofPictureWithWidth width: Int, height: Int) -> PictureRegion {
        PictureRegion(
            x: Double((width - input.width) / 2) / Double(width),
            y: Double((height - input.height) / 2) / Double(height),
            width: Double(input.width) / Double(width),
            height: Double(input.height) / Double(height)
        )
    }

    /// Writes the centre of `image` into `target`, height × width × 3.
    func write(_ image: PixelImage, into target: inout FeatureMap) {
        precondition(
            min(image.width, image.height) == input.shorterSide,
            "a picture of \(image.width)×\(image.height), expected a shorter side of \(input.shorterSide)"
        )
        let left = (image.width - input.width) / 2
        let top = (image.height - input.height) / 2
        target.reshape(to: FeatureShape(height: input.height, width: input.width, channels: 3))
        for row in 0..<input.height {
            target.setRow(
                row,
                fromBytes: image.pixels,
                startingAt: ((top + row) * image.width + left) * 3,
                scale: scale,
                shift: shift
            )
        }
    }
}
