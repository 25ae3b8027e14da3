"""The CuPy backend: NVIDIA GPUs, through array-api-compat."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy

from . import complex_functions, elementwise
from .casts import to_integers
from .contract import DTYPE_NAMES, Array, Backend, BackendUnavailable, ByKind, Kernel
from .hookspecs import hookimpl

DISTRIBUTIONS = ("cupy-cuda12x", "cupy-cuda13x", "cupy")
"""The names under which CuPy is distributed."""

CREATION = ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")
"""Functions whose ``device`` array-api-compat takes and disregards."""


class CuPy(Backend):
    """CuPy arrays, on devices named ``"cuda:0"``, ``"cuda:1"``, ... CuPy's 0-d arrays are arrays."""

    name = "cupy"
    contract = 1
    install = 'pip install "tensorplug[cuda12]" (or "tensorplug[cuda13]", to match the CUDA driver)'
    writable = True

    @property
    def distribution(self) -> str | None:  # type: ignore[override]
        """The one of CuPy's distributions that is installed."""
        for name in DISTRIBUTIONS:
            try:
                importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            return name
        return None

    def load(self) -> Any:
        if importlib.util.find_spec("cupy") is None:
            raise BackendUnavailable("CuPy is not installed")
        # CuPy warns while it looks for CUDA; what it found is told by the error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import cupy

            try:
                cupy.cuda.runtime.getDeviceCount()
                # A kernel is compiled, since the compiler is a library of its own that may be missing.
                (cupy.zeros(1) + 1).sum().item()
            except Exception as error:
                raise BackendUnavailable(
                    f"CuPy {cupy.__version__} is installed but finds no CUDA device that works ({error})"
                ) from error
            import array_api_compat.cupy

        self.cupy = cupy
        return array_api_compat.cupy

    def kernels(self) -> Mapping[str, Kernel]:
        creation = {name: self._on_device(getattr(self.namespace, name)) for name in CREATION}
        ufuncs = {name: value for name, value in vars(self.namespace).items() if isinstance(value, self.cupy.ufunc)}
        in_place = {f"{name}_": _in_place(ufunc) for name, ufunc in ufuncs.items()}
        own: dict[str, Kernel] = {
            "astype": self._astype,
            "complex": self._complex,
            "diagonal": lambda x, offset: x.diagonal(offset, -2, -1),
            "embed": self._embed,
            "scatter_zeros": self._scatter_zeros,
            "unfold": self._unfold,
        }
        own |= {f"linalg.{name}": self._raising(name) for name in ("cholesky", "inv", "solve")}
        own |= self._mended()
        in_place = {name: kernel for name, kernel in in_place.items() if name.removesuffix("_") not in own}
        kernels = creation | in_place | own
        if self.cupy.cuda.runtime.getDeviceCount() == 1:
            return kernels
        functions = {name: value for name, value in vars(self.namespace).items() if callable(value)}
        return creation | {name: self._where_operand_is(value) for name, value in (functions | in_place | own).items()}

    def _where_operand_is(self, function: Callable[..., Array]) -> Kernel:
        """The function on the device of its first operand: CuPy computes on the current one, wherever operands are."""

        @functools.wraps(function)
        def kernel(*arguments: Any, **keywords: Any) -> Array:
            first = arguments[0] if arguments else None
            first = first[0] if isinstance(first, list | tuple) and first else first
            if not isinstance(first, self.cupy.ndarray):
                return function(*arguments, **keywords)
            with first.device:
                return function(*arguments, **keywords)

        return kernel

    def _raising(self, name: str) -> Kernel:
        """A function of linear algebra that says where there is no result: CuPy's give NaN."""
        import cupyx

        function = getattr(self.namespace.linalg, name)

        def kernel(*arrays: Array, **keywords: Any) -> Array:
            with cupyx.errstate(linalg="raise"):
                return function(*arrays, **keywords)

        return kernel

    def _mended(self) -> dict[str, Kernel]:
        """What CuPy's elementwise functions do otherwise than the standard says: see `numpy_elementwise`."""
        own: dict[str, Kernel] = {}
        for name in ("floor_divide", "remainder"):
            ufunc, mend = getattr(self.namespace, name), getattr(elementwise, name)
            floats = functools.partial(_mended, self.cupy, mend, ufunc)
            own[name] = ByKind(floats, i=ufunc, u=ufunc)
        for name in ("expm1", "log1p", "sign"):
            kernel = functools.partial(self._of_parts, getattr(complex_functions, name))
            own[name] = ByKind(getattr(self.namespace, name), c=kernel)
        for name, shift in (("left", elementwise.left_shift), ("right", elementwise.right_shift)):
            own[f"bitwise_{name}_shift"] = functools.partial(shift, self.namespace)
        maximum, minimum = self.namespace.maximum, self.namespace.minimum
        own["clip"] = lambda x, min, max: minimum(maximum(x, min), max)
        return own

    def _of_parts(self, function: complex_functions.Function, x: Array) -> Array:
        return self._complex(*function(self.namespace, x.real, x.imag))

    def _astype(self, x: Array, dtype: Any) -> Array:
        target = numpy.dtype(dtype)
        # Casting to real drops the imaginary part, of which CuPy warns.
        if x.dtype.kind == "c" and target.kind not in "cb":
            x = x.real
        if target.kind not in "iu" or x.dtype.kind in "iub":
            return x.astype(target)
        return to_integers(self.cupy, x, target.name, lambda array, name: array.astype(name))

    def _complex(self, x1: Array, x2: Array) -> Array:
        shape = numpy.broadcast_shapes(x1.shape, x2.shape)
        out = self.cupy.empty(shape, numpy.result_type(x1.dtype, numpy.complex64))
        out.real, out.imag = x1, x2
        return out

    def _embed(self, x: Array, shape: tuple[int, ...], index: Any) -> Array:
        out = self.cupy.zeros(shape, x.dtype)
        out[index] = x
        return out

    def _scatter_zeros(self, x: Array, shape: tuple[int, ...], index: Any) -> Array:
        out = self.cupy.zeros(shape, x.dtype)
        self.cupy.add.at(out, self._index(x, index), x)
        return out

    def _unfold(self, x: Array, window: tuple[int, int]) -> Array:
        size, step = window
        count = (x.shape[-1] - size) // step + 1
        strides = (*x.strides[:-1], step * x.strides[-1], x.strides[-1])
        return self.cupy.lib.stride_tricks.as_strided(x, (*x.shape[:-1], count, size), strides)

    def _on_device(self, function: Callable[..., Array]) -> Kernel:
        @functools.wraps(function)
        def create(*arguments: Any, device: Any = None, **keywords: Any) -> Array:
            with self.cupy.cuda.Device(None if device is None else device.id):
                return function(*arguments, **keywords)

        return create

    def dtypes(self) -> Mapping[str, Any]:
        found = {name: numpy.dtype(name) for name in DTYPE_NAMES if name != "bfloat16"}
        if int(self.cupy.__version__.split(".")[0]) >= 14 and importlib.util.find_spec("ml_dtypes"):
            import ml_dtypes

            found["bfloat16"] = numpy.dtype(ml_dtypes.bfloat16)
        return found

    def devices(self) -> Mapping[str, Any]:
        return {f"cuda:{i}": self.cupy.cuda.Device(i) for i in range(self.cupy.cuda.runtime.getDeviceCount())}

    def array_types(self) -> tuple[type, ...]:
        return (self.cupy.ndarray,)

    def dtype_name(self, array: Array) -> str:
        return str(array.dtype.name)

    def device_name(self, array: Array) -> str:
        return f"cuda:{array.device.id}"

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Array:
        with self.cupy.cuda.Device(device.id):
            return self.cupy.array(array)

    def from_dlpack(self, array: Any, device: Any, copy: bool) -> Array:
        with self.cupy.cuda.Device(device.id):
            shared = self.cupy.from_dlpack(array)
            return self.cupy.array(shared) if copy else shared

    def to_numpy(self, array: Array) -> numpy.ndarray:
        return numpy.asarray(self.cupy.asnumpy(array))

    def copy(self, array: Array) -> Array:
        with array.device:
            return array.copy(order="C")

    def is_view(self, array: Array) -> bool:
        return array.base is not None

    def memory_stats(self, device: Any) -> Mapping[str, int]:
        pool = self.cupy.get_default_memory_pool()
        with self.cupy.cuda.Device(device.id):
            return {"used": pool.used_bytes(), "held": pool.total_bytes()}

    def release_memory(self, device: Any) -> None:
        with self.cupy.cuda.Device(device.id):
            self.cupy.get_default_memory_pool().free_all_blocks()

    def synchronize(self, device: Any) -> None:
        device.synchronize()


def _in_place(ufunc: Callable[..., Array]) -> Kernel:
    return lambda *operands: ufunc(*operands, out=operands[0])


def _mended(xp: Any, mend: Callable[..., Array], ufunc: Callable[..., Array], x1: Array, x2: Array) -> Array:
    return mend(xp, x1, x2, ufunc(x1, x2))


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """CuPy."""
    yield CuPy()
