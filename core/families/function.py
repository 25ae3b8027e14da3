"""Functions of tensors: what all of them do around their own work, written out for each from its signature.

Each function that users call checks its operands, takes an axis by either name, sees 0-d tensors as vectors where
PyTorch does, computes half-precision types in float32 and writes into ``out=``. What of these a function does follows
from its parameters and from what it declares, and stands as plain Python before its body, so that no call decides it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, TypeVar, final

from ...autograd.generated import write_function, write_later
from ..dispatch import registry
from ..memory.structure import cast, clone, reshape
from ..memory.tensor import Tensor
from ..memory.writes import copy_
from ..types.axes import as_flag, normalize_axes, normalize_axis
from ..types.dtypes import float32
from ..types.errors import unsupported
from .in_place import in_place, placed

F = TypeVar("F", bound=Callable[..., Any])

KEYWORDS = {"x": "input", "x1": "input", "x2": "other", "arrays": "tensors"}
"""PyTorch's names of parameters that the standard lets be given by position only."""

PYTORCH = {"dim": "axis", "keepdim": "keepdims"}
"""PyTorch's names of parameters that the standard has too."""

MISSING: Any = type("MISSING", (), {"__repr__": lambda self: "MISSING"})()
"""The default of parameters that must be given."""


def function(
    *,
    name: str | None = None,
    public: bool = True,
    methods: tuple[str, ...] = (),
    in_place_method: bool = False,
    axis: Literal["one", "several"] | None = None,
    scalars: bool = True,
    single: bool = False,
    dialects: bool = False,
    keywords: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare a function of tensors.

    What its parameters are called says what is done for it:

    - one annotated as `Tensor` must be one, and with ``| None`` may be one;
    - `dim` and `axis` (or `axes`, where the body has that) are two names of one parameter, and `keepdim` and
      `keepdims`; the body gets it under the standard's name if it has that;
    - `inplace` writes the result into the first operand, `out` into the tensors given.

    Parameters
    ----------
    name
        By default that of the function; ``"linalg.qr"`` in an extension.
    public
        Whether it is a function under its name, which gradient rules call too; else it is a method alone.
    methods
        The names under which it is a method of Tensor.
    in_place_method
        Whether there is a method that writes the result into the tensor, named with a trailing underscore.
    axis
        Whether `axis` is one axis or several, which the body then gets as non-negative numbers. Several that name none
        are all in PyTorch's spelling.
    scalars
        Whether a 0-d tensor is a vector of one element along one axis in PyTorch's spelling.
    single
        Whether half-precision types are computed in float32.
    dialects
        Whether the body does different things in PyTorch's spelling and in the standard's, and gets both names.
    keywords
        PyTorch's names of the first parameters, where they are not those of `KEYWORDS`.
    """

    def declare(body: F) -> F:
        called = name or body.__name__

        def front_of() -> _Front:
            return _Front(body, called, axis, scalars, single, dialects, keywords)

        front: F = write_later(body, lambda scope: front_of().written(scope))
        _FRONTS[front] = front_of
        if public:
            registry.public(called, *methods)(front)
        else:
            registry.method(*methods)(front)
        if in_place_method:
            in_place(front)
        return front

    return declare


_FRONTS: dict[Callable[..., Any], Callable[[], _Front]] = {}


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function of tensors by PyTorch's names, by which each of its parameters may be given."""
    found = inspect.signature(function)
    if function not in _FRONTS:
        return found
    front = _FRONTS[function]()
    return found.replace(parameters=front.parameters)


@final
class _Front:
    """The function that users call, which calls the body."""

    def __init__(
        self,
        body: Callable[..., Any],
        name: str,
        axis: str | None,
        scalars: bool,
        single: bool,
        dialects: bool,
        keywords: tuple[str, ...],
    ) -> None:
        self.body = body
        self.name = name
        self.axis = axis
        self.scalars = scalars
        self.single = single
        self.given = tuple(inspect.signature(body).parameters.values())
        given = {one.name for one in self.given}
        self.renamed = {
            one.name: wanted
            for i, one in enumerate(self.given)
            if (wanted := keywords[i] if i < len(keywords) else KEYWORDS.get(one.name, one.name)) not in given
            and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        }
        standard = PYTORCH | {"dim": "axes"} if {"dim", "axes"} <= given else PYTORCH
        self.aliases = [pair for pair in standard.items() if not dialects and not given.isdisjoint(pair)]
        self.parameters = self._parameters()
        self.names = {one.name: one for one in self.parameters}
        self.first = self.parameters[0].name

    def _parameters(self) -> list[inspect.Parameter]:
        """Those of the function that users call: none by position only, and each by both of its names."""
        found = []
        optional = False
        for one in self.given:
            kind = one.POSITIONAL_OR_KEYWORD if one.kind is one.POSITIONAL_ONLY else one.kind
            named = one.replace(name=self.renamed.get(one.name, one.name), kind=kind)
            optional |= any(one.name in pair for pair in self.aliases) or one.default is not one.empty
            if optional and one.default is one.empty and kind is not one.VAR_POSITIONAL and kind is not one.VAR_KEYWORD:
                named = named.replace(default=MISSING)
            found.append(named)
        names = {one.name for one in found}
        others = [(other, pair) for pair in self.aliases for other in pair if other not in names]
        keyword_only = [
            inspect.Parameter(one, inspect.Parameter.KEYWORD_ONLY, default=False if "keepdim" in pair else None)
            for one, pair in others
        ]
        last = found.pop() if found[-1].kind is inspect.Parameter.VAR_KEYWORD else None
        return [*found, *keyword_only, *([last] if last else [])]

    def written(self, scope: dict[str, Any]) -> Callable[..., Any]:
        """Write it out."""
        scope |= {
            "MISSING": MISSING,
            "Tensor": Tensor,
            "as_flag": as_flag,
            "as_vector": as_vector,
            "body": self.body,
            "clone": clone,
            "copy_": copy_,
            "in_float32": in_float32,
            "missing": _missing,
            "normalize_axes": normalize_axes,
            "normalize_axis": normalize_axis,
            "placed": placed,
            "unsupported": unsupported,
        } | {f"default_{one.name}": one.default for one in self.parameters if one.default is not one.empty}
        lines = [f"def {self.body.__name__}({self._declared()}):", *self._checks(), *self._before(), *self._call()]
        return write_function(lines, self.name, scope)

    def _declared(self) -> str:
        """The parameters in its `def`."""
        parts: list[str] = []
        for one in self.parameters:
            starred = any(part.startswith("*") for part in parts)
            if one.kind is one.KEYWORD_ONLY and not starred:
                parts.append("*")
            stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
            parts.append(f"{stars}{one.name}" + ("" if one.default is one.empty else f"=default_{one.name}"))
        return ", ".join(parts)

    def _checks(self) -> list[str]:
        """Lines that refuse what is no tensor, or is missing."""
        required = [one.name for one in self.parameters if one.default is MISSING and not self._alias_of(one.name)]
        lines = [f"    if {' or '.join(f'{one} is MISSING' for one in required)}:"] if required else []
        if required:
            lines.append(f"        raise missing({self.name!r}, {', '.join(f'{one}={one}' for one in required)})")
        tensors = [one.name for one in self.parameters if one.annotation == "Tensor"]
        optional = [one.name for one in self.parameters if one.annotation == "Tensor | None" and one.name != "out"]
        wrong = [f"type({one}) is not Tensor" for one in tensors]
        wrong += [f"({one} is not None and type({one}) is not Tensor)" for one in optional]
        if wrong:
            given = ", ".join([*tensors, *(f"*([] if {one} is None else [{one}])" for one in optional)])
            lines += [f"    if {' or '.join(wrong)}:", f"        raise unsupported({self.name!r}, {given})"]
        return lines

    def _before(self) -> list[str]:
        """Lines that bring arguments to one form."""
        lines = []
        again = f"{self.body.__name__}, {self._arguments(('out',))}" + (", out=out" if "out" in self.names else "")
        if "inplace" in self.names:
            # Of a copy, as the gradient needs the values that are written over.
            copied = self._arguments(("inplace",)).replace(self.first, f"clone({self.first})", 1)
            lines += ["    if inplace:", f"        return copy_({self.first}, {self.body.__name__}({copied}))"]
        if self.single:
            # One that asks for a dtype converts to it first.
            unasked = " and dtype is None" if "dtype" in self.names else ""
            lines += [f"    if {self.first}._key.is_half{unasked}:", f"        return in_float32({again})"]
        for pytorch, standard in self.aliases:
            lines += self._axis(again, standard) if pytorch == "dim" else self._flag(pytorch, standard)
        return lines

    def _axis(self, again: str, axis: str) -> list[str]:
        """Lines that give the axis the name that the body has, and check it."""
        ndim, target = f"len({self.first}._array.shape)", self._kept("dim", axis)
        lines = []
        if target == "dim":
            lines = [f"    if {axis} is not None:", f"        dim = {axis}"]
            if self.names["dim"].default is MISSING:
                lines += ["    if dim is MISSING:", f"        raise missing({self.name!r}, dim=dim)"]
        elif self.names[axis].default is MISSING:
            lines = [
                f"    if dim is None and {axis} is MISSING:",
                f"        raise missing({self.name!r}, {axis}={axis})",
            ]
        if self.axis is None:
            return lines if target == "dim" else [*lines, "    if dim is not None:", f"        {axis} = dim"]
        lines.append("    if dim is not None:")
        if self.axis == "one":
            if self.scalars:
                lines += [f"        if not {self.first}._array.shape:", f"            return as_vector({again})"]
            lines.append(f"        {target} = normalize_axis({self.name!r}, dim, {ndim})")
        else:
            lines.append(f"        {target} = normalize_axes({self.name!r}, dim, {ndim}, True) or None")
        if target == axis:
            normalize = "normalize_axis" if self.axis == "one" else "normalize_axes"
            lines += [f"    elif {axis} is not None:", f"        {axis} = {normalize}({self.name!r}, {axis}, {ndim})"]
        return lines

    def _flag(self, pytorch: str, standard: str) -> list[str]:
        """Lines that give a flag the name that the body has, and check it."""
        checked = f"as_flag({self.name!r}, {standard!r}, {pytorch} or {standard} or False)"
        return [
            f"    if {pytorch} is not False or {standard} is not False:",
            f"        {self._kept(pytorch, standard)} = {checked}",
        ]

    def _call(self) -> list[str]:
        """Lines that call the body, and write what it returns where that is wanted."""
        other = [
            pytorch if self._kept(pytorch, standard) == standard else standard for pytorch, standard in self.aliases
        ]
        call = f"body({self._arguments(('inplace', 'out', *other), self.given)})"
        if "out" not in self.names:
            return [f"    return {call}"]
        return [f"    found = {call}", f"    return found if out is None else placed({self.name!r}, found, out)"]

    def _arguments(self, without: tuple[str, ...], given: tuple[inspect.Parameter, ...] | None = None) -> str:
        """The arguments of a call, but some: by position until one is left out."""
        parts = []
        positional = True
        for one in self.parameters if given is None else given:
            name = self.renamed.get(one.name, one.name)
            if one.name in without:
                positional = False
            elif one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
                parts.append(("*" if one.kind is one.VAR_POSITIONAL else "**") + name)
            elif one.kind is one.KEYWORD_ONLY or not positional:
                parts.append(f"{one.name}={name}")
            else:
                parts.append(name)
        return ", ".join(parts)

    def _kept(self, pytorch: str, standard: str) -> str:
        """Which of two names the body has; the standard's where it has both."""
        return standard if any(one.name == standard for one in self.given) else pytorch

    def _alias_of(self, name: str) -> bool:
        return any(name in pair for pair in self.aliases)


def _missing(operation: str, **given: Any) -> TypeError:
    names = " and ".join(repr(name) for name, value in given.items() if value is MISSING)
    return TypeError(f"{operation}: missing the argument {names}")


def as_vector(function: Callable[..., Any], *arguments: Any, out: Any = None, **keywords: Any) -> Any:
    """What a function makes of 0-d tensors as vectors of one element, without the vectors' axis, as in PyTorch."""
    return _through(function, _vector, _element, arguments, keywords, out)


def in_float32(function: Callable[..., Any], *arguments: Any, out: Any = None, **keywords: Any) -> Any:
    """What a function makes of half-precision tensors in float32, rounded to their dtype."""
    dtype = arguments[0].dtype

    def widened(value: Any) -> Any:
        return cast(value, float32) if type(value) is Tensor and value._key.is_half else value

    def rounded(found: Tensor) -> Tensor:
        return cast(found, dtype) if found.dtype is float32 else found

    return _through(function, widened, rounded, arguments, keywords, out)


def _through(
    function: Callable[..., Any],
    before: Callable[[Any], Any],
    after: Callable[[Tensor], Tensor],
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    out: Any,
) -> Any:
    found = function(*map(before, arguments), **{name: before(value) for name, value in keywords.items()})
    if isinstance(found, tuple):
        several = map(after, found)
        found = type(found)(*several) if hasattr(found, "_fields") else tuple(several)
    else:
        found = after(found)
    return found if out is None else placed(function.__name__, found, out)


def _vector(value: Any) -> Any:
    return reshape(value, (1,)) if type(value) is Tensor and not value._array.shape else value


def _element(found: Tensor) -> Tensor:
    return reshape(found, found.shape[1:]) if found.shape[:1] == (1,) else found
