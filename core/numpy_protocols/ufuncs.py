"""``__array_ufunc__``: NumPy's ufuncs and their methods on tensors."""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ..dispatch.registry import FUNCTIONS, OPERATORS, method
from ..families.in_place import write_out
from ..memory.tensor import Tensor
from ..standard import elementwise, linear_algebra
from ..types.errors import unsupported
from .operands import Function, as_operand, cast_operand, is_default, no_counterpart, no_option, on_host

_DEFAULTS: dict[str, Any] = {"where": True, "casting": "same_kind", "order": "K", "subok": True}
"""The defaults of options of ufuncs."""

REDUCTIONS = {
    "add": "sum",
    "logical_and": "all",
    "logical_or": "any",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
}
"""Tensorplug's functions that compute ``ufunc.reduce``."""

CUMULATIONS = {"add": "cumulative_sum", "multiply": "cumulative_prod"}
"""Tensorplug's functions that compute ``ufunc.accumulate``."""

_PLAIN = (Tensor, numpy.ndarray, bool, int, float, complex)


@method("__array_ufunc__")
def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """The protocol by which NumPy's ufuncs call Tensorplug's functions, if an input or ``out=`` is a tensor.

    Raises
    ------
    TypeError
        If Tensorplug has no such function, or does not support an option.
    """
    if not options and method == "__call__":
        function = _ufuncs().get(ufunc)
        if function is not None and all(type(x) in _PLAIN for x in inputs):
            return _result(ufunc, function(*inputs), inputs)
    foreign = [x for x in inputs if _is_foreign(x)]
    if foreign:
        return _of_others(foreign, ufunc, method, inputs, options)
    outs = options.pop("out", ())
    if any(isinstance(out, numpy.ndarray) for out in outs) or (method == "at" and not isinstance(inputs[0], Tensor)):
        hosts = on_host(inputs)
        return getattr(ufunc, method)(*hosts, **on_host(options), **({"out": outs} if outs else {}))
    name = _name_of(ufunc) if method == "__call__" else f"{_name_of(ufunc)}.{method}"
    function = _of_method(ufunc, method)
    if function is None:
        raise no_counterpart(name)
    operands = [as_operand(x, self) for x in inputs]
    wanted = _checked(name, options, method)
    dtype = wanted.pop("dtype", None)
    if dtype is not None:
        operands = [cast_operand(name, x, dtype, self) for x in operands]
    found = _result(ufunc, function(*operands, **wanted), inputs)
    if not outs or outs[0] is None:
        return found
    if len(outs) > 1:
        raise TypeError(f"{name}: out= takes one tensor, got {len(outs)}")
    return write_out(name, found, outs[0])


@functools.cache
def _ufuncs() -> dict[Any, Any]:
    """Tensorplug's elementwise functions and products by the ufunc of the same name."""
    found = {getattr(numpy, name, None): operator for name, operator in OPERATORS.items()}
    found |= {
        numpy.vecdot: linear_algebra.vecdot,
        numpy.rint: elementwise.round,
        numpy.fabs: elementwise.abs,
    }
    found[numpy.divmod] = elementwise.arithmetic.quotient_and_remainder
    return {ufunc: function for ufunc, function in found.items() if isinstance(ufunc, numpy.ufunc)}


def _of_others(foreign: list[Any], ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Leave a ufunc to other types among the inputs; those that refuse tensors, such as pandas', get NumPy arrays."""
    for other in foreign:
        ask = getattr(other, "__array_ufunc__", None)
        found = NotImplemented if ask is None else ask(ufunc, method, *inputs, **options)
        if found is not NotImplemented:
            return found
    return getattr(ufunc, method)(*on_host(inputs), **on_host(options))


def _result(ufunc: Any, found: Any, inputs: tuple[Any, ...]) -> Any:
    if found is NotImplemented:
        raise unsupported(_name_of(ufunc), *inputs)
    return found


def _name_of(ufunc: Any) -> str:
    """The ufunc's name, prefixed with ``numpy.`` unless it is another library's."""
    name: str = ufunc.__name__
    return f"numpy.{name}" if getattr(numpy, name, None) is ufunc else name


def _of_method(ufunc: Any, method: str) -> Function | None:
    """The function that computes a ufunc's method; None if there is none."""
    if method == "__call__":
        found: Function | None = _ufuncs().get(ufunc)
        return found
    if method == "outer" and ufunc.nin == 2 and ufunc.nout == 1 and ufunc.signature is None:
        return functools.partial(_outer, _ufuncs()[ufunc]) if ufunc in _ufuncs() else None
    name = {"reduce": REDUCTIONS, "accumulate": CUMULATIONS}.get(method, {}).get(ufunc.__name__)
    if name is None:
        return None
    # The default axis of ufunc methods is the first, of functions all.
    return functools.partial(FUNCTIONS[name], axis=0)


def _outer(function: Function, x1: Tensor, x2: Tensor) -> Any:
    return function(x1.reshape((*x1.shape, *(1,) * x2.ndim)), x2)


def _checked(name: str, options: dict[str, Any], method: str) -> dict[str, Any]:
    """The options that differ from their defaults; raise for one that is not supported."""
    given = {key: value for key, value in options.items() if not is_default(value, _DEFAULTS.get(key))}
    supported = {"reduce": ("axis", "dtype", "keepdims"), "accumulate": ("axis", "dtype")}.get(method, ("dtype",))
    if name == "numpy.vecdot":
        supported = ("axis", "dtype")
    for key in given:
        if key not in supported:
            raise no_option(name, key)
    if method == "reduce" and "axis" in options:
        given["axis"] = options["axis"]
    return given


def _is_foreign(x: Any) -> bool:
    """Whether an operand's type handles ufuncs by its own ``__array_ufunc__``."""
    protocol = getattr(type(x), "__array_ufunc__", None)
    known = (None, numpy.ndarray.__array_ufunc__, array_ufunc, numpy.generic.__dict__.get("__array_ufunc__"))
    return protocol not in known or isinstance(x, numpy.ma.MaskedArray)
