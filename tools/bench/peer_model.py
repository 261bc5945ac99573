"""The same network in the runtimes that others would use: exported to ONNX from the published weights.

The graph holds what the product's `embed` does after normalising pixels: the network, average pooling, the shipped
projection, unit length.
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RUNTIMES = ("onnxruntime", "openvino")


def export(path):
    """Writes the ONNX file, from the original PyTorch network and not from the product's weights."""
    import warnings

    import torch
    from safetensors.numpy import load_file

    warnings.filterwarnings("ignore", message="Constant folding")  # onnxruntime and openvino fold it themselves

    sys.path.insert(0, str(ROOT / "tools" / "training"))
    import reference

    projection = torch.from_numpy(load_file(ROOT / "Models/efficientnet-lite0/weights.safetensors")["projection.weight"])

    class Embedder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = reference.load_network()
            self.projection = torch.nn.Parameter(projection)

        def forward(self, batch):
            pooled = self.network.extract_features(batch).mean(dim=(2, 3))
            return torch.nn.functional.normalize(pooled @ self.projection.T, dim=1)

    example = torch.zeros(1, 3, reference.SIDE, reference.SIDE)
    torch.onnx.export(Embedder().eval(), (example,), str(path), input_names=["pixels"], output_names=["embedding"],
                      opset_version=17, dynamo=False)


def to_input(pixels):
    """Normalises uint8 pixels (height, width, 3) to what the network takes: float32 (1, 3, height, width)."""
    return np.ascontiguousarray(((pixels.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])


def load(path, runtime):
    """Returns a function from an input to its embedding that runs on one thread, in 32-bit floats."""
    if runtime == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return lambda batch: session.run(None, {"pixels": batch})[0][0]
    import openvino

    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()

    def infer(batch):
        request.infer([batch], share_inputs=True)
        return request.get_output_tensor().data[0].copy()

    return infer
