"""Error messages for missing names, often PyTorch's, that suggest the nearest name of ours."""

from __future__ import annotations

import functools
import importlib
import opcode
import sys
from collections.abc import Callable
from itertools import takewhile
from types import ModuleType
from typing import Any, Final

_ROOT: Final = __name__.partition(".")[0]

_IMPORT_FROM: Final = opcode.opmap["IMPORT_FROM"]

PLACES: Final = ("", "nn.functional", "nn", "linalg", "special", "fft", "func", "autograd", "losses", "cuda", "Tensor")
"""The namespaces in which names are looked for, without the leading ``tensorplug.``."""

COUNTERPARTS: Final = dict(
    pair.split("=")
    for pair in """
    cdouble=complex128 cfloat=complex64 default_generator=Generator frobenius_norm=linalg.matrix_norm
    frombuffer=from_numpy grid_sampler=nn.functional.grid_sample grid_sampler_2d=nn.functional.grid_sample
    grid_sampler_3d=nn.functional.grid_sample lstm_cell=nn.LSTMCell max_pool1d_with_indices=nn.functional.max_pool1d
    narrow_copy=narrow nuclear_norm=linalg.matrix_norm reshape_as=reshape resolve_conj=conj rnn_relu=nn.RNN
    rnn_tanh=nn.RNN seed=manual_seed set_anomaly_enabled=autograd.detect_anomaly
    set_default_tensor_type=set_default_dtype set_detect_anomaly=detect_anomaly symeig=linalg.eigh to_dlpack=from_dlpack
    unsafe_chunk=chunk unsafe_split=split unsafe_split_with_sizes=split_with_sizes
    """.split()
)
"""Our names by PyTorch's. Names that differ in ``arc``, letter case and underscores only are found without."""

METHODS: Final = """
H abs absolute addbmm addcdiv addcmul addmv addr adjoint angle apply arccos arccosh arcsin arcsinh arctan arctan2
arctanh argwhere as_strided as_subclass baddbmm cauchy cdouble cfloat chalf cholesky_inverse cholesky_solve clamp_max
clamp_min coalesce cross data_ptr deg2rad detach diag diag_embed diagflat diagonal_scatter dsplit eig element_size eq
exponential fill_diagonal fix fliplr flipud float_power fmax fmin fmod frac frexp gcd ge geometric geqrf get_device
greater greater_equal gt hash_tensor heaviside hsplit index_put index_reduce inner is_complex is_nonzero is_pinned
is_same_size is_shared is_signed is_sparse isneginf isposinf isreal itemsize kron lcm ldexp le lerp less less_equal
log_normal logdet lstsq lt lu lu_solve mH map masked_scatter matrix_exp msort multinomial nan_to_num narrow_copy
nbytes ndimension ne new not_equal orgqr ormqr pin_memory put qr rad2deg reshape_as
resize resize_as resolve_conj resolve_neg rot90 rsqrt scatter_reduce select select_scatter set sgn share_memory
slice_scatter solve split_with_sizes storage storage_offset sum_to_size svd swapaxes swapdims symeig take_along_dim
tensor_split to_dense to_sparse triangular_solve unflatten unique unique_consecutive unsafe_chunk unsafe_split
unsafe_split_with_sizes untyped_storage vdot vsplit
""".split()
"""PyTorch's methods; those that Tensor lacks, and in-place forms that it lacks, are explained."""

OTHERS: Final = frozenset("layout name random size type".split())
"""Names, in lower case, that are similar to one of ours and mean another function."""


@functools.lru_cache(1024)
def explanation(place: str, name: str) -> str:
    """The error message for a name that a namespace lacks.

    Parameters
    ----------
    place
        One of `PLACES`.
    name

    Examples
    --------
    >>> explanation("", "narrow_copy")
    'tensorplug.narrow_copy is not part of Tensorplug; the nearest is tensorplug.narrow; see docs/dialects.md'
    >>> explanation("nn", "DataParallel")
    'tensorplug.nn.DataParallel is not part of Tensorplug; see docs/dialects.md'
    """
    near = _nearest(place, name)
    hint = f"; the nearest is {_full(*near)}" if near else ""
    return f"{_full(place, name)} is not part of Tensorplug{hint}; see docs/dialects.md"


def _full(place: str, name: str) -> str:
    return f"Tensor.{name}" if place == "Tensor" else ".".join(filter(None, (_ROOT, place, name)))


def _names(place: str) -> list[str]:
    """The public names of a namespace."""
    root = importlib.import_module(_ROOT)
    found = functools.reduce(getattr, filter(None, place.split(".")), root)
    return [name for name in getattr(found, "__all__", dir(found)) if not name.startswith("_")]


def _nearest(place: str, name: str) -> tuple[str, str] | None:
    """The namespace and name of the nearest match, or None."""
    if not OTHERS.isdisjoint((name.lower(), f"{place}.{name}".lower())):
        return None
    places = (place, *(other for other in PLACES if other != place))
    renamed = f"a{name[3:]}" if name.startswith("arc") else name
    wanted = COUNTERPARTS.get(name, renamed)
    if "." in wanted:
        module, _, wanted = wanted.rpartition(".")
        return module, wanted
    for other in places:
        if wanted in _names(other):
            return other, wanted
    for other in places:
        for found in _names(other):
            if _folded(found) == _folded(wanted):
                return other, found
    return next(((place, found) for found in _names(place) if _is_slip(name, found)), None)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _is_slip(name: str, meant: str) -> bool:
    """Whether a name is a misspelling of another by one letter more, less or different, or two letters swapped."""
    name, meant = name.rstrip("_"), meant.rstrip("_")
    if len(name) < 5 or name[0] != meant[0]:
        return False
    start = _common_prefix(name, meant)
    end = _common_prefix(name[start:][::-1], meant[start:][::-1])
    ours, theirs = name[start : len(name) - end], meant[start : len(meant) - end]
    if len(ours) == len(theirs) == 2:
        return ours == theirs[::-1]
    # Another digit is another function.
    return max(len(ours), len(theirs)) <= 1 and not (ours + theirs).isdigit()


def _common_prefix(first: str, second: str) -> int:
    """The length of the common prefix of two words."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def explain_absent(*modules: ModuleType) -> None:
    """Give modules a ``__getattr__`` that suggests the nearest name, also in ``from ... import``."""
    for module in modules:
        vars(module)["__getattr__"] = _getattr_of(module)


def _getattr_of(module: ModuleType) -> Callable[[str], Any]:
    place = module.__name__.partition(".")[2]

    def __getattr__(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name)
        text = explanation(place, name)
        caller = sys._getframe(1)
        if caller.f_code.co_code[caller.f_lasti] == _IMPORT_FROM:
            # An AttributeError would be replaced there.
            raise ImportError(text, name=module.__name__, path=module.__file__)
        raise AttributeError(text, name=name)

    return __getattr__


class Absent:
    """A descriptor for one of PyTorch's methods that Tensor lacks; it raises AttributeError with a suggestion.

    A ``__getattr__`` would double the time of every attribute access.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        raise AttributeError(explanation("Tensor", self._name), name=self._name)


def explain_absent_methods(tensor: type) -> None:
    """Give Tensor an `Absent` for each of PyTorch's methods that it lacks."""
    for name in [*METHODS, *(f"{method}_" for method in METHODS)]:
        if not hasattr(tensor, name):
            setattr(tensor, name, Absent(name))
