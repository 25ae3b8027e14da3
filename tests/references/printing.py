"""Writes printing.json: what PyTorch prints for the cases below. Run it with PyTorch 2.13 and ml_dtypes installed.

A case names a dtype, a shape, values that are repeated until the shape is full (complex ones as pairs), print options
and whether the tensor requires a gradient. The file adds the suffixes and the text.
"""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import numpy
import torch

inf, nan = math.inf, math.nan
DIGITS = [0.9216, 0.4754, 0.1234567, -0.5, 0.0078125, 0.75]
NAMES = ("bool", *(f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64)))


def case(
    values: list[Any],
    shape: tuple[int, ...] | None = None,
    dtype: str = "float32",
    gradient: bool = False,
    **options: Any,
) -> dict[str, Any]:
    shape = (len(values),) if shape is None else shape
    return {"dtype": dtype, "shape": shape, "values": values, "gradient": gradient, "options": options}


CASES = [
    # decimals and alignment
    case(DIGITS, (3, 2)),
    case([1.5, -2.25, 1000.0, 0.001]),
    case([0.1, 0.22, 0.333]),
    case([-0.1, 0.2]),
    case([999.5, 1.0]),
    case([99999.5, 99999.25]),
    case([12345678.5], dtype="float64"),
    # whole numbers
    case([1.0, 2.0, 3.0]),
    case([-1.0, 0.0, 10.0], (3, 3)),
    case([0.0], (2, 3)),
    case([-0.0, 0.0]),
    case([1.0, 1000.0]),
    case([1e8]),
    case([1e9]),
    case([1.0, 1001.0]),
    # scientific notation
    case([1e-5, 1.0]),
    case([1e-4, 1e-2]),
    case([9.9e-5]),
    case([1e10, -1.5]),
    case([0.5, 501.0]),
    case([1e-300, 1e300], dtype="float64"),
    case([1e-45, 3e38]),
    case([1e8 + 1.5], dtype="float64"),
    # special values
    case([nan]),
    case([inf, -inf, nan]),
    case([nan, 0.0, -0.0]),
    case([nan, 1.0, 2.0]),
    case([-inf, 1.5, nan, inf]),
    case([inf, 1e-6, 100.0, nan, 0.0]),
    case([nan, 123.0], (2, 2)),
    # other floating-point dtypes
    case(DIGITS, (2, 3), "float64"),
    case(DIGITS, (2, 3), "float16"),
    case(DIGITS, (2, 3), "bfloat16"),
    case([65504.0, 6e-8], None, "float16"),
    case([3e38, 1.0], None, "bfloat16"),
    case([1.0, 2.0], None, "bfloat16"),
    case(DIGITS, (3,), "float64", gradient=True),
    # integers and booleans
    *(case([0, 1, 1, 0, 1], dtype=name) for name in NAMES),
    case([-100, 5, 0, 127], (2, 2), "int8"),
    case([-(2**63), 2**63 - 1], dtype="int64"),
    case([2**64 - 1, 0], dtype="uint64"),
    case([0, 1, 1], (2, 2, 2), "bool"),
    # complex
    case([[1.0, 2.0], [3.0, -4.0]], None, "complex64"),
    case([[0.318, 0.1417], [0.2333, -0.4555]], (2, 2), "complex64"),
    case([[1e-6, 2.0], [3.0, -4e5]], None, "complex64"),
    case([[nan, inf], [-inf, nan], [0.0, -0.0]], None, "complex128"),
    case([[1.5, -0.5]], (), "complex64"),
    case([[0.1, 0.2], [-0.3, 10.0]], (13,), "complex64"),
    case([[1.0, 0.0]], (2000,), "complex128"),
    # no axis, no element
    case([3.14159], ()),
    case([2.0], ()),
    case([1e-7], ()),
    case([7], (), "int64"),
    case([1], (), "bool"),
    case([nan], (), "float64"),
    case([0.0], (0,)),
    case([0.0], (0, 3)),
    case([0.0], (2, 0, 4), "float64"),
    case([0], (0,), "int64"),
    case([0], (3, 0), "bool"),
    case([0.0], (0, 1), "float16", gradient=True),
    # more axes
    case(DIGITS, (2, 2, 3)),
    case([1, 2, 3, 4], (2, 1, 2, 3), "int64"),
    case([1.0, -2.5], (1, 1, 1, 1, 2)),
    case([1.0], (2, 3, 1)),
    # line breaks
    case(DIGITS, (30,)),
    case(list(range(60)), (60,), "int64"),
    case(DIGITS, (2, 12)),
    case([0, 1], (20,), "bool"),
    case([123456789.0, 0.5], (3, 9), "float64"),
    case(DIGITS, (7,), "float64", gradient=True),
    case(DIGITS, (6,), "float64", gradient=True),
    case([1.0, 2.0], (14,), gradient=True),
    case([1.0, 2.0], (13,), gradient=True),
    case([1, 2], (19,), "int8"),
    case([1, 2], (20,), "int8"),
    # summaries
    case(list(range(13)), (1001,), "int64"),
    case(list(range(13)), (1000,), "int64"),
    case(list(range(-7, 13)), (43, 57), "int32"),
    case(DIGITS, (7, 200)),
    case(DIGITS, (200, 6)),
    case(DIGITS, (20, 8, 9)),
    case([1e-7, 1.0, 2.0, 3.0], (4, 6, 50)),
    case([0.5, 0.25, 0.75, 1e9], (1002,)),
    case([0.5, 0.25], (1001,), "bfloat16"),
    case([0, 1], (3, 400), "bool"),
    case([1.5], (2, 3, 4, 5, 10)),
    # options
    case(DIGITS, precision=2),
    case(DIGITS, precision=8),
    case(DIGITS, precision=0),
    case([1.0, 2.0], precision=7),
    case([1.0, 1e9], precision=2),
    case(DIGITS, (2, 3), sci_mode=True),
    case([1e-7, 1.0], sci_mode=False),
    case([1.0, 2.0], sci_mode=True),
    case([1.0, 1e9], sci_mode=False),
    case([0.0, 0.0], sci_mode=True),
    case([[1.0, 0.001], [2.0, 1e5]], None, "complex64", sci_mode=False),
    case(list(range(50)), dtype="int64", threshold=10, edgeitems=2),
    case(list(range(60)), (6, 10), "int64", threshold=10, edgeitems=1),
    case(list(range(60)), (6, 10), "int64", threshold=10, edgeitems=0),
    case([1.0, 2.0], edgeitems=0),
    case([5.0], (), threshold=0, edgeitems=0),
    case(DIGITS, (12,), linewidth=40),
    case(DIGITS, (12,), linewidth=1),
    case(DIGITS, (30,), linewidth=120),
    case(DIGITS, (2, 3), "float64", linewidth=46),
    case(DIGITS, (2, 3), "float64", linewidth=47),
    case(DIGITS, (2, 3), "float64", linewidth=55, gradient=True),
    case(DIGITS, (5, 300), profile="short"),
    case(DIGITS, (60, 20), profile="full"),
    case(DIGITS, (5, 300), profile="short", precision=1, linewidth=60),
]


def tensor(case: dict[str, Any]) -> torch.Tensor:
    dtype, values = case["dtype"], case["values"]
    if dtype.startswith("complex"):
        values = [complex(*pair) for pair in values]
    array = numpy.resize(numpy.asarray(values, dtype="float32" if dtype == "bfloat16" else dtype), case["shape"])
    return torch.from_numpy(array).to(getattr(torch, dtype)).requires_grad_(case["gradient"])


def suffixes(tensor: torch.Tensor) -> list[str]:
    implied = (torch.float32, torch.complex64, torch.int64, torch.bool) if tensor.numel() else (torch.float32,)
    dtype = [] if tensor.dtype in implied else [f"dtype={tensor.dtype}"]
    return dtype + ["requires_grad=True"] * tensor.requires_grad


def printed(case: dict[str, Any]) -> dict[str, Any]:
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**case["options"])
    made = tensor(case)
    return {**case, "suffixes": suffixes(made), "text": repr(made)}


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(printed(case)) for case in CASES)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
