"""Compile the statements of CuPy's elementwise functions for the CPU: `python build.py CUPY FOLDER`.

``CUPY`` is where CuPy is installed (``pip install --target``); no GPU is needed. Nothing of CuPy's is kept in the
repository: the tables of dtypes, the names of functions and of their parameters, and the C++ come from the installed
package, and go into ``FOLDER``, for the modules beside this file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

TYPES = {
    "?": "bool",
    "b": "signed char",
    "B": "unsigned char",
    "h": "short",
    "H": "unsigned short",
    "i": "int",
    "I": "unsigned int",
    "l": "long long",
    "L": "unsigned long long",
    "q": "long long",
    "Q": "unsigned long long",
    "f": "float",
    "d": "double",
    "F": "complex<float>",
    "D": "complex<double>",
}
"""C++'s types by NumPy's characters. Half types are computed in float."""

TRAPPING = ("divmod", "floor_divide", "fmod", "mod", "remainder")
"""Functions that divide integers, for which the CPU has an instruction that traps where CUDA's wraps."""

FLAGS = "-std=c++17 -O1 -ffp-contract=off -w -fPIC -shared -fmax-errors=0".split()


def main(cupy: str, folder: str) -> None:
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    tables = out / "cupy.json"
    path = os.pathsep.join(filter(None, [cupy, os.environ.get("PYTHONPATH")]))
    subprocess.run([sys.executable, HERE / "describe.py", tables], check=True, env={**os.environ, "PYTHONPATH": path})
    description = json.loads(tables.read_text())
    include = Path(description["include"])
    roots = [HERE, include, include / "cupy/_cccl/thrust", include / "cupy/_cccl/libcudacxx"]
    compiler = [os.environ.get("CXX", "g++"), *FLAGS, *(f"-I{root}" for root in roots)]
    compiled = compile_loops(compiler, description["ufuncs"], out)
    for name, ufunc in description["ufuncs"].items():
        for loop in ufunc["loops"]:
            loop["symbol"] = symbol if (symbol := symbol_of(name, loop)) in compiled else None
            del loop["routine"]
        del ufunc["preamble"]
    tables.write_text(json.dumps(description, indent=1))
    print(f"CuPy {description['version']}: {len(compiled)} loops compiled")


def compile_loops(compiler: list[str], ufuncs: dict[str, Any], out: Path) -> set[str]:
    """Compile all loops but those that need functions which CUDA alone has; the names of those that stand."""
    source, library = out / "loops.cpp", out / "loops.so"
    left: set[str] = set()
    while True:
        text, lines = write_source(ufuncs, left)
        source.write_text(text)
        done = subprocess.run([*compiler, source, "-o", library], capture_output=True, text=True)
        if done.returncode == 0:
            return {symbol for _, symbol in lines}
        # An error in a header is followed by the line of ours that needs it.
        wrong = {int(line) for line in re.findall(r"loops\.cpp:(\d+):\d+:", done.stderr)}
        found = {max(pair for pair in lines if pair[0] <= line)[1] for line in wrong if line >= lines[0][0]} - left
        if not found:
            raise RuntimeError(f"the loops of CuPy could not be compiled:\n{done.stderr[:4000]}")
        left |= found


def write_source(ufuncs: dict[str, Any], left: set[str]) -> tuple[str, list[tuple[int, str]]]:
    """The C++ of all loops but some, and the line at which each begins."""
    parts = ["cuda_on_cpu.h", "cupy/complex.cuh", "cupy/carray.cuh", "cupy/math_constants.h"]
    text = "".join(f"#include <{part}>\n" for part in parts)
    text += "".join(sorted({line for ufunc in ufuncs.values() for line in includes(ufunc)}))
    lines = []
    for number, (name, ufunc) in enumerate(ufuncs.items()):
        loops = [
            (symbol_of(name, loop), loop)
            for loop in ufunc["loops"]
            if is_compiled(name, loop) and symbol_of(name, loop) not in left
        ]
        if not loops:
            continue
        preamble = "".join(line for line in ufunc["preamble"].splitlines(True) if "#include" not in line)
        text += f"namespace u{number} {{\n{preamble}\n"
        for symbol, loop in loops:
            lines.append((text.count("\n") + 1, symbol))
            text += write_loop(symbol, loop)
        text += "}\n"
    return text, lines


def is_compiled(name: str, loop: dict[str, str]) -> bool:
    characters = set(loop["in"] + loop["out"])
    return characters <= TYPES.keys() and not (name in TRAPPING and characters & set("bBhHiIlLqQ"))


def includes(ufunc: dict[str, Any]) -> list[str]:
    return [f"{line.strip()}\n" for line in ufunc["preamble"].splitlines() if "#include" in line]


def write_loop(symbol: str, loop: dict[str, str]) -> str:
    """A function of a length and a pointer for each operand and result, which are contiguous."""
    parameters, names, statements = ["long n"], [], []
    for prefix, characters, const in (("in", loop["in"], "const "), ("out", loop["out"], "")):
        for i, character in enumerate(characters):
            parameters.append(f"{const}{TYPES[character]}* {prefix}{i}_data")
            names.append(f"typedef {TYPES[character]} {prefix}{i}_type;")
            statements.append(f"{const}{prefix}{i}_type& {prefix}{i} = {prefix}{i}_data[i];")
    head = f'extern "C" void {symbol}({", ".join(parameters)})'
    body = "\n".join([*names, "for (long i = 0; i < n; i++) {", *statements, f"{loop['routine']};", "}"])
    return f"{head} {{\n{body}\n}}\n"


def symbol_of(name: str, loop: dict[str, str]) -> str:
    codes = "_".join(str(ord(character)) for character in loop["in"] + loop["out"])
    return f"{name.replace('.', '_')}_{codes}"


if __name__ == "__main__":
    main(*sys.argv[1:])
