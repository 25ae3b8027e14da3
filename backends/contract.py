"""The contract between Tensorplug and a backend plugin: the `Backend` class, its kernels, and their defaults.

A minimal backend is a name and an array API namespace::

    from tensorplug.backends import Backend, hookimpl

    class Strict(Backend):
        name = "strict"

        def load(self):
            import array_api_strict
            return array_api_strict

    @hookimpl
    def tensorplug_backends():
        yield Strict()

All other methods of `Backend` have defaults that work on any such namespace. A backend overrides what its library does
differently (kernels), faster (kernels, `random_bits`, `compile`), or not at all (`dtypes`, `devices`).
"""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, final

import numpy

from .common import philox
from .common.devices import device_of
from .common.dlpack import Exported, import_bfloat16
from .common.loops import Step, scan
from .common.quiet import Quiet, quiet
from .common.standard import FUNCTIONS
from .kernel import Array as Array
from .kernel import ByKind as ByKind
from .kernel import Kernel as Kernel
from .kernel import PartialKernel as PartialKernel
from .kernel import Region as Region
from .kernel import Span as Span
from .program import Executable, Program, replay

CONTRACT_VERSION = 1
"""The version of this contract. A plugin that was written for a newer one is set aside."""

DTYPE_NAMES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
"""Names of all dtypes that Tensorplug knows."""


REFUSED_INDEX = (IndexError, TypeError, ValueError, RuntimeError)
"""What libraries raise for indices that they do not take, such as negative steps; NotImplementedError is among them."""


class BackendUnavailable(RuntimeError):
    """Raised where a backend exists but cannot be used here: its library is missing, or finds no device.

    Raise it in `Backend.load` with the reason in a sentence. The message that users see adds `Backend.install`.
    """


class Backend:
    """An array library as a backend of Tensorplug. Subclass it, and yield an instance from `tensorplug_backends`.

    Making an instance must not import the library: `load` does that, at the backend's first use.

    Attributes
    ----------
    name : str
        What users write in ``device("name:cpu")``: lower-case letters, digits and underscores.
    contract : int
        The `CONTRACT_VERSION` that the plugin was written for.
    distribution : str or None
        The distribution package of the library, for ``tensorplug backends``. None if it has no version of its own.
    install : str or None
        The command that installs the library, shown where it is missing.
    writable : bool
        Whether arrays can be written in place, and basic indexing, ``reshape`` and transposition return views with
        NumPy's strides (``array.strides``, in bytes). Where False, Tensorplug emulates views and writes with `getitem`
        and `put`.
    compiles : bool
        Whether `compile` makes functions faster. Kernels ``getitem`` and ``put`` of such a backend take a `Region` too.
    """

    name: ClassVar[str]
    contract: ClassVar[int] = CONTRACT_VERSION
    distribution: ClassVar[str | None] = None
    install: ClassVar[str | None] = None
    writable: ClassVar[bool] = False
    compiles: ClassVar[bool] = False

    namespace: Any
    """The array API namespace that `load` returned, set by the plugin manager before any other method is called."""

    def load(self) -> Any:
        """Import the library and return its array API namespace.

        Raises
        ------
        ImportError
            If the library is not installed.
        BackendUnavailable
            If it is installed but cannot work here (no driver, no device), with the reason.
        """
        raise NotImplementedError(f"{type(self).__name__}.load must return an array API namespace")

    def kernels(self) -> Mapping[str, Kernel]:
        """Kernels by the name of their operation, used in place of the namespace's functions.

        A kernel takes its operands as positional arrays of one dtype, already promoted and on one device (bounds of
        ``clip`` may be numbers), and the other parameters by the names that the standard gives them. It returns
        arrays, never Python or NumPy scalars, and emits no warnings. A name with a trailing underscore (``add_``) is
        the in-place form: it writes its result into its first operand.
        """
        return {}

    @final
    def standard_kernel(self, name: str) -> Kernel | None:
        """The kernel of a function of the standard that the backend has without its own; None if there is none.

        It is the namespace's function, wrapped where the standard leaves results open. A kernel of a plugin that only
        prepares operands calls it. A dotted name such as ``"linalg.qr"`` is one of an extension.
        """
        function = self.namespace
        for part in name.split("."):
            function = getattr(function, part, None)
        if not callable(function):
            return None
        if name in FUNCTIONS:
            function = functools.partial(FUNCTIONS[name], self.namespace)
        return quiet(function) if type(self).scope is Backend.scope else function

    @final
    def on_host(self, function: Callable[..., Any]) -> Kernel:
        """A kernel that calls a function of NumPy arrays, and copies what it returns to the device of the operands.

        For functions that the library lacks, or whose results have shapes that it does not know.
        """

        @quiet
        def kernel(*operands: Any, device: Any = None, **parameters: Any) -> Any:
            found = function(*self.to_host(operands), **parameters)
            if device is None:
                device = next((device_of(one) for one in operands if isinstance(one, self.array_types())), None)
            results = found if isinstance(found, tuple) else (found,)
            made = tuple(self.from_numpy(numpy.asarray(one), device) for one in results)
            return made if isinstance(found, tuple) else made[0]

        return kernel

    def unsupported(self) -> Mapping[str, str]:
        """Operations that the library does not support, by name, each with the reason.

        Calling one raises `NotImplementedError` with the reason, and the conformance suite counts it as unsupported.
        Operations whose decompositions work need not be listed.
        """
        return {}

    def dtypes(self) -> Mapping[str, Any]:
        """The library's dtype objects, by Tensorplug's names. Those left out are not supported."""
        found = {name: getattr(self.namespace, name, None) for name in DTYPE_NAMES}
        return {name: native for name, native in found.items() if native is not None}

    def devices(self) -> Mapping[str, Any]:
        """The library's device objects, by names such as ``"cpu"`` or ``"cuda:0"``; the default one first."""
        return {"cpu": self.namespace.__array_namespace_info__().default_device()}

    def array_types(self) -> tuple[type, ...]:
        """The classes of the library's arrays."""
        return self._array_types

    @functools.cached_property
    def _array_types(self) -> tuple[type, ...]:
        return (type(self.namespace.empty(0)),)

    def dtype_name(self, array: Array) -> str:
        """Tensorplug's name of an array's dtype, or the library's own if there is none."""
        for name, native in self.dtypes().items():
            if array.dtype == native:
                return name
        return str(array.dtype)

    def device_name(self, array: Array) -> str:
        """The key in `devices` of the device that holds the array."""
        for name, native in self.devices().items():
            if device_of(array) == native:
                return name
        return str(device_of(array))

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Array:
        """A copy of a NumPy array, of any strides and byte order, in memory of the backend's own, on a device.

        Without a device, None, it is for computing with arrays on any, as on the current one.

        By default the library is given a contiguous copy in native byte order, which it may share; bfloat16 through
        DLPack.
        """
        # The copy has the strides that its shape tells, which an array of one element may lack, and may be shared.
        native = numpy.array(array, array.dtype.newbyteorder("="), order="C")
        if native.dtype.name == "bfloat16":
            return self.namespace.from_dlpack(Exported(native), device=device)
        return self.namespace.asarray(native, device=device)

    def from_dlpack(self, array: Any, device: Any, copy: bool) -> Array:
        """Import another library's array through DLPack, sharing its memory unless `copy`.

        Raises
        ------
        BufferError
            If the array cannot be imported without a copy through the host.
        """
        return self.namespace.from_dlpack(array, device=device, copy=copy)

    def to_numpy(self, array: Array) -> numpy.ndarray:
        """The array's values as a NumPy array, which may share the memory and may be read-only."""
        for convert in (numpy.from_dlpack, import_bfloat16):
            try:
                return convert(array)
            except (BufferError, RuntimeError, TypeError, AttributeError, ImportError):
                continue
        return numpy.asarray(array)

    def inspect(self, check: Callable[..., None], *arrays: Array, **parameters: Any) -> None:
        """Check values: call ``check(*hosts, **parameters)``, which may raise, with the arrays as NumPy arrays.

        Every check of values goes through here: indices in range, divisors not zero, matrices not singular. A
        transform, whose arrays have no values yet or those of many examples, may defer it.

        Parameters
        ----------
        check
            A module-level function, so that equal checks can be recognised. The arrays may have batch axes in front.
            Its result is ignored.
        *arrays
            They are copied to the host, so reduce large ones first where a number is enough.
        **parameters
            Further arguments of the check.
        """
        check(*map(self.to_numpy, arrays), **parameters)

    def known(self, predicate: Callable[..., Any], otherwise: bool, *arrays: Array, **parameters: Any) -> bool:
        """Whether ``predicate(*hosts, **parameters)`` holds, for a shortcut that values decide on.

        Parameters
        ----------
        predicate, *arrays, **parameters
            As for `inspect`.
        otherwise
            The answer where there are no values, as under a transform; it must lead to code that is right for all.
        """
        return bool(predicate(*map(self.to_numpy, arrays), **parameters))

    def copy(self, array: Array) -> Array:
        """A contiguous copy in memory of its own."""
        return self.namespace.asarray(array, copy=True)

    def is_view(self, array: Array) -> bool:
        """Whether the array may share memory with another one, or is read-only."""
        return False

    def overlapping(self, written: Sequence[Array], arrays: Sequence[Array]) -> Array | None:
        """One of the arrays to be written that shares memory with another array, if the library can tell; else None.

        Views that Tensorplug made share memory knowingly, and only one array of them is among these.
        """
        return None

    def getitem(self, array: Array, index: Any) -> Array:
        """``array[index]`` as an array, 0-d results included. Arrays in the index may be NumPy's.

        By default, indices that the library refuses, as the standard allows it to, are applied on the host.
        """
        try:
            return operator.getitem(array, self.library_index(array, index))
        except REFUSED_INDEX:
            host = self.to_numpy(array)[self.to_host(index)]
            return self.from_numpy(numpy.asarray(host), device_of(array))

    def put(self, array: Array, index: Any, value: Array) -> Array:
        """A copy of the array after ``copy[index] = value``; the array itself is not changed."""
        result = self.copy(array)
        try:
            result[self.library_index(array, index)] = value
        except REFUSED_INDEX:
            host = numpy.array(self.to_numpy(array))
            host[self.to_host(index)] = self.to_numpy(value)
            return self.from_numpy(host, device_of(array))
        return result

    def library_index(self, array: Array, index: Any) -> Any:
        """The index with arrays of the library's own, and an ellipsis for the axes that it leaves out.

        Arrays of integers are int64, as PyTorch takes uint8 for masks; beside arrays with axes so are integers.
        """
        items = index if isinstance(index, tuple) else (index,)
        if not any(hasattr(item, "shape") for item in items):
            return items if Ellipsis in items else (*items, Ellipsis)
        device, own, xp = device_of(array), self.array_types(), self.namespace
        with_axes = any(getattr(item, "shape", ()) for item in items)

        def converted(item: Any) -> Any:
            item = numpy.asarray(item) if type(item) is int and with_axes else item
            if isinstance(item, numpy.ndarray) and not isinstance(item, own):
                item = self.from_numpy(item, device)
            if getattr(item, "dtype", xp.bool) == xp.bool:
                return item
            return xp.astype(xp.reshape(item, tuple(item.shape) or (1,)) if with_axes else item, xp.int64)

        return tuple(map(converted, items))

    @final
    def to_host(self, items: Any) -> tuple[Any, ...]:
        """Operands, or an index, with NumPy arrays in place of the library's."""
        items = items if isinstance(items, tuple) else (items,)
        own = self.array_types()
        return tuple(self.to_numpy(item) if isinstance(item, own) else item for item in items)

    def write(self, array: Array, index: Any, value: Array) -> None:
        """``array[index] = value``, where arrays are writable."""
        array[index] = value

    def scatter_zeros(self, array: Array, shape: tuple[int, ...], index: Any) -> Array:
        """Zeros of `shape` with the array added at `index`, as by ``numpy.add.at``: repeated indices accumulate.

        They accumulate in the order of the index, half types in float32.
        """
        added = self.to_numpy(array)
        is_half = added.dtype.itemsize == 2 and added.dtype.kind not in "iu"
        result = numpy.zeros(shape, numpy.float32 if is_half else added.dtype)
        numpy.add.at(result, self.to_host(index), added.astype(result.dtype, copy=False))
        return self.from_numpy(result.astype(added.dtype, copy=False), device_of(array))

    def pointwise(
        self, formula: Callable[..., Array], ops: Any, arrays: tuple[Array, ...], options: tuple[Any, ...], summed: bool
    ) -> Array:
        """Evaluate an elementwise formula, ``formula(ops, *arrays, *options)``.

        A backend may do so in one pass over memory, in blocks or compiled.

        Parameters
        ----------
        formula
            The same object at each call.
        ops
            The kernels of this backend as attributes.
        arrays
            Of one dtype and shape; some may be 0-d instead.
        options
            Numbers and truth values.
        summed
            Whether to return the sum of the elements instead.
        """
        result = formula(ops, *arrays, *options)
        return ops.sum(result) if summed else result

    def scan(
        self, step: Step, ops: Any, carried: tuple[Array, ...], sequences: tuple[Array, ...],
        constants: tuple[Array, ...], reverse: bool,
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:  # fmt: skip
        """Apply a step along the first axis of arrays, as `jax.lax.scan`.

        A backend may write the loop in fewer operations.

        Parameters
        ----------
        step
            ``step(ops, carried, items, *constants)`` returns what is carried to the next step, of unchanged shapes and
            dtypes, and the step's outputs. The same object at each call.
        ops
            The kernels of this backend as attributes.
        carried
            What the first step is given.
        sequences
            Of one length, at least 1; a step is given the items at one index.
        constants
        reverse
            Whether the first step is at the last index.

        Returns
        -------
        carried : tuple of Array
            By the last step.
        outputs : tuple of Array
            Those of all steps, stacked in the order of the indices.
        """
        return scan(step, ops, carried, sequences, constants, reverse)

    def scope(self, device: Any = None) -> contextlib.AbstractContextManager[Any]:
        """A context manager for code that uses operators on a device's arrays, as a backward pass does.

        JAX switches its 64-bit types on, CuPy makes the device current. By default it ignores
        NumPy's floating-point warnings, as many libraries compute with NumPy, and the namespace's functions run in it.
        """
        return Quiet()

    def compile(self, function: Callable[..., Any], donate: tuple[int, ...] = ()) -> Callable[..., Any]:
        """Compile a pure function of arrays and integers; by default the function itself.

        Parameters
        ----------
        function
            Called again with arguments of the same kinds; integers vary from call to call.
        donate
            Positions of the arguments whose memory the result may reuse.
        """
        return function

    def differentiable(
        self, function: Callable[..., Sequence[Array]], pull: Callable[..., Sequence[Array]], arrays: Sequence[Array]
    ) -> Sequence[Array]:
        """Call a function of arrays, so that the library's own differentiation, if it has one, finds the gradients.

        Parameters
        ----------
        function
            It returns a tuple of arrays.
        pull
            ``pull(arrays, cotangents)`` returns the gradients of the floating-point arrays; `cotangents` are those of
            the floating-point results. Gradients of complex numbers are PyTorch's, the conjugates of JAX's.
        arrays
        """
        return function(*arrays)

    value_errors: tuple[type[Exception], ...] = ()
    """What the library raises where it needs the values of arrays that have none, inside of `record`."""

    def record(self, function: Callable[[], None]) -> None:
        """Call a function, whose kernel calls are being noted as a program: see `tensorplug.compile`.

        A library that can do without values computes none there, where the function starts from what `stand_in` gives.
        """
        function()

    def stand_in(self, array: Array) -> Array:
        """What has the shape and dtype of an array, for kernels inside of `record`; by default the array itself."""
        return array

    def with_values(self) -> contextlib.AbstractContextManager[Any]:
        """A context in which kernels inside of `record` compute values, of arrays that have some."""
        return contextlib.nullcontext()

    def executable(self, program: Program) -> Executable:
        """What runs a program; several threads may run it at once.

        By default the instructions are replayed one by one. A backend may compute the outputs in any other way, as long
        as

        - each output has memory of its own, which no input, no constant and no other output shares, nor anything that
          is kept for another run; but an output that updates an input may be that input's array, written;
        - inputs that no output updates are not written, nor are constants;
        - checks raise their errors, the first one in the order of the instructions, from ``run`` or from ``check``.
        """

        def run(*arrays: Array) -> Sequence[Array]:
            with self.scope():
                return self.apart(replay(program, arrays, self), (*arrays, *program.constants.values()))

        return Executable(run)

    def apart(self, outputs: Sequence[Array], others: Sequence[Array]) -> Sequence[Array]:
        """The outputs of a program, copied where they share memory with each other or with other arrays."""
        if not self.writable:
            return outputs
        taken = set(map(id, others))
        found = []
        for one in outputs:
            own = one if hasattr(one, "device") else self.namespace.asarray(one)
            if id(own) in taken or self.is_view(own):
                own = self.copy(own)
            taken.add(id(own))
            found.append(own)
        return found

    def mesh(self, name: str, kind: str, shape: tuple[int, ...], axes: tuple[str, ...]) -> Any:
        """A mesh of devices, by what stands for it wherever a device is given: an array made there is on each of them.

        Parameters
        ----------
        name
            What `device_name` returns for arrays on the mesh.
        kind
            The type of the devices, such as ``"cpu"``: the first ones of all processes, in row-major order.
        shape, axes
            Lengths and names of the axes of the mesh.

        Raises
        ------
        ValueError
            If there are fewer devices.
        NotImplementedError
            If the library divides no arrays, as by default. All methods about meshes are for those that do.
        """
        raise NotImplementedError(f"backend {self.name!r} has no meshes of devices")

    def distribute(self, array: Any, mesh: Any, axes: Sequence[int | None], broadcast: bool) -> Array:
        """Divide a whole array, of this library on one device or of NumPy, over a mesh.

        Parameters
        ----------
        mesh
            What `mesh` returned.
        axes
            For each axis of the mesh the axis of the array that is divided along it; None for copies. The lengths can
            be divided.
        broadcast
            Whether the first process's values count, and not each process's own.
        """
        raise NotImplementedError

    def redistribute(self, array: Array, mesh: Any, axes: Sequence[int | None]) -> Array:
        """Divide an array that is on a mesh in another way; also while a program is compiled."""
        raise NotImplementedError

    def redistribute_like(self, array: Array, like: Array) -> Array:
        """Divide an array as another one of its shape; also while a program is compiled."""
        raise NotImplementedError

    def divided_axes(self, array: Array, mesh: Any) -> tuple[int | None, ...]:
        """How an array on a mesh is divided: `axes` as in `distribute`."""
        raise NotImplementedError

    def local_parts(self, array: Array) -> Sequence[Array]:
        """The parts of an array on a mesh that this process's devices hold, each on its one device."""
        raise NotImplementedError

    def from_local(self, array: Any, mesh: Any, axes: Sequence[int | None]) -> Array:
        """The array on a mesh of which each process gives the part that its devices hold."""
        raise NotImplementedError

    def gradients(self, function: Callable[..., Array], arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """Gradients of a scalar function by the library's own automatic differentiation, as a reference for tests.

        Parameters
        ----------
        function
            A function of the arrays, with a real 0-d result.
        arrays
            Of real or complex floating-point dtypes.

        Returns
        -------
        tuple of array
            For a complex array, the derivative by the real part minus i times that by the imaginary part.

        Raises
        ------
        NotImplementedError
            If the library has none, as by default.
        """
        raise NotImplementedError(f"backend {self.name!r} has no automatic differentiation of its own")

    def synchronize(self, device: Any) -> None:
        """Wait until all work that was queued on the device has finished."""

    def memory_stats(self, device: Any) -> Mapping[str, int]:
        """Bytes ``"used"`` and ``"held"`` by the library's memory pool of a device; empty where there is none."""
        return {}

    def release_memory(self, device: Any) -> None:
        """Return unused memory of the library's pool to the device."""

    def about(self) -> Mapping[str, str]:
        """What a bug report should say of the library beside its version: settings, threads, drivers, caches.

        Lines of ``tensorplug info``, each with its label.
        """
        return {}

    def keep_compiled(self, folder: str) -> None:
        """Keep compiled functions in a folder, where later processes find them; see `keep_compiled`."""

    def clear_caches(self) -> None:
        """Free the memory of compiled functions."""

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Array:
        """Random 64-bit words ``offset`` to ``offset + count`` of the stream of a seed.

        They are those of Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) with the
        seed as the key: every backend draws the same words, and any part of the stream can be made by itself.

        Returns
        -------
        array, shape (count,), dtype uint64
            Without uint64 in `dtypes`, the same bits as int64; the numbers are then made of them on the host.
        """
        words = philox.random_words(seed, offset, count)
        return self.from_numpy(words if "uint64" in self.dtypes() else words.view(numpy.int64), device)
