"""Writes complex_gradients.json: PyTorch's gradients of complex functions. Run it with PyTorch 2.13 installed.

A case names a function, its operands and the gradient of the result; complex numbers are stored as pairs, and a real
operand or gradient as plain numbers. The file adds the gradients of the operands.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import torch

Z = [1.5 - 0.5j, -0.25 + 2j, 0.75 + 0.5j]
W = [0.5 + 1j, 2 - 1.5j, -1 + 0.25j]
G = [1 + 2j, -0.5 + 0.25j, 3 - 1j]
R = [0.5, -1.25, 2.0]

CASES: list[tuple[str, list[list[complex]], list[complex]]] = [
    *((name, [Z], G) for name in "acos asin asinh atan atanh conj cos cosh exp expm1 log log10 log1p log2".split()),
    *((name, [Z], G) for name in "mean_all negative reciprocal sin sinh sqrt square sum_all tan tanh".split()),
    *((name, [Z, W], G) for name in ("add", "divide", "matmul", "multiply", "pow", "subtract")),
    *((name, [Z, R], G) for name in ("add", "divide", "multiply", "subtract")),
    *((name, [R, W], G) for name in ("divide", "multiply")),
    ("abs", [Z], R),
    ("abs", [[0j, 3 + 4j]], [1.0, -2.0]),
    ("sign", [Z], G),
    ("sign", [[0j, 3 + 4j]], [1 + 2j, -2 + 1j]),
]

FUNCTIONS = {"sign": torch.sgn, "mean_all": lambda z: z.mean(), "sum_all": lambda z: z.sum()}
"""Those that PyTorch does not call by the name of the case."""


def plain(numbers: Any) -> Any:
    """Complex numbers as pairs, which JSON can hold."""
    if isinstance(numbers, list):
        return [plain(number) for number in numbers]
    return [numbers.real, numbers.imag] if isinstance(numbers, complex) else numbers


def tensor(numbers: list[complex]) -> torch.Tensor:
    dtype = torch.complex128 if any(isinstance(number, complex) for number in numbers) else torch.float64
    return torch.tensor(numbers, dtype=dtype, requires_grad=True)


def main() -> None:
    stored = []
    for name, operands, upstream in CASES:
        inputs = [tensor(operand) for operand in operands]
        out = FUNCTIONS[name](*inputs) if name in FUNCTIONS else getattr(torch, name)(*inputs)
        given = upstream if out.ndim else upstream[0]
        out.backward(torch.tensor(given, dtype=out.dtype))
        gradients = [x.grad.tolist() for x in inputs]
        stored.append(
            {
                "name": name,
                "operands": plain(operands),
                "upstream": plain(given),
                "gradients": plain(gradients),
            }
        )
    lines = ",\n".join(json.dumps(case) for case in stored)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
