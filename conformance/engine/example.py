"""One example: a use of an operation with the values of its operands, and how it is shown to the reader."""

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
    """A backend does not do what it should.

    Parameters
    ----------
    message
        What is wrong, in one line.
    expected, actual
        What was wanted and what came.
    """

    def __init__(self, message: str, expected: Any = "", actual: Any = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.actual = actual


@dataclass(frozen=True)
class Example:
    """A use with values.

    Attributes
    ----------
    use : Use
    dtypes : dict of str to str
        The operands' dtypes by name.
    layout : str or dict of str to str
        A name in `LAYOUTS`: how the operands lie in memory, or by name how some do that are not contiguous.
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
        """What the line gives for these operands."""
        return evaluate(self.use, tensors)

    def widened(self) -> Example:
        """The same in the widest dtypes, contiguous."""
        wide = WIDE if self.use.elementwise else WIDE | WIDE_INTEGERS
        dtypes = {name: wide.get(dtype, dtype) for name, dtype in self.dtypes.items()}
        hosts = {name: numpy.asarray(host, dtypes[name]) for name, host in self.hosts.items()}
        return replace(self, dtypes=dtypes, hosts=hosts, layout="contiguous")

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for examples that have the same result."""
        parts = ((name, self.dtypes[name], host.shape, host.tobytes()) for name, host in self.hosts.items())
        return self.use.code, *parts

    @property
    def inputs(self) -> dict[str, str]:
        """The operands as Python source."""
        found = {}
        for name, host in self.hosts.items():
            # An empty list has no shape.
            values = source(host) if host.size else f"numpy.zeros({host.shape})"
            found[name] = f'tp.asarray({values}, dtype="{self.dtypes[name]}")'
        return found

    def snippet(self, backend: str, code: str) -> str:
        """A program that evaluates a line with the operands on a backend; none where these are too many to be told."""
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
    "from tensorplug.core.autodiff.lifting import TENSOR_OPS",
)
"""What the lines that show a failure may need."""

WIDE = {
    "float16": "float64",
    "bfloat16": "float64",
    "float32": "float64",
    "complex64": "complex128",
}
"""The dtype in which a reference is computed, where it is another one."""

WIDE_INTEGERS = {f"int{bits}": "int64" for bits in (8, 16, 32)} | {f"uint{bits}": "uint64" for bits in (8, 16, 32)}
"""The same for what moves integers and adds and multiplies them: in few bits the result is what more bits give, cut
off. Elementwise functions do more with them."""


def evaluate(use: Use, tensors: Mapping[str, Any]) -> Any:
    """What a use's line gives."""
    names = {"tp": tensorplug, "numpy": numpy, "OPERATIONS": OPERATIONS, "TENSOR_OPS": TENSOR_OPS, "among": among}
    return eval(use.evaluate, {**names, **tensors})


def draw(
    use: Use, dtype: str, layout: str | dict[str, str], rng: numpy.random.Generator, smooth: bool = False
) -> Example:
    """An example of a use, in a dtype."""
    dtypes = {name: operand.dtype or dtype for name, operand in use.operands.items()}
    hosts = {}
    for name, operand in use.operands.items():
        make = operand.values.smooth if smooth else operand.values.draw
        hosts[name] = rounded(make(rng, operand.shape, dtypes[name]), dtypes[name])
    return Example(use, dtypes, layout, hosts)
