"""The same network in the engines that others would use: from the published weights, exported to ONNX or as they are.

The graph holds what the product's `embed` does after normalising pixels: the network, average pooling, the shipped
projection, unit length.
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SIDE = 224
ENGINES = ("onnxruntime-f32", "onnxruntime-int8", "openvino-f32", "openvino-bf16", "openvino-int8", "torch-f32",
           "torch-bf16", "torch-eager")


def original():
    """The published PyTorch network and the shipped projection: nothing of it has gone through the product."""
    import torch
    from safetensors.numpy import load_file

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

    return Embedder().eval().requires_grad_(False)


def export(path):
    """Writes the ONNX file, for batches of any size."""
    import warnings

    import torch

    warnings.filterwarnings("ignore", message="Constant folding")  # onnxruntime and openvino fold it themselves
    example = torch.zeros(1, 3, SIDE, SIDE)
    torch.onnx.export(original(), (example,), str(path), input_names=["pixels"], output_names=["embedding"],
                      dynamic_axes={"pixels": {0: "batch"}, "embedding": {0: "batch"}}, opset_version=17, dynamo=False)


def multiply_adds():
    """Multiply-adds for one picture, counted at every convolution and at the projection."""
    import torch

    network, found = original(), []

    def count(layer, _, output):
        kernel = layer.kernel_size[0] * layer.kernel_size[1]
        found.append(output.numel() * kernel * layer.in_channels // layer.groups)

    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(count)
    network(torch.zeros(1, 3, SIDE, SIDE))
    return sum(found) + network.projection.numel()


def to_input(pixels):
    """Normalises uint8 pixels (…, height, width, 3) to what the network takes: float32 (count, 3, height, width)."""
    scaled = (pixels.reshape(-1, *pixels.shape[-3:]).astype(np.float32) - 127) / 128
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def quantize(model, pixels, folder):
    """Writes the network in 8 bits twice, calibrated on the pixels: as ONNX Runtime and as OpenVINO would have it."""
    import logging

    import nncf
    import openvino
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Pictures(CalibrationDataReader):
        def __init__(self):
            self.each = iter(pixels)

        def get_next(self):
            picture = next(self.each, None)
            return None if picture is None else {"pixels": to_input(picture)}

    folder.mkdir(parents=True, exist_ok=True)
    prepared = folder / "prepared.onnx"
    quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    quantize_static(str(prepared), str(folder / "onnxruntime-int8.onnx"), Pictures(), quant_format=QuantFormat.QDQ,
                    per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    logging.getLogger("nncf").setLevel(logging.ERROR)
    quantized = nncf.quantize(openvino.Core().read_model(str(model)), nncf.Dataset(list(pixels), to_input),
                              subset_size=len(pixels))
    openvino.save_model(quantized, str(folder / "openvino-int8.xml"))


def file_of(engine, folder):
    """What an engine loads, below the folder that `export` and `quantize` have filled."""
    return folder / {"onnxruntime-int8": "onnxruntime-int8.onnx", "openvino-int8": "openvino-int8.xml"}.get(
        engine, "efficientnet-lite0.onnx")


def load(engine, folder, batch=1, threads=1, streams=1):
    """Returns `streams` functions from a batch of inputs to embeddings, for as many callers at the same time, which
    share `threads` threads."""
    runtime, precision = engine.split("-")
    loader = {"onnxruntime": load_onnxruntime, "openvino": load_openvino, "torch": load_torch}[runtime]
    return loader(file_of(engine, folder), precision, batch, threads, streams)


def load_onnxruntime(path, _, batch, threads, streams):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads // streams, 1
    options.add_free_dimension_override_by_name("batch", batch)
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return [lambda inputs: session.run(None, {"pixels": inputs})[0]] * streams


def load_openvino(path, precision, batch, threads, streams):
    import openvino

    core = openvino.Core()
    model = core.read_model(str(path))
    model.reshape([batch, 3, SIDE, SIDE])
    # What is quantised stays so; the rest may be in bfloat16, which is the engine's own choice where it is fast.
    hint = {} if precision == "int8" else {"INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": streams} | hint)

    def function():
        request = compiled.create_infer_request()

        def infer(inputs):
            request.infer([inputs], share_inputs=True)
            return request.get_output_tensor().data.copy()

        return infer

    return [function() for _ in range(streams)]


def load_torch(_, precision, batch, threads, streams):
    import torch
    import torch._inductor.config

    assert streams == 1
    torch.set_num_threads(threads)
    torch._dynamo.config.recompile_limit = 64
    torch._inductor.config.freezing = True  # folds normalisation, packs weights
    network = original().to(memory_format=torch.channels_last)
    compiled = network if precision == "eager" else torch.compile(network, dynamic=False)

    def infer(inputs):
        torch.set_num_threads(threads)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            return compiled(torch.from_numpy(inputs)).float().numpy()

    return [infer]
