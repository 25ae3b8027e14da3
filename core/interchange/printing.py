"""Text of tensors, exactly as PyTorch prints them, and print options."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]

Write = Callable[[Any], str]

PREFIX = "tensor("


class PrintOptions(NamedTuple):
    """Print options: see `set_printoptions`.

    Attributes
    ----------
    precision : int
        Digits after the decimal point.
    threshold : float
        The number of elements above which arrays are summarised.
    edgeitems : int
        The number of items that a summary shows at each end of an axis.
    linewidth : int
        The number of characters per line.
    sci_mode : bool or None
        Whether floats are written in scientific notation; None decides by their range.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}

_options = PROFILES["default"]


def get_printoptions() -> PrintOptions:
    """The current print options.

    Examples
    --------
    >>> get_printoptions().precision
    4
    """
    return _options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Literal["default", "short", "full"] | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set print options, in all threads.

    Parameters
    ----------
    precision
        Digits after the decimal point.
    threshold
        The number of elements above which arrays are summarised.
    edgeitems
        The number of items that a summary shows at each end of an axis.
    linewidth
        The number of characters per line.
    profile
        A set of options that replaces the current ones first.
    sci_mode
        Whether floats are written in scientific notation. If it is not given, their range decides again.

    Examples
    --------
    >>> set_printoptions(precision=2)
    >>> print(format_tensor(numpy.asarray([1.0, 2.5])))
    tensor([1.00, 2.50])
    >>> set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(map(repr, PROFILES))}, but is {profile!r}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    start = _options if profile is None else PROFILES[profile]
    # one assignment of an immutable object, so that no other thread sees half of the change
    _options = start._replace(sci_mode=sci_mode, **changes)


@contextlib.contextmanager
def printoptions(**options: Any) -> Iterator[PrintOptions]:
    """A context manager that sets print options: see `set_printoptions`.

    Examples
    --------
    >>> with printoptions(sci_mode=True):
    ...     print(format_tensor(numpy.asarray([1.0, 2.5])))
    tensor([1.0000e+00, 2.5000e+00])
    """
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield _options
    finally:
        _options = before


def format_tensor(array: numpy.ndarray, suffixes: Sequence[str] = ()) -> str:
    """The text of a tensor with these values.

    Parameters
    ----------
    array
        The values.
    suffixes
        Text after the values, such as ``"requires_grad=True"``. A suffix that exceeds the line width starts a new line.

    Examples
    --------
    >>> print(format_tensor(numpy.asarray([[1.0, 2.5], [-3.0, 4.0]]), ["dtype=float64"]))
    tensor([[ 1.0000,  2.5000],
            [-3.0000,  4.0000]], dtype=float64)
    >>> print(format_tensor(numpy.empty((0, 3))))
    tensor([], size=(0, 3))
    """
    options, indent = _options, len(PREFIX)
    if array.ndim != 1 if array.size == 0 else options.edgeitems == 0:
        suffixes = [f"size={array.shape}", *suffixes]
    parts = [PREFIX + format_array(array, indent, options)]
    # PyTorch counts the first line two characters longer than it is
    length = len(parts[0]) - parts[0].rfind("\n") + 1
    for suffix in suffixes:
        if length + 2 + len(suffix) > options.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            length = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            length += 2 + len(suffix)
    return "".join(parts) + ")"


def format_array(array: numpy.ndarray, indent: int, options: PrintOptions) -> str:
    """The text of an array's values, in nested brackets.

    Parameters
    ----------
    array
        The values: booleans, integers, real or complex numbers, half precision included.
    indent
        The column in which the text begins, which indents further lines.
    options
        The print options.

    Examples
    --------
    >>> format_array(numpy.asarray([1.0, 1e-5, numpy.inf]), 0, PrintOptions())
    '[1.0000e+00, 1.0000e-05,        inf]'
    >>> format_array(numpy.arange(2000), 0, PrintOptions())
    '[   0,    1,    2,  ..., 1997, 1998, 1999]'
    """
    if array.size == 0:
        return "[]"
    shown, shortened = summarize(array, options)
    write, width = column(shown, options)
    return _nest(shown, shortened, indent, options, write, width)


def summarize(array: numpy.ndarray, options: PrintOptions) -> tuple[numpy.ndarray, tuple[bool, ...]]:
    """The elements to print, and for each axis whether its middle is left out."""
    edge = options.edgeitems
    shortened = tuple(array.size > options.threshold and length > 2 * edge for length in array.shape)
    if any(shortened):
        edges = [
            [*range(edge), *range(length - edge, length)] if short else range(length)
            for length, short in zip(array.shape, shortened, strict=True)
        ]
        array = array[numpy.ix_(*edges)]
    # bfloat16 is of no kind that NumPy knows
    return (array if array.dtype.kind in "biufc" else array.astype(numpy.float32)), shortened


def column(array: numpy.ndarray, options: PrintOptions) -> tuple[Write, int]:
    """The function that formats an element of the array, and its width."""
    if array.dtype.kind == "c":
        return _complex_column(array, options)
    return (_float_column if array.dtype.kind == "f" else _integer_column)(array, options)


def _integer_column(array: numpy.ndarray, options: PrintOptions) -> tuple[Write, int]:
    width = max((len(str(value)) for value in array.ravel().tolist()), default=0)
    return lambda value: str(value).rjust(width), width


def _float_column(array: numpy.ndarray, options: PrintOptions) -> tuple[Write, int]:
    numbers = array[numpy.isfinite(array) & (array != 0)].astype(numpy.float64)
    if numbers.size == 0:
        return _float_writer(".0f", whole=True, width=0), 1
    whole = bool((numbers == numpy.floor(numbers)).all())
    sizes = numpy.abs(numbers)
    smallest, largest = float(sizes.min()), float(sizes.max())
    scientific = largest / smallest > 1000 or largest > 1e8 or (not whole and smallest < 1e-4)
    specs = {True: f".{options.precision}e", False: ".0f" if whole else f".{options.precision}f"}
    if options.sci_mode is not None:
        scientific = options.sci_mode
    width = max(len(format(value, specs[scientific])) for value in numbers.tolist()) + (whole and not scientific)
    return _float_writer(specs[scientific], whole and not scientific, width), width


def _float_writer(spec: str, whole: bool, width: int) -> Write:
    def write(value: float) -> str:
        point = "." if whole and math.isfinite(value) else ""
        return (format(value, spec) + point).rjust(width)

    return write


def _complex_column(array: numpy.ndarray, options: PrintOptions) -> tuple[Write, int]:
    write_real, real_width = _float_column(array.real, options)
    write_imaginary, imaginary_width = _float_column(array.imag, options)

    def write(value: complex) -> str:
        imaginary = write_imaginary(value.imag).lstrip()
        return write_real(value.real) + ("" if imaginary.startswith("-") else "+") + imaginary + "j"

    return write, real_width + imaginary_width + 1


def _nest(
    array: numpy.ndarray, shortened: tuple[bool, ...], indent: int, options: PrintOptions, write: Write, width: int
) -> str:
    """The text of an array or a part of it; `shortened` tells the axes whose middle is left out."""
    if array.ndim == 0:
        return write(array.item())
    if array.ndim == 1:
        items = [write(value) for value in array.tolist()]
        ellipsis, separator = " ..." if options.edgeitems else "...", ", "
    else:
        items = [_nest(part, shortened[1:], indent + 1, options, write, width) for part in array]
        ellipsis, separator = "...", "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    if shortened[0]:
        items.insert(options.edgeitems, ellipsis)
    if array.ndim > 1:
        return "[" + separator.join(items) + "]"
    room = max(1, (options.linewidth - indent) // (width + 2))
    lines = [separator.join(items[start : start + room]) for start in range(0, len(items), room)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
