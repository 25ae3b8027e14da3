"""An example: a use of an operation with values for its operands, and its source code for reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core import OPERATIONS
from tensorplug.core.autodiff.lifting import TENSOR_OPS

from ..uses import Use
from .arrays import (
    SHOWN,
    Array,
    among,
    laid,
    rounded,
    source,
)


class Mismatch(AssertionError):
    """A result of a backend is wrong.

    Parameters
    ----------
    message
        The difference, in one line.
    expected, actual
        The expected and the actual result.
    """

    def __init__(self, message: str, expected: Any = "", actual: Any = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.actual = actual


@dataclass(frozen=True)
class Example:
    """A use with values for its operands.

    Attributes
    ----------
    use : Use
    dtypes : dict of str to str
        The operands' dtypes by name.
    layout : str or dict of str to str
        A name in `LAYOUTS` for all operands, or by name for those that are not contiguous.
    hosts : dict of str to array
        The operands' values.
    """

    use: Use
    dtypes: dict[str, str]
    layout: str | dict[str, str]
    hosts: dict[str, Array]

    @property
    def layouts(self) -> dict[str, str]:
        """The operands that are not contiguous, with their layouts."""
        layouts = dict.fromkeys(self.hosts, self.layout) if isinstance(self.layout, str) else self.layout
        return {name: layout for name, layout in layouts.items() if layout != "contiguous"}

    def tensors(self) -> dict[str, Tensor]:
        """The operands on the default backend."""
        layouts = self.layouts
        return {
            name: laid(host, self.dtypes[name], layouts.get(name, "contiguous")) for name, host in self.hosts.items()
        }

    def evaluate(self, tensors: dict[str, Tensor]) -> Any:
        """Evaluate the use for these operands."""
        return evaluate(self.use, tensors)

    def widened(self) -> Example:
        """The example in the widest dtypes, contiguous."""
        wide = WIDE if self.use.elementwise else WIDE | WIDE_INTEGERS
        dtypes = {name: wide.get(dtype, dtype) for name, dtype in self.dtypes.items()}
        hosts = {name: numpy.asarray(host, dtypes[name]) for name, host in self.hosts.items()}
        return replace(self, dtypes=dtypes, hosts=hosts, layout="contiguous")

    @property
    def key(self) -> tuple[Any, ...]:
        """A key that is equal for examples with equal results."""
        parts = ((name, self.dtypes[name], host.shape, host.tobytes()) for name, host in self.hosts.items())
        return self.use.code, *parts

    @property
    def inputs(self) -> dict[str, str]:
        """The operands as Python source."""
        found = {}
        for name, host in self.hosts.items():
            # The source of an empty list has no shape.
            values = source(host) if host.size else f"numpy.zeros({host.shape})"
            found[name] = f'tp.asarray({values}, dtype="{self.dtypes[name]}")'
        return found

    def snippet(self, backend: str, code: str) -> str:
        """A program that evaluates an expression with the operands on a backend; empty for large operands."""
        if any(host.size > SHOWN for host in self.hosts.values()):
            return ""
        lines = [f'tp.set_default_backend("{backend}")']
        lines += [f"{name} = {text}" for name, text in self.inputs.items()]
        lines += [f'{name} = laid({name}.numpy(), {name}.dtype.name, "{way}")' for name, way in self.layouts.items()]
        body = "\n".join([*lines, f"print({code})"])
        needed = [line for line in IMPORTS if re.search(rf"\b{line.split()[-1]}\b", body)]
        return "\n".join([*needed, "", body])


IMPORTS = (
    "import io",
    "from concurrent.futures import ThreadPoolExecutor",
    "import numpy",
    "import tensorplug as tp",
    "from tensorplug.conformance.engine.arrays import among",
    "from tensorplug.conformance.engine.arrays import laid",
    "from tensorplug.conformance.checks.gradients import weighted",
    "from tensorplug.conformance.engine.programs import filled",
    "from tensorplug.core import OPERATIONS",
    "from tensorplug.core.dispatch.keys import library_for",
    "from tensorplug.core.autodiff.lifting import TENSOR_OPS",
)
"""Imports that the source of failures may need."""

WIDE = {
    "float16": "float64",
    "bfloat16": "float64",
    "float32": "float64",
    "complex64": "complex128",
}
"""Wider dtypes in which a reference is computed."""

WIDE_INTEGERS = {f"int{bits}": "int64" for bits in (8, 16, 32)} | {f"uint{bits}": "uint64" for bits in (8, 16, 32)}
"""Wider integer dtypes for functions that move, add and multiply integers: the narrow result is the truncated wide one.
"""


def evaluate(use: Use, tensors: Mapping[str, Any]) -> Any:
    """Evaluate the expression of a use."""
    names = {"tp": tensorplug, "numpy": numpy, "OPERATIONS": OPERATIONS, "TENSOR_OPS": TENSOR_OPS, "among": among}
    return eval(use.evaluate, {**names, **tensors})


def draw(
    use: Use, dtype: str, layout: str | dict[str, str], rng: numpy.random.Generator, smooth: bool = False
) -> Example:
    """Draw an example of a use in a dtype."""
    dtypes = {name: operand.dtype or dtype for name, operand in use.operands.items()}
    hosts = {}
    for name, operand in use.operands.items():
        make = operand.values.smooth if smooth else operand.values.draw
        hosts[name] = rounded(make(rng, operand.shape, dtypes[name]), dtypes[name])
    return Example(use, dtypes, layout, hosts)
