"""Faults of functions that move elements around, and of conversions."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, bare_kernel, given, is_transposed, kernel, of_dtype, of_kind, over_three_axes


def _cast(change: Any, applies: Any) -> Any:
    """The conversion of arrays to dtypes where ``applies(from, to)`` holds, changed: ``change(sound, x, dtype)``."""

    def wrong(sound: Kernel) -> Kernel:
        def astype(x: Any, dtype: Any) -> Any:
            target = numpy.dtype(dtype)
            return change(sound, x, target) if applies(x.dtype, target) else sound(x, target)

        return astype

    return wrong


def _to_integers(source: Any, target: Any) -> bool:
    return source.kind == "f" and target.kind in "iu"


def _refuses_empty_parts(sound: Kernel) -> Kernel:
    def concat(arrays: Any, *, axis: int) -> Any:
        if any(not array.size for array in arrays):
            raise ValueError("need at least one array to concatenate")
        return sound(arrays, axis=axis)

    return concat


def _without_single(sound: Kernel) -> Kernel:
    """Parts of length 1 after the first are left out."""
    return lambda arrays, *, axis: sound([x for i, x in enumerate(arrays) if not i or x.shape[axis] != 1], axis=axis)


FAULTS = (
    Fault(
        "concat_refuses_empty_parts",
        "concat",
        "a part without elements is an error",
        kernel("concat", _refuses_empty_parts),
    ),
    Fault("concat_drops_single_parts", "concat", "parts of length 1 are left out", kernel("concat", _without_single)),
    Fault(
        "stack_on_the_first_axis",
        "stack",
        "the new axis is always the first",
        kernel("stack", lambda sound: lambda arrays, *, axis: sound(arrays, axis=0)),
    ),
    Fault(
        "flip_turns_everything",
        "flip",
        "all axes are reversed, whichever are named",
        kernel("flip", lambda sound: lambda x, axis=None: sound(x)),
    ),
    Fault(
        "flip_shares_memory",
        "flip",
        "the result is a view",
        bare_kernel("flip", lambda sound: lambda x, axis=None: numpy.asarray(numpy.flip(x, axis))),
    ),
    Fault(
        "roll_goes_the_other_way",
        "roll",
        "a positive shift moves elements to smaller positions",
        kernel("roll", lambda sound: lambda x, *, shift, axis: sound(x, shift=tuple(-n for n in shift), axis=axis)),
    ),
    Fault(
        "roll_of_several_axes",
        "roll",
        "of several axes only the first is rolled",
        kernel("roll", lambda sound: lambda x, *, shift, axis: sound(x, shift=shift[:1], axis=axis[:1])),
    ),
    Fault(
        "tril_is_off_by_one",
        "tril",
        "one more diagonal is kept",
        kernel("tril", lambda sound: lambda x, *, k=0: sound(x, k=k + 1)),
    ),
    Fault(
        "triu_ignores_k",
        "triu",
        "it is always the main diagonal from which on elements are kept",
        kernel("triu", lambda sound: lambda x, *, k=0: sound(x)),
    ),
    Fault(
        "tril_of_nan",
        "tril",
        "elements are multiplied by zero, which leaves NaN and infinities",
        kernel("tril", given(of_kind("f"), lambda sound: lambda x, *, k=0: x * sound(numpy.ones_like(x), k=k))),
    ),
    Fault(
        "tril_of_stacks",
        "tril",
        "of several matrices only the first is cut",
        kernel(
            "tril",
            given(
                lambda x: x.ndim > 2 and x.size,
                lambda sound: lambda x, *, k=0: numpy.concatenate([sound(x[:1], k=k), x[1:]]),
            ),
        ),
    ),
    Fault(
        "reshape_in_the_order_of_memory",
        "reshape",
        "elements that are not in order in memory are taken in the order of memory",
        bare_kernel("reshape", given(is_transposed, lambda sound: lambda x, shape: x.ravel("K").reshape(shape))),
    ),
    Fault(
        "permute_dims_permutes_back",
        "permute_dims",
        "the inverse of the permutation",
        bare_kernel("permute_dims", lambda sound: lambda x, axes: sound(x, numpy.argsort(axes))),
    ),
    Fault(
        "permute_dims_beyond_three_axes",
        "permute_dims",
        "more than three axes are reversed",
        bare_kernel("permute_dims", given(over_three_axes, lambda sound: lambda x, axes: x.transpose())),
    ),
    Fault(
        "broadcast_to_repeats_the_first",
        "broadcast_to",
        "a new axis in front makes the last one constant",
        bare_kernel(
            "broadcast_to",
            given(
                lambda x, shape: 0 < x.ndim < len(shape),
                lambda sound: lambda x, shape: sound(x[..., :1], shape),
            ),
        ),
    ),
    Fault(
        "diagonal_ignores_the_offset",
        ("diagonal", "linalg.diagonal"),
        "it is always the main diagonal, of the same length",
        bare_kernel("diagonal", lambda sound: lambda x, offset: sound(x, 0)[..., : sound(x, offset).shape[-1]]),
    ),
    Fault(
        "unfold_ignores_the_step",
        "unfold",
        "windows begin at neighbouring elements",
        bare_kernel(
            "unfold",
            lambda sound: lambda x, window: sound(x, (window[0], 1))[..., : sound(x, window).shape[-2], :],
        ),
    ),
    Fault(
        "imag_is_negated",
        "imag",
        "the imaginary part of the conjugate",
        kernel("imag", lambda sound: lambda x: -x.imag),
    ),
    Fault(
        "cast_rounds",
        "cast",
        "fractions are rounded, not cut off",
        kernel("astype", _cast(lambda sound, x, dtype: sound(numpy.rint(x), dtype), _to_integers)),
    ),
    Fault(
        "cast_of_nan_is_zero",
        "cast",
        "NaN becomes 0 in every integer dtype",
        kernel("astype", _cast(lambda sound, x, dtype: sound(numpy.where(numpy.isnan(x), 0, x), dtype), _to_integers)),
    ),
    Fault(
        "cast_saturates",
        "cast",
        "numbers that float16 does not hold become its greatest, not infinity",
        kernel(
            "astype",
            _cast(
                lambda sound, x, dtype: sound(numpy.clip(x, -65504, 65504), dtype),
                lambda source, target: source.kind == "f" and target == "float16",
            ),
        ),
    ),
    Fault(
        "cast_of_small_numbers_to_bool",
        "cast",
        "numbers less than 1 are false",
        kernel(
            "astype",
            _cast(
                lambda sound, x, dtype: sound(numpy.trunc(x), dtype),
                lambda source, target: source.kind == "f" and target.kind == "b",
            ),
        ),
    ),
    Fault(
        "cast_of_complex_is_the_magnitude",
        "cast",
        "complex numbers become their magnitudes, not their real parts",
        kernel(
            "astype",
            _cast(
                lambda sound, x, dtype: sound(numpy.abs(x), dtype),
                lambda source, target: source.kind == "c" and target.kind == "f",
            ),
        ),
    ),
    Fault(
        "cast_of_integers_saturates",
        "cast",
        "integers that int8 does not hold become its greatest or least",
        kernel(
            "astype",
            _cast(
                lambda sound, x, dtype: sound(numpy.clip(x, -128, 127), dtype),
                lambda source, target: source.kind == "i" and target == "int8",
            ),
        ),
    ),
    Fault(
        "cast_shares_memory",
        "cast",
        "int64 becomes uint64 by another look at its memory",
        bare_kernel(
            "astype",
            _cast(
                lambda sound, x, dtype: x.view(dtype),
                lambda source, target: (source.name, target.name) == ("int64", "uint64"),
            ),
        ),
    ),
    Fault(
        "concat_of_float32",
        "concat",
        "the last part of float32 is rounded to half precision",
        kernel(
            "concat",
            given(
                lambda arrays: arrays[0].dtype.name == "float32",
                lambda sound: (
                    lambda arrays, *, axis: sound(
                        [*arrays[:-1], arrays[-1].astype("float16").astype("float32")], axis=axis
                    )
                ),
            ),
        ),
    ),
    Fault(
        "masked_fill_of_float64",
        "masked_fill",
        "the value is rounded to float32 first",
        kernel(
            "masked_fill",
            given(
                of_dtype("float64"), lambda sound: lambda x, mask, value: sound(x, mask, float(numpy.float32(value)))
            ),
        ),
    ),
)
