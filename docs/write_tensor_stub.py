"""Write ``core/memory/tensor.pyi``: the signature of every method of Tensor, for type checkers and editors.

Methods are attached to Tensor at runtime, which type checkers cannot see.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import pathlib
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tensorplug import Tensor
from tensorplug.core import FUNCTIONS, OPERATIONS
from tensorplug.core.families.function import signature as call_signature
from tensorplug.core.memory import tensor
from tensorplug.core.types.absent import Absent

MODULE = pathlib.Path(__file__).resolve().parents[1] / "core" / "memory" / "tensor.py"
STUB = MODULE.with_suffix(".pyi")

HEADER = "# Written by docs/write_tensor_stub.py, which `make docs` runs.\n"

PAIRS = """
    @overload
    def {name}(self, dim: None = None, keepdim: builtins.bool = False, *, axis: Any = None, dtype: Any = None,
               keepdims: builtins.bool = False, out: Tensor | None = None) -> Tensor: ...
    @overload
    def {name}(self, dim: Tensor, *, out: Tensor | None = None) -> Tensor: ...
    @overload
    def {name}(self, dim: builtins.int, keepdim: builtins.bool = False, *, out: Any = None) -> MaxMin: ...
"""
"""`max` and `min` return a tensor, or a pair of values and indices along one axis."""


class Imports(ast.NodeTransformer):
    """Qualifies names in annotations, as Tensor has methods named ``bool`` and ``numpy``, and collects imports."""

    def __init__(self) -> None:
        self.found = {"import builtins", "from typing import overload"}
        self.scope: dict[str, Any] = {}
        self.tuples: dict[str, list[str]] = {}

    def annotation(self, text: str, scope: dict[str, Any]) -> str:
        """Rewrite an annotation, and import the names in it."""
        self.scope = scope
        return ast.unparse(self.visit(ast.parse(text, mode="eval")))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if name in self.scope:
            return self._imported(name, self.scope[name])
        if hasattr(builtins, name):
            return ast.Attribute(ast.Name("builtins"), name) if name in vars(Tensor) else node
        raise NameError(f"{name} is not known where it is used as an annotation")

    def _from_above(self, name: str, value: Any) -> ast.expr:
        """A type of a higher floor: a named tuple is declared again in the stub, another type becomes Any."""
        if not hasattr(value, "_fields"):
            self.found.add("from typing import Any")
            return ast.Name("Any")
        self.found.add("from typing import NamedTuple")
        self.tuples[name] = [f"class {name}(NamedTuple):", *(f"    {field}: Tensor" for field in value._fields), ""]
        return ast.Name(name)

    def _imported(self, name: str, value: Any) -> ast.expr:
        if isinstance(value, ModuleType):
            self.found.add(f"import {value.__name__} as _{name}")
            return ast.Name(f"_{name}")
        module = getattr(value, "__module__", None) or "typing"
        if not hasattr(importlib.import_module(module), name):
            # A type alias in the module that uses it.
            return ast.Name("Any")
        if module.startswith(UPPER):
            return self._from_above(name, value)
        if module != Tensor.__module__:
            self.found.add(f"from {_relative(module)} import {name}")
        return ast.Name(name)


UPPER = tuple(f"tensorplug.core.{floor}." for floor in "families interchange pytorch random special standard".split())
"""Floors above Tensor's, which the stub must not import."""


def _relative(module: str) -> str:
    """The relative import path of a module in the stub."""
    here, there = Tensor.__module__.split(".")[:-1], module.split(".")
    if there[0] != here[0]:
        return module
    common = next((i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), len(here))
    return "." * (len(here) - common + 1) + ".".join(there[common:])


class Text(str):
    """Source code that `inspect.Signature` prints without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def signature(name: str, function: Callable[..., Any], imports: Imports, static: bool = False) -> str:
    """The definition line of a method."""
    scope = inspect.unwrap(function).__globals__
    found = call_signature(function)
    names = list(found.parameters)
    binary = name.startswith("__") and names in (["input", "other"], ["x1", "x2"], ["self", "other"])
    reduces = name in OPERATIONS and "keepdims" in OPERATIONS[name].parameters
    parameters = [
        parameter.replace(
            name=_name(parameter.name, position, binary, static),
            annotation=_typed(parameter, position, static, imports, scope),
            default=_default(parameter.default),
            kind=parameter.POSITIONAL_OR_KEYWORD if parameter.kind is parameter.POSITIONAL_ONLY else parameter.kind,
        )
        for position, parameter in enumerate(found.parameters.values())
    ]
    returns = "Tensor" if (binary or reduces) and "divmod" not in name else found.return_annotation
    text = found.replace(parameters=parameters, return_annotation=Text(imports.annotation(returns, scope)))
    return f"def {name}{text}: ..."


def _name(name: str, position: int, binary: bool, static: bool) -> str:
    return "self" if position == 0 and not static else "other" if binary else name


def _typed(parameter: inspect.Parameter, position: int, static: bool, imports: Imports, scope: dict[str, Any]) -> Any:
    if position == 0 and not static:
        return inspect.Parameter.empty
    annotation = parameter.annotation
    return Text("Any" if annotation is inspect.Parameter.empty else imports.annotation(annotation, scope))


def _default(value: Any) -> Any:
    plain = value is None or isinstance(value, bool | int | float | str | tuple)
    return value if plain or value is inspect.Parameter.empty else Text("...")


def attached(own: set[str], imports: Imports) -> list[str]:
    """Definition lines of members that are attached to Tensor."""
    lines: list[str] = []
    for name, member in sorted(vars(Tensor).items()):
        special = name.startswith("__") and not callable(member)
        if name in own or name in Tensor.__slots__ or special or isinstance(member, Absent):
            continue
        if isinstance(member, property):
            lines += ["@property", signature(name, member.fget, imports)]
            if member.fset is not None:
                lines += [f"@{name}.setter", f"def {name}(self, value: Any) -> None: ..."]
        elif isinstance(member, staticmethod):
            lines += ["@staticmethod", signature(name, member.__func__, imports, static=True)]
        elif isinstance(member, classmethod):
            lines += ["@classmethod", signature(name, member.__func__, imports)]
        elif name in ("max", "min"):
            imports.annotation("MaxMin", inspect.unwrap(FUNCTIONS[name]).__globals__)
            lines += PAIRS.format(name=name).strip("\n").replace("\n    ", "\n").lstrip().split("\n")
        elif inspect.isfunction(member):
            lines.append(signature(name, member, imports))
        else:
            lines.append(f"{name}: Any")
    return lines


class Bodies(ast.NodeTransformer):
    """Removes bodies, docstrings, imports and ``if TYPE_CHECKING`` from the module of Tensor."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports
        self.within = ""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.within = node.name
        self.generic_visit(node)
        self.within = ""
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [ast.Expr(ast.Constant(...))]
        node.decorator_list = node.decorator_list if self.within else []
        if self.within == "Tensor" and node.returns is not None:
            node.returns = ast.parse(self.imports.annotation(ast.unparse(node.returns), vars(tensor)), mode="eval").body
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.value = None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node

    def visit_If(self, node: ast.If) -> ast.If | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        self.imports.found |= {f"from {module} import {alias.name}" for alias in node.names} - UNUSED

    def visit_Import(self, node: ast.Import) -> None:
        """Remove imports of modules, which only bodies use."""


UNUSED = {
    "from __future__ import annotations",
    "from typing import TYPE_CHECKING",
    "from ..dispatch.registry import method",
}


def stub() -> str:
    """The text of the stub."""
    imports = Imports()
    tree = Bodies(imports).visit(ast.parse(MODULE.read_text()))
    (definition,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Tensor")
    own = {
        name for name in vars(tensor.Tensor) if re.search(rf"^    (def )?{name}\b", MODULE.read_text(), re.MULTILINE)
    }
    members = ast.parse("class Tensor:\n" + "\n".join(f"    {line}" for line in attached(own, imports))).body[0]
    assert isinstance(members, ast.ClassDef)
    definition.body += members.body
    text = re.sub(r":\n\s+\.\.\.\n", ": ...\n", ast.unparse(tree) + "\n")
    text = re.sub(r"\.\.\.\n\n(\s+)(?=def|@)", r"...\n\1", text)
    # Elementwise comparisons do not return bool as those of `object` do.
    text = re.sub(r"(def __(?:eq|ne)__.*)", r"\1  # type: ignore[override]", text)
    tuples = "\n".join(line for name in sorted(imports.tuples) for line in imports.tuples[name])
    return HEADER + "\n".join(sorted(imports.found)) + "\n\n" + tuples + "\n" + text


if __name__ == "__main__":
    STUB.write_text(stub())
