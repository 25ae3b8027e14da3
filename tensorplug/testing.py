"""Assertions about the values of tensors, of one backend or of several, with the function of ``torch.testing``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from .core.interchange.interop import host_array
from .core.memory.tensor import Tensor
from .core.standard.creation import asarray
from .core.types.dtypes import DType, bfloat16, complex64, complex128, float16, float32, float64

__all__ = ["assert_close"]

TOLERANCES: dict[DType | None, tuple[float, float]] = {
    bfloat16: (1.6e-2, 1e-5),
    float16: (1e-3, 1e-5),
    float32: (1.3e-6, 1e-5),
    float64: (1e-7, 1e-7),
    complex64: (1.3e-6, 1e-5),
    complex128: (1e-7, 1e-7),
}
"""The relative and the absolute tolerance of each dtype, as in PyTorch; those of integers are 0."""


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    r"""Raise AssertionError unless tensors are closely equal: :math:`|actual - expected| \le atol + rtol |expected|`.

    The message says how many elements differ, by how much at most, and where.

    Parameters
    ----------
    actual, expected : Tensor, NumPy array, number, None, or a sequence or mapping of these
        Values are compared with values of their kind; a NumPy array may stand for a tensor.
    rtol, atol : float, optional
        The relative and the absolute tolerance, both or neither. By default those of the dtype, of two dtypes the
        greater: 1.6e-2 and 1e-5 for bfloat16, 1e-3 and 1e-5 for float16, 1.3e-6 and 1e-5 for float32 and complex64,
        1e-7 and 1e-7 for float64 and complex128, and 0 for integers and bools.
    equal_nan : bool, default: False
        Whether NaN is close to NaN.
    check_device, check_dtype : bool, default: True
        Whether devices and dtypes have to be equal. ``check_device=False`` compares results of two backends.
    check_stride : bool, default: False
        Whether strides have to be equal.
    msg : str or callable, optional
        The message, or a function of the message that gives another.

    Raises
    ------
    AssertionError
        If the values, shapes, or what else is checked differ.
    TypeError
        If a value is of none of these kinds, or of another kind than the expected one.
    ValueError
        If only one of `rtol` and `atol` is given.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.testing.assert_close(tp.ones(2) / 3, tp.full((2,), 0.3333333))
    >>> tp.testing.assert_close({"a": tp.arange(3)}, {"a": tp.tensor([0, 1, 4])})
    Traceback (most recent call last):
    ...
    AssertionError: Tensor-likes are not equal!
    <BLANKLINE>
    Mismatched elements: 1 / 3 (33.3%)
    Greatest absolute difference: 2 at index (2,)
    Greatest relative difference: 0.5 at index (2,)
    <BLANKLINE>
    The failure occurred for item ['a']
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"assert_close: got no {missing}, wanted both rtol and atol, or neither")
    tolerances = None if rtol is None or atol is None else (rtol, atol)
    comparison = _Comparison(tolerances, equal_nan, check_device, check_dtype, check_stride)
    found = comparison.mismatch(actual, expected, "")
    if found is not None:
        raise AssertionError(found if msg is None else msg(found) if callable(msg) else msg)


class _Comparison(NamedTuple):
    """What `assert_close` compares; each method returns a message about the first difference, or None."""

    tolerances: tuple[float, float] | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_stride: bool

    def mismatch(self, actual: Any, expected: Any, item: str) -> str | None:
        if actual is None or expected is None:
            return None if actual is expected else _said(f"None mismatch: {actual} is not {expected}", item)
        for kinds, compare in self._comparisons():
            if all(isinstance(one, kinds) and not isinstance(one, str) for one in (actual, expected)):
                return compare(actual, expected, item)
        where = f" for item {item}" if item else ""
        raise TypeError(
            f"assert_close: got {type(actual).__name__} and {type(expected).__name__}{where}, wanted two tensors or "
            "NumPy arrays, two numbers, None, or two sequences or mappings of these"
        )

    def _comparisons(self) -> list[tuple[Any, Callable[[Any, Any, str], str | None]]]:
        return [
            ((Tensor, numpy.ndarray), self._of_tensors),
            ((bool, numpy.bool_), self._of_bools),
            ((int, float, complex, numpy.number), self._of_numbers),
            (Mapping, self._of_mappings),
            (Sequence, self._of_sequences),
        ]

    def _of_mappings(self, actual: Any, expected: Any, item: str) -> str | None:
        missing, additional = (
            [key for key in one if key not in other] for one, other in ((expected, actual), (actual, expected))
        )
        if missing or additional:
            return _said(
                f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
                f"Additional keys in the actual mapping: {additional}",
                item,
            )
        return self._first((actual[key], expected[key], f"{item}[{key!r}]") for key in expected)

    def _of_sequences(self, actual: Any, expected: Any, item: str) -> str | None:
        if len(actual) != len(expected):
            return _said(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", item)
        return self._first((*pair, f"{item}[{i}]") for i, pair in enumerate(zip(actual, expected, strict=True)))

    def _first(self, pairs: Iterable[tuple[Any, Any, str]]) -> str | None:
        return next((found for found in (self.mismatch(*pair) for pair in pairs) if found is not None), None)

    def _of_bools(self, actual: Any, expected: Any, item: str) -> str | None:
        return None if actual == expected else _said(f"Booleans mismatch: {actual} is not {expected}", item)

    def _of_numbers(self, actual: Any, expected: Any, item: str) -> str | None:
        first, second = (type(x.item() if isinstance(x, numpy.generic) else x) for x in (actual, expected))
        if self.check_dtype and first is not second:
            return _said(f"The (d)types do not match: {first} != {second}.", item)
        dtypes = {float: float64, complex: complex128}
        return self._of_values(
            numpy.asarray(actual), numpy.asarray(expected), (dtypes.get(first), dtypes.get(second)), item
        )

    def _of_tensors(self, actual: Any, expected: Any, item: str) -> str | None:
        first, second = (x.detach() if isinstance(x, Tensor) else asarray(x) for x in (actual, expected))
        for name, read in self._attributes(isinstance(actual, Tensor) and isinstance(expected, Tensor)):
            if read(first) != read(second):
                return _said(f"The values for attribute {name!r} do not match: {read(first)} != {read(second)}.", item)
        found, wanted = (host_array(x.to(float32) if x.dtype is bfloat16 else x) for x in (first, second))
        return self._of_values(found, wanted, (first.dtype, second.dtype), item)

    def _attributes(self, have_devices: bool) -> Iterator[tuple[str, Callable[[Tensor], Any]]]:
        """What has to be equal beside the values."""
        yield "shape", lambda x: x.shape
        if self.check_device and have_devices:
            yield "device", lambda x: x.device
        if self.check_dtype:
            yield "dtype", lambda x: x.dtype
        if self.check_stride:
            yield "stride()", lambda x: x.stride()

    def _of_values(
        self, actual: numpy.ndarray, expected: numpy.ndarray, dtypes: tuple[DType | None, DType | None], item: str
    ) -> str | None:
        """Compare arrays of one shape, whose dtypes give the tolerances."""
        rtol, atol = self.tolerances or map(max, *(TOLERANCES.get(dtype, (0.0, 0.0)) for dtype in dtypes))
        unequal = actual != expected
        if self.equal_nan:
            unequal &= (actual == actual) | (expected == expected)
        kinds = actual.dtype.kind + expected.dtype.kind
        # Python's integers do not overflow.
        wide: Any = "complex128" if "c" in kinds else "float64" if "f" in kinds else object
        first, second = actual[unequal].astype(wide), expected[unequal].astype(wide)
        with numpy.errstate(all="ignore"):
            difference, size = abs(first - second), abs(second)
            # An infinite tolerance is that of an infinity, which is close to itself only.
            far = ~((difference <= atol + rtol * size) & (size != numpy.inf)).astype(bool)
            relative = difference.astype("float64") / size.astype("float64")
        if not far.any():
            return None
        state, notes = "equal", ("", "")
        if rtol or atol:
            state, notes = "close", (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
        places, difference, relative = numpy.argwhere(unequal)[far], difference[far], relative[far]
        if not actual.ndim:
            return _said(
                f"Scalars are not {state}!\n\nExpected {expected.item()} but got {actual.item()}.\n"
                f"Absolute difference: {difference[0]}{notes[0]}\nRelative difference: {relative[0]}{notes[1]}",
                item,
            )
        share = f"{len(places)} / {actual.size} ({len(places) / actual.size:.1%})"
        absolute_at, relative_at = (
            f"{values[values.argmax()]} at index {tuple(places[values.argmax()].tolist())}"
            for values in (difference, relative)
        )
        return _said(
            f"Tensor-likes are not {state}!\n\nMismatched elements: {share}\n"
            f"Greatest absolute difference: {absolute_at}{notes[0]}\n"
            f"Greatest relative difference: {relative_at}{notes[1]}",
            item,
        )


def _said(message: str, item: str) -> str:
    return f"{message}\n\nThe failure occurred for item {item}" if item else message
