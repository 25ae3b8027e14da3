"""CuPy's linear algebra, which returns NaN for singular matrices but under ``cupyx.errstate(linalg="raise")``."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any

import numpy

from ._array import ndarray
from ._functions import from_host, functions, to_host

errors: contextvars.ContextVar[str] = contextvars.ContextVar("errors", default="ignore")


def _silent(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        for operand in arguments:
            if isinstance(operand, ndarray) and operand.dtype == numpy.float16:
                raise TypeError("float16 is unsupported in linalg")
        try:
            return function(*arguments, **keywords)
        except numpy.linalg.LinAlgError as error:
            singular = "Singular" in str(error) or "definite" in str(error) or "converge" in str(error)
            if errors.get() == "raise" or not singular:
                raise
            operands: list[ndarray] = []
            hosts, _ = to_host((arguments, keywords), operands)
            spoilt = numpy.full_like(hosts[-1], numpy.nan, dtype=numpy.result_type(*hosts, numpy.float32))
            return from_host(spoilt, [])

    return call


globals().update({name: _silent(name, function) for name, function in functions("cupy.linalg", numpy.linalg).items()})
LinAlgError = numpy.linalg.LinAlgError
