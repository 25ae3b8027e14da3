"""Write what an installed CuPy says of itself: `python describe.py FILE`, which needs no GPU."""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from types import ModuleType
from typing import Any

SPECIAL = "erf erfinv gammaln i0 i0e i1 i1e ndtri".split()
"""The functions of `cupyx.scipy.special` that the plugin calls."""


def main(path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import cupy
        import cupyx.scipy.special
    modules = {"cupy": cupy, "cupy.linalg": cupy.linalg, "cupy.fft": cupy.fft}
    ufuncs = {name: function for name, function in vars(cupy).items() if isinstance(function, cupy.ufunc)}
    ufuncs |= {f"special.{name}": getattr(cupyx.scipy.special, name) for name in SPECIAL}
    description = {
        "version": cupy.__version__,
        "include": f"{cupy.__path__[0]}/_core/include",
        "functions": {name: functions(module) for name, module in modules.items()},
        "ufuncs": {name: ufunc(function) for name, function in sorted(ufuncs.items())},
    }
    with open(path, "w") as file:
        json.dump(description, file, indent=1)


def functions(module: ModuleType) -> dict[str, list[tuple[str, int, bool]] | None]:
    """Name, kind and whether there is a default of each parameter of each public function, where Python can tell."""
    found: dict[str, list[tuple[str, int, bool]] | None] = {}
    for name, value in sorted(vars(module).items()):
        if name.startswith("_") or not callable(value) or isinstance(value, type):
            continue
        try:
            parameters = inspect.signature(value).parameters.values()
        except ValueError:
            found[name] = None
        else:
            found[name] = [(one.name, int(one.kind), one.default is not one.empty) for one in parameters]
    return found


def ufunc(function: Any) -> dict[str, Any]:
    """Number of operands and results, and for each combination of dtypes the C++ statement that computes it."""
    loops = [
        {"in": characters(loop.in_types), "out": characters(loop.out_types), "routine": loop.routine}
        for loop in function._ops.ops
        if isinstance(loop.routine, str)
    ]
    return {"nin": function.nin, "nout": function.nout, "preamble": function._preamble, "loops": loops}


def characters(dtypes: Any) -> str:
    """NumPy's characters of dtypes, and CuPy's ``E`` for bfloat16."""
    return "".join("E" if str(dtype) == "bfloat16" else str(dtype.char) for dtype in dtypes)


if __name__ == "__main__":
    main(sys.argv[1])
