"""Writes nn.json: what PyTorch's layers give in float64, with their states and the gradients of their parameters.

Run it with PyTorch 2.13 installed. The gradients are those of the sum of squares of the first result.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import torch

Case = tuple[str, list[Any], dict[str, Any], list[list[int]]]
"""A class, its arguments by position and by name, and the shapes of the inputs."""

CASES: list[Case] = [
    ("Linear", [3, 2], {}, [[4, 3]]),
    ("Linear", [3, 2], {"bias": False}, [[3]]),
    ("Bilinear", [2, 3, 2], {}, [[4, 2], [4, 3]]),
    ("PReLU", [2], {}, [[3, 2]]),
    ("Conv1d", [2, 4, 3], {"stride": 2, "padding": 1, "groups": 2}, [[1, 2, 7]]),
    ("Conv2d", [2, 3, [2, 3]], {"padding": "same", "dilation": [1, 2]}, [[1, 2, 4, 5]]),
    ("Conv2d", [1, 2, 3], {"padding": 1, "padding_mode": "reflect", "bias": False}, [[1, 1, 4, 4]]),
    ("Conv3d", [1, 2, 2], {}, [[1, 1, 2, 3, 3]]),
    ("ConvTranspose1d", [2, 2, 3], {"stride": 2, "output_padding": 1}, [[1, 2, 3]]),
    ("ConvTranspose2d", [2, 2, 2], {"stride": 2, "groups": 2}, [[1, 2, 2, 3]]),
    ("BatchNorm1d", [3], {}, [[4, 3]]),
    ("BatchNorm2d", [2], {"momentum": None}, [[2, 2, 2, 2]]),
    ("BatchNorm2d", [2], {"affine": False, "track_running_stats": False}, [[2, 2, 2, 2]]),
    ("InstanceNorm1d", [2], {"affine": True, "track_running_stats": True}, [[2, 2, 3]]),
    ("InstanceNorm1d", [2], {"track_running_stats": True, "momentum": None}, [[2, 2, 3]]),
    ("InstanceNorm2d", [2], {}, [[2, 2, 3]]),
    ("LayerNorm", [[2, 3]], {}, [[2, 2, 3]]),
    ("LayerNorm", [3], {"bias": False}, [[2, 3]]),
    ("RMSNorm", [3], {}, [[2, 3]]),
    ("GroupNorm", [2, 4], {}, [[2, 4, 3]]),
    ("LocalResponseNorm", [2], {}, [[1, 4, 3]]),
    ("MaxPool2d", [2], {"stride": 1, "padding": 1}, [[1, 1, 3, 4]]),
    ("AvgPool2d", [2], {"ceil_mode": True}, [[1, 1, 3, 5]]),
    ("AdaptiveAvgPool2d", [[2, 1]], {}, [[1, 2, 3, 4]]),
    ("RNN", [3, 2], {"nonlinearity": "relu", "num_layers": 2}, [[4, 2, 3]]),
    ("LSTM", [3, 2], {"num_layers": 2, "bidirectional": True, "batch_first": True}, [[2, 4, 3]]),
    ("LSTM", [3, 2], {"bias": False}, [[4, 3]]),
    ("GRU", [3, 2], {"bidirectional": True}, [[4, 2, 3], [2, 2, 2]]),
    ("RNNCell", [3, 2], {}, [[2, 3]]),
    ("LSTMCell", [3, 2], {}, [[3]]),
    ("GRUCell", [3, 2], {"bias": False}, [[2, 3], [2, 2]]),
    ("MultiheadAttention", [4, 2], {}, [[3, 2, 4], [5, 2, 4], [5, 2, 4]]),
    ("MultiheadAttention", [4, 2], {"batch_first": True, "bias": False}, [[3, 4], [5, 4], [5, 4]]),
    ("TransformerEncoderLayer", [4, 2, 6], {"dropout": 0.0}, [[3, 2, 4]]),
    (
        "TransformerEncoderLayer",
        [4, 2, 6],
        {"dropout": 0.0, "norm_first": True, "activation": "gelu", "batch_first": True},
        [[2, 3, 4]],
    ),
    (
        "MultiheadAttention",
        [4, 2],
        {"kdim": 3, "vdim": 5, "add_bias_kv": True, "add_zero_attn": True},
        [[3, 2, 4], [5, 2, 3], [5, 2, 5]],
    ),
    ("TransformerDecoderLayer", [4, 2, 6], {"dropout": 0.0}, [[3, 2, 4], [5, 2, 4]]),
    (
        "TransformerDecoderLayer",
        [4, 2, 6],
        {"dropout": 0.0, "norm_first": True, "batch_first": True},
        [[2, 3, 4], [2, 5, 4]],
    ),
    ("Transformer", [4, 2, 1, 1, 6], {"dropout": 0.0, "activation": "gelu"}, [[5, 2, 4], [3, 2, 4]]),
    ("ZeroPad2d", [[1, -1, 2, 0]], {}, [[1, 3, 4]]),
    ("ConstantPad1d", [2, 3.5], {}, [[1, 2, 3]]),
    ("ReflectionPad2d", [1], {}, [[1, 3, 3]]),
    ("ReplicationPad3d", [1], {}, [[1, 1, 2, 2, 2]]),
    ("CircularPad1d", [[2, 1]], {}, [[1, 2, 3]]),
    ("Fold", [[4, 5], 2], {"stride": 2, "padding": 1}, [[1, 8, 9]]),
    ("Unfold", [2], {"dilation": 2, "stride": 1}, [[1, 2, 4, 3]]),
    ("PixelShuffle", [2], {}, [[1, 8, 2, 3]]),
    ("PixelUnshuffle", [2], {}, [[2, 4, 2]]),
    ("ChannelShuffle", [2], {}, [[1, 4, 2]]),
    ("Upsample", [], {"scale_factor": 2, "mode": "bilinear", "align_corners": True}, [[1, 2, 2, 3]]),
    ("UpsamplingNearest2d", [[3, 4]], {}, [[1, 2, 2, 3]]),
    ("UpsamplingBilinear2d", [], {"scale_factor": 2}, [[1, 1, 2, 3]]),
    ("LPPool2d", [2, 2], {"ceil_mode": True}, [[1, 2, 4, 4]]),
    ("Softmax2d", [], {}, [[2, 3, 2, 1]]),
]


def first(tree: Any) -> torch.Tensor:
    """The first tensor of a result."""
    return tree if isinstance(tree, torch.Tensor) else first(tree[0])


def flat(tree: Any) -> list[Any]:
    """The tensors of a result as lists."""
    if tree is None:
        return []
    return [tree.tolist()] if isinstance(tree, torch.Tensor) else [one for part in tree for one in flat(part)]


def answer(case: Case) -> dict[str, Any]:
    """A case with the layer's state before and after a call, its results and gradients."""
    name, arguments, options, shapes = case
    layer = getattr(torch.nn, name)(*arguments, **options).double()
    for tensor in layer.parameters():
        torch.nn.init.normal_(tensor)
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    before = {key: tensor.tolist() for key, tensor in layer.state_dict().items()}
    out = layer(*inputs)
    (first(out) ** 2).sum().backward()
    changed = {key: tensor.tolist() for key, tensor in layer.named_buffers()}
    return {
        "class": name,
        "arguments": arguments,
        "options": options,
        "inputs": [x.tolist() for x in inputs],
        "state": before,
        "buffers": changed,
        "results": flat(out),
        "input_gradients": [x.grad.tolist() for x in inputs],
        "gradients": {key: tensor.grad.tolist() for key, tensor in layer.named_parameters()},
        "evaluated": flat(layer.eval()(*inputs)),
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    file = pathlib.Path(__file__).with_suffix(".json")
    file.write_text("[\n" + ",\n".join(json.dumps(answer(case)) for case in CASES) + "\n]\n")
