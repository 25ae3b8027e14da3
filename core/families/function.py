"""`@function`: declare a function of tensors; the wrapper that users call is generated from the signature of its body.

The wrapper checks operands, takes an axis by either name, treats 0-d tensors as vectors where PyTorch does, computes
half precision in float32 and writes into ``out=``. It consists of the lines that this function needs, so no call pays
for what another function does, and it is compiled at its first call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Literal, TypeVar, final

from ...autograd.generated import write_function, write_later
from ..dispatch import registry
from ..memory.structure import cast, clone, reshape
from ..memory.tensor import Tensor
from ..memory.writes import copy_
from ..types.axes import as_flag, normalize_axes, normalize_axis
from ..types.dtypes import ACCEPTED, float32
from ..types.errors import DTypeError, say_function, unsupported
from .in_place import in_place, write_out

F = TypeVar("F", bound=Callable[..., Any])

KEYWORDS = {"x": "input", "x1": "input", "x2": "other", "arrays": "tensors"}
"""PyTorch's names of the parameters that are positional-only in the standard."""

ALIASES = {"dim": "axis", "keepdim": "keepdims"}
"""The standard's names of parameters by PyTorch's."""

MISSING: Any = type("MISSING", (), {"__repr__": lambda self: "MISSING"})()
"""The default of required parameters that follow optional ones."""

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def function(
    *,
    name: str | None = None,
    accepts: str = "all",
    public: bool = True,
    methods: tuple[str, ...] = (),
    in_place_method: bool = False,
    axis: Literal["one", "several"] | None = None,
    scalar_axis: bool = True,
    widens_half: bool = False,
    dialects: bool = False,
    keywords: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare a function of tensors.

    The wrapper follows the names and annotations of the parameters:

    - a `Tensor` is checked to be one; with ``| None`` it may be left out;
    - `dim` is an alias of `axis` (or `axes`), and `keepdim` of `keepdims`, whichever of the two the body declares;
      a body that declares both gets the value under the standard's name;
    - `inplace` writes the result into the first operand, `out` into the tensors given.

    Parameters
    ----------
    name
        By default that of the body; ``"linalg.qr"`` in an extension.
    accepts
        A category in `dtypes.ACCEPTED`, for the first operand.
    public
        Whether users and gradient rules can call it as a function; if not, it is only a method.
    methods
        The names of the methods of Tensor that call it.
    in_place_method
        Whether Tensor has an in-place method too, named with a trailing underscore.
    axis
        Whether `axis` is one axis or several; the body gets them as non-negative integers. An empty tuple of several
        means all axes in PyTorch's spelling.
    scalar_axis
        Whether a 0-d tensor counts as a vector of one element when `dim` is given.
    widens_half
        Whether half-precision tensors are computed in float32.
    dialects
        Whether the body itself tells PyTorch's spelling from the standard's, and gets both names.
    keywords
        PyTorch's names of the first parameters, where `KEYWORDS` has others.
    """

    def declare(body: F) -> F:
        made = _Wrapper(body, name or body.__name__, accepts, axis, scalar_axis, widens_half, dialects, keywords)
        wrapper: F = write_later(body, made.write)
        _WRAPPERS[wrapper] = made
        if public:
            registry.public(made.name, *methods)(wrapper)
        else:
            registry.method(*methods)(wrapper)
        if in_place_method:
            in_place(wrapper)
        return wrapper

    return declare


_WRAPPERS: dict[Callable[..., Any], _Wrapper] = {}


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function, with every keyword that its wrapper takes."""
    found = inspect.signature(function)
    return found.replace(parameters=_WRAPPERS[function].parameters) if function in _WRAPPERS else found


def replace_body(function: Callable[..., Any], replacement: Callable[[Callable[..., Any]], Any]) -> Callable[..., Any]:
    """Have the wrapper call ``replacement(body)`` in place of its body, which is returned."""
    made = _WRAPPERS[function]
    body, made.body = made.body, replacement(made.body)
    if "body" in function.__globals__:
        function.__globals__["body"] = made.body
    return body


@final
class _Wrapper:
    """The wrapper of one body: its parameters and its source. The attributes are the options of `function`."""

    def __init__(
        self,
        body: Callable[..., Any],
        name: str,
        accepts: str,
        axis: str | None,
        scalar_axis: bool,
        widens_half: bool,
        dialects: bool,
        keywords: tuple[str, ...],
    ) -> None:
        self.body = body
        self.name = name
        self.accepts = accepts
        self.axis = axis
        self.scalar_axis = scalar_axis
        self.widens_half = widens_half
        self.dialects = dialects
        self.keywords = keywords

    @cached_property
    def declared(self) -> dict[str, inspect.Parameter]:
        """The body's parameters by name."""
        return dict(inspect.signature(self.body).parameters)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """The wrapper's names of the body's positional parameters, unless the body uses that name for another one."""
        positional = [one.name for one in self.declared.values() if one.kind <= one.POSITIONAL_OR_KEYWORD]
        wanted = KEYWORDS | dict(zip(positional, self.keywords, strict=False))
        return {name: wanted[name] for name in positional if name in wanted and wanted[name] not in self.declared}

    @cached_property
    def aliases(self) -> list[tuple[str, str]]:
        """Pairs of PyTorch's name and the standard's, of which the wrapper takes both."""
        if self.dialects:
            return []
        pairs = ALIASES | {"dim": "axes"} if self.declared.keys() >= {"dim", "axes"} else ALIASES
        return [pair for pair in pairs.items() if not self.declared.keys().isdisjoint(pair)]

    @cached_property
    def parameters(self) -> list[inspect.Parameter]:
        """The wrapper's parameters: none is positional-only, and aliases that the body lacks are keyword-only."""
        found = []
        optional = False
        for one in self.declared.values():
            if one.kind not in _VARIADIC:
                optional |= one.default is not one.empty or self._is_alias(one.name)
                default = MISSING if optional and one.default is one.empty else one.default
                kind = max(one.kind, one.POSITIONAL_OR_KEYWORD)
                one = one.replace(name=self.renamed.get(one.name, one.name), kind=kind, default=default)
            found.append(one)
        for pair in self.aliases:
            default = False if "keepdim" in pair else None
            others = [name for name in pair if name not in self.declared]
            found += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default) for name in others]
        return sorted(found, key=lambda one: one.kind)

    def write(self, scope: dict[str, Any]) -> Callable[..., Any]:
        """Compile the wrapper in a scope."""
        checks = (Tensor, as_flag, normalize_axes, normalize_axis, _missing, _refused, unsupported)
        called = (as_vector, clone, copy_, in_float32, say_function, write_out)
        scope |= {one.__name__: one for one in (*checks, *called)} | {"MISSING": MISSING, "body": self.body}
        scope["accepted"] = ACCEPTED[self.accepts]
        header = []
        for one in self.parameters:
            if one.default is not one.empty:
                scope[f"default_{one.name}"] = one.default
                one = one.replace(default=_Source(f"default_{one.name}"))
            header.append(one.replace(annotation=one.empty))
        lines = [*self._checks(), *self._special_cases(), *self._aliases(), *self._call()]
        definition = f"def {self.body.__name__}{inspect.Signature(header)}:"
        # Under a name that is no parameter's: `threshold` has one of its own name.
        scope["itself"] = write_function([definition, *(f"    {line}" for line in lines)], self.name, scope)
        return scope["itself"]

    def _checks(self) -> list[str]:
        """Lines that raise TypeError for missing arguments, operands that are not tensors, and other dtypes."""
        lines = []
        required = [one.name for one in self.parameters if one.default is MISSING and not self._is_alias(one.name)]
        if required:
            lines += [
                f"if {' or '.join(f'{one} is MISSING' for one in required)}:",
                f"    raise _missing({self.name!r}, {', '.join(f'{one}={one}' for one in required)})",
            ]
        # Compared as text: annotations may name types that only type checkers import.
        tensors = [one.name for one in self.parameters if one.annotation == "Tensor"]
        optional = [one.name for one in self.parameters if one.annotation == "Tensor | None" and one.name != "out"]
        wrong = [f"not isinstance({one}, Tensor)" for one in tensors]
        wrong += [f"({one} is not None and not isinstance({one}, Tensor))" for one in optional]
        if wrong:
            given = ", ".join([*tensors, *(f"*([] if {one} is None else [{one}])" for one in optional)])
            lines += [f"if {' or '.join(wrong)}:", f"    raise unsupported({self.name!r}, {given})"]
        if self.accepts != "all":
            lines += [
                f"if {self._operand}._key.dtype not in accepted:",
                f"    raise _refused({self.name!r}, {self._operand}, {self.accepts!r})",
            ]
        return lines

    def _special_cases(self) -> list[str]:
        """Lines for ``inplace=True`` and half precision, in which the wrapper calls itself."""
        lines = []
        if "inplace" in self.declared:
            # Of a copy, as the gradient needs the values that are written over.
            copied = self._arguments(self.parameters, "inplace").replace(self._operand, f"clone({self._operand})", 1)
            lines += ["if inplace:", f"    return copy_({self._operand}, itself({copied}))"]
        if self.widens_half:
            # A dtype that is asked for is converted to first.
            unasked = " and dtype is None" if "dtype" in self.declared else ""
            lines += [f"if {self._operand}._key.is_half{unasked}:", f"    return in_float32({self._itself})"]
        return lines

    def _aliases(self) -> list[str]:
        """Lines that give each aliased argument the body's name, and check it."""
        lines = []
        for pytorch, standard in self.aliases:
            if pytorch == "dim":
                lines += self._axis(standard)
            else:
                checked = f"as_flag({self.name!r}, {standard!r}, {pytorch} or {standard} or False)"
                lines += [
                    f"if {pytorch} is not False or {standard} is not False:",
                    f"    {self._of_body(pytorch, standard)} = {checked}",
                ]
        return lines

    def _axis(self, axis: str) -> list[str]:
        """Lines that give the axis the body's name, and make it non-negative."""
        lines = []
        name, ndim = repr(self.name), f"len({self._operand}._array.shape)"
        target = self._of_body("dim", axis)
        if target == "dim":
            lines += [f"if {axis} is not None:", f"    dim = {axis}"]
        if any(one.name == target and one.default is MISSING for one in self.parameters):
            absent = "dim is MISSING" if target == "dim" else f"dim is None and {axis} is MISSING"
            lines += [f"if {absent}:", f"    raise _missing({name}, {target}={target})"]
        if target == "dim" and self.axis is None:
            return lines
        lines.append("if dim is not None:")
        if self.axis is None:
            return [*lines, f"    {axis} = dim"]
        if self.axis == "one" and self.scalar_axis:
            lines += [f"    if not {self._operand}._array.shape:", f"        return as_vector({self._itself})"]
        normalize = "normalize_axis" if self.axis == "one" else "normalize_axes"
        # No axes are all of them in PyTorch's spelling.
        named = f"({name}, dim, {ndim})" if self.axis == "one" else f"({name}, dim, {ndim}, True) or None"
        lines.append(f"    {target} = {normalize}{named}")
        if target == axis:
            lines += [f"elif {axis} is not None:", f"    {axis} = {normalize}({name}, {axis}, {ndim})"]
        return lines

    def _call(self) -> list[str]:
        """Lines that call the body, and write its result into ``out=``."""
        others = {name for pair in self.aliases for name in pair if name != self._of_body(*pair)}
        call = f"body({self._arguments(self.declared.values(), 'inplace', 'out', *others)})"
        lines = ["try:", f"    found = {call}", "except Exception as error:"]
        lines += [f"    say_function(error, {self.name!r})", "    raise"]
        if "out" not in self.declared:
            return [*lines, "return found"]
        return [*lines, f"return found if out is None else write_out({self.name!r}, found, out)"]

    def _arguments(self, parameters: Iterable[inspect.Parameter], *without: str) -> str:
        """The source of the arguments of a call: by position until one is left out, then by keyword."""
        parts = []
        positional = True
        for one in parameters:
            name = self.renamed.get(one.name, one.name)
            if one.name in without:
                positional = False
            elif one.kind in _VARIADIC:
                parts.append(("*" if one.kind is one.VAR_POSITIONAL else "**") + name)
            else:
                positional &= one.kind is not one.KEYWORD_ONLY
                parts.append(name if positional else f"{one.name}={name}")
        return ", ".join(parts)

    @property
    def _operand(self) -> str:
        """The wrapper's name of the first operand."""
        return self.parameters[0].name

    @property
    def _itself(self) -> str:
        """The wrapper and its arguments, for a function that calls it again with other tensors."""
        out = ", out=out" if "out" in self.declared else ""
        return f"itself, {self._arguments(self.parameters, 'out')}{out}"

    def _of_body(self, pytorch: str, standard: str) -> str:
        """The body's name of two aliases."""
        return standard if standard in self.declared else pytorch

    def _is_alias(self, name: str) -> bool:
        return any(name in pair for pair in self.aliases)


class _Source(str):
    """An expression that the text of a signature shows as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def _missing(operation: str, **given: Any) -> TypeError:
    names = " and ".join(repr(name) for name, value in given.items() if value is MISSING)
    return TypeError(f"{operation}: missing the argument {names}")


def _refused(operation: str, x: Tensor, accepts: str) -> TypeError:
    article = "an" if accepts[0] in "aeiou" else "a"
    return DTypeError(f"{operation}: got {x.dtype}, wanted {article} {accepts} dtype")


def as_vector(function: Callable[..., Any], *arguments: Any, out: Any = None, **keywords: Any) -> Any:
    """Call a function with 0-d tensors as vectors of one element, and remove that axis from its results."""

    def vector(value: Any) -> Any:
        return reshape(value, (1,)) if isinstance(value, Tensor) and not value._array.shape else value

    def element(found: Tensor) -> Tensor:
        return reshape(found, found.shape[1:]) if found.shape[:1] == (1,) else found

    return _call_converted(function, vector, element, arguments, keywords, out)


def widened(value: Any) -> Any:
    """A half-precision tensor as float32; anything else as it is."""
    return cast(value, float32) if isinstance(value, Tensor) and value._key.is_half else value


def in_float32(function: Callable[..., Any], *arguments: Any, out: Any = None, **keywords: Any) -> Any:
    """Call a function with half-precision tensors as float32, and round its results to their dtype."""
    dtype = arguments[0].dtype

    def rounded(found: Tensor) -> Tensor:
        return cast(found, dtype) if found.dtype is float32 else found

    return _call_converted(function, widened, rounded, arguments, keywords, out)


def _call_converted(
    function: Callable[..., Any],
    before: Callable[[Any], Any],
    after: Callable[[Tensor], Tensor],
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    out: Any,
) -> Any:
    """Call a function with converted arguments, and convert its results."""
    found = function(*map(before, arguments), **{name: before(value) for name, value in keywords.items()})
    if isinstance(found, tuple):
        several = map(after, found)
        found = type(found)(*several) if hasattr(found, "_fields") else tuple(several)
    else:
        found = after(found)
    return found if out is None else write_out(function.__name__, found, out)
