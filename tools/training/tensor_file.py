"""Writes safetensors files whose bytes depend on nothing but their content.

The network maps its weights into memory and feeds them to vector kernels, which want 64-byte boundaries. The
format demands contiguous data and leaves no room for gaps, so two things arrange it: the header is padded with
spaces until the data section starts on a boundary, and the caller puts tensors whose byte count is a multiple of
64 (every weight matrix of this network) before the others (some biases).
"""

import json
import struct
from pathlib import Path

import numpy as np

ALIGNMENT = 64
DTYPES = {"float32": "F32", "float16": "F16", "int32": "I32", "uint8": "U8"}


def encode(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Encodes `tensors` in the order given; the data section starts 64-byte aligned."""
    header: dict[str, object] = {"__metadata__": metadata}
    chunks = []
    offset = 0
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor)
        data = data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
        header[name] = {
            "dtype": DTYPES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + b"".join(chunks)


def write(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Writes the encoded file, creating its folder, and returns the bytes written."""
    data = encode(tensors, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return data
