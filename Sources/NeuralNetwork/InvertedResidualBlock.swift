/// Transforms a feature map by expanding its channels, filtering each of them in space, and projecting back.
///
/// MobileNetV2's inverted residual (Sandler et al., arXiv 1801.04381) without squeeze-and-excitation: 1×1
/// expansion and ReLU6, depthwise convolution and ReLU6, linear 1×1 projection; the input is added when the
/// shapes agree.
struct InvertedResidualBlock: Sendable {
    let expand: PointwiseConvolution?
    let depthwise: DepthwiseConvolution
    let project: PointwiseConvolution
    let addsInput: Bool

    init(
        weights: borrowing WeightsFile,
        name: String,
        inputChannels: Int,
        outputChannels: Int,
        expansion: Int,
        kernelSize: Int,
        stride: Int
    ) throws(WeightsError) {
        let hidden = inputChannels * expansion
        expand =
            expansion == 1
            ? nil
            : PointwiseConvolution(
                weights: try weights.tensor("\(name).expand.weight", shape: [hidden, inputChannels]),
                bias: try weights.tensor("\(name).expand.bias", shape: [hidden]),
                inputChannels: inputChannels
            )
        depthwise = DepthwiseConvolution(
            weights: try weights.tensor("\(name).depthwise.weight", shape: [hidden, kernelSize, kernelSize]),
            bias: try weights.tensor("\(name).depthwise.bias", shape: [hidden]),
            kernelSize: kernelSize,
            stride: stride
        )
        project = PointwiseConvolution(
            weights: try weights.tensor("\(name).project.weight", shape: [outputChannels, hidden]),
            bias: try weights.tensor("\(name).project.bias", shape: [outputChannels]),
            inputChannels: hidden
        )
        addsInput = stride == 1 && inputChannels == outputChannels
    }

    /// Replaces `workspace.current` by the block's output.
    func apply(workspace: inout EfficientNetLite.Workspace) {
        if let expand {
            expand.applyWithReLU6(to: workspace.current, into: &workspace.expanded)
            depthwise.apply(to: workspace.expanded, into: &workspace.filtered)
        } else {
            depthwise.apply(to: workspace.current, into: &workspace.filtered)
        }
        if addsInput {
            project.apply(to: workspace.filtered, adding: workspace.current, into: &workspace.next)
        } else {
            project.apply(to: workspace.filtered, into: &workspace.next)
        }
        swap(&workspace.current, &workspace.next)
    }
}
