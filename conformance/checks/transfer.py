"""Transfer to the host and back, DLPack, and files: values are kept, and shared memory is shared both ways."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy

import tensorplug
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.dtypes import DTYPES
from tensorplug.core.types.errors import UnsupportedDTypeError
from tensorplug.extras import require

from ..engine.arrays import (
    LAYOUTS,
    Array,
    canonical_bytes,
    contiguous,
    held,
    laid,
    rounded,
    source,
)
from ..engine.comparing import require_sound
from ..engine.example import (
    Example,
    Mismatch,
    draw,
    evaluate,
)
from ..engine.trial import Trial, Unsupported
from ..uses import Use

SHAPES = ((2, 3), (), (0, 3), (3,), (2, 3, 2, 2), (64, 64))
"""Shapes; the last one fills whole pages of memory."""

_USES = tuple(Use("x.numpy()", x=shape) for shape in SHAPES)

LARGE = Use("x.numpy()", x=(3, 43691))

GREAT = {
    "int64": (2**53 + 1, -(2**53) - 1),
    "uint64": (2**53 + 1, 2**64 - 1),
    "int32": (2**24 + 1,),
    "uint32": (2**24 + 1,),
}
"""Integers that floating-point numbers do not represent."""

SPECIAL = (0.0, -0.0, numpy.inf, -numpy.inf, numpy.nan, 1.5)


CALLS: dict[tuple[str, str], str] = {
    ("host transfer", "values"): (
        "(lambda host: [tp.asarray(host, copy=True).numpy(), tp.tensor(host).tolist(), "
        "tp.tensor(host.astype(host.dtype.newbyteorder())).numpy()])(x.numpy())"
    ),
    ("host transfer", "copies"): "(lambda given: (tp.tensor(given), given.fill(1)))(x.numpy().copy())[0]",
    ("host transfer", "arrays kept"): "[tp.tensor(x.roll(turn).numpy()).numpy() for turn in range(4)]",
    ("host transfer", "devices"): "x.to(x.device, copy=True)",
    ("host transfer", "first in a thread"): (
        "ThreadPoolExecutor(1).submit(type(library_for(x.backend).backend)().load).result()"
    ),
    ("host transfer", "shared memory"): "[(x.numpy().fill(5), x.tolist()), (x.fill_(7), x.numpy())]",
    ("host transfer", "arrays handed out"): (
        "[(array := give(x), x.fill_(1), array) for give in (numpy.asarray, tp.Tensor.numpy)]"
    ),
    ("dlpack", "values and sharing"): "[numpy.from_dlpack(x), tp.from_dlpack(x.numpy(), copy=True)]",
    ("saving", "values"): "(lambda file: (tp.save(x, file), file.seek(0), tp.load(file)))(io.BytesIO())[2]",
}
"""Source of what is tried, by subject and aspect."""


def _hold(trial: Trial, prop: Callable[[Example], None], example: Example) -> None:
    trial.hold_for(prop, example, lambda use: CALLS[trial.name, trial.aspect])


def _each(trial: Trial, prop: Callable[[Example], None]) -> None:
    for use in _USES:
        for dtype in trial.dtypes(use):
            _hold(trial, prop, draw(use, dtype, "contiguous", trial.rng))
    _hold(trial, prop, draw(LARGE, next(trial.dtypes(LARGE)), "contiguous", trial.rng))
    for dtype in trial.dtypes(_USES[0]):
        values = GREAT.get(dtype, SPECIAL if DTYPES[dtype].kind in "fc" else ())
        if values:
            host = rounded(numpy.asarray(values, None if DTYPES[dtype].kind in "fc" else dtype), dtype)
            _hold(trial, prop, Example(_USES[0], {"x": dtype}, "contiguous", {"x": host}))


def _require_equal(found: Array, host: Array, dtype: str) -> None:
    if found.dtype != host.dtype and dtype != "bfloat16":
        raise Mismatch(f"dtype {found.dtype} on the host, wanted {host.dtype}", host.dtype, found.dtype)
    if found.shape != host.shape:
        raise Mismatch(f"shape {found.shape} on the host, wanted {host.shape}", host.shape, found.shape)
    if canonical_bytes(found.astype(host.dtype)) != canonical_bytes(host):
        raise Mismatch("another array came back", source(host), source(found))


def check_host_round_trip(trial: Trial) -> None:
    """Check that arrays of any layout come back from the backend bit for bit."""

    def prop(example: Example) -> None:
        (host,), (dtype,) = example.hosts.values(), example.dtypes.values()
        if dtype == "bfloat16":
            _require_equal(contiguous(host, dtype).to("float32").numpy(), host, dtype)
            return
        for given in _laid_out(host):
            _require_equal(tensorplug.asarray(given, copy=True).numpy(), host, dtype)
            _require_equal(numpy.asarray(tensorplug.tensor(given)), host, dtype)
            _require_equal(numpy.asarray(tensorplug.from_numpy(given)), host, dtype)
        _require_equal(numpy.asarray(tensorplug.tensor(_in_records(host))), host, dtype)
        stretched = numpy.broadcast_to(host, (3, *host.shape))
        _require_equal(tensorplug.asarray(stretched, copy=True).numpy(), stretched, dtype)
        _require_equal(numpy.asarray(tensorplug.tensor(stretched)), stretched, dtype)
        swapped = host.astype(host.dtype.newbyteorder())
        _require_equal(tensorplug.tensor(swapped).numpy(), host, dtype)
        if tensorplug.tensor(host).tolist().__repr__() != host.tolist().__repr__():
            raise Mismatch("tolist() gives other numbers", host.tolist(), tensorplug.tensor(host).tolist())

    _each(trial, prop)


def check_copies(trial: Trial) -> None:
    """Check that copies of host arrays share no memory with them."""

    def prop(example: Example) -> None:
        (host,), (dtype,) = example.hosts.values(), example.dtypes.values()
        if dtype == "bfloat16" or not host.size:
            return
        given = host.copy()
        tensors = [tensorplug.tensor(given), tensorplug.asarray(given, copy=True), tensorplug.tensor(given).clone()]
        given.fill(1)
        for tensor in tensors:
            _require_equal(tensor.numpy(), host, dtype)
        tensor = tensorplug.tensor(host)
        copied = tensor.clone()
        tensor.fill_(1)
        _require_equal(copied.numpy(), host, dtype)

    _each(trial, prop)


def check_kept_arrays(trial: Trial) -> None:
    """What came from the host, and what was handed to it, stays as it is while more comes and is handed out."""

    def prop(example: Example) -> None:
        (host,), (dtype,) = example.hosts.values(), example.dtypes.values()
        if dtype == "bfloat16":
            return
        hosts = [host, *(numpy.roll(host, turn) for turn in range(1, 4)), numpy.zeros_like(host)]
        for take in (tensorplug.tensor, tensorplug.from_numpy, tensorplug.asarray):
            tensors = [take(each.copy()) for each in hosts]
            for give in (lambda x: x.numpy(), numpy.asarray, numpy.from_dlpack, lambda x: x.clone().numpy()):
                for found, wanted in zip([give(tensor) for tensor in tensors], hosts, strict=True):
                    _require_equal(numpy.array(found), wanted, dtype)

    _each(trial, prop)


def check_devices(trial: Trial) -> None:
    """Each device has memory of its own: what is copied to another one stays when the first array is written."""

    def prop(example: Example) -> None:
        (tensor,), (host,), (dtype,) = example.tensors().values(), example.hosts.values(), example.dtypes.values()
        for name in library_for(trial.backend).devices:
            there = tensor.to(f"{trial.backend}:{name}", copy=True)
            back = there.to(tensor.device, copy=True)
            there.fill_(1)
            for one, wanted in ((tensor, host), (back, host), (there, numpy.ones_like(host))):
                _require_equal((one.to("float32") if dtype == "bfloat16" else one).numpy(), wanted, dtype)

    _each(trial, prop)


def check_shared_host_memory(trial: Trial) -> None:
    """Check that ``numpy()`` and ``from_numpy`` share memory both ways, if arrays are writable on the host."""

    def prop(example: Example) -> None:
        tensor = tensorplug.ones(3)
        if not _shares_with_numpy(tensor, trial.backend):
            return
        tensor.numpy()[1] = 5
        if tensor.tolist() != [1, 5, 1]:
            raise Mismatch("what is written to x.numpy() is not read in x", [1, 5, 1], tensor.tolist())
        tensor[2] = 7
        if tensor.numpy().tolist() != [1, 5, 7]:
            raise Mismatch("what is written to x is not read in x.numpy()", [1, 5, 7], tensor.numpy().tolist())
        array = numpy.ones(3)
        taken = tensorplug.from_numpy(array)
        array[0] = 5
        taken[1] = 7
        if taken.tolist() != [5, 7, 1] or array.tolist() != [5, 7, 1]:
            raise Mismatch("from_numpy does not share memory", [5, 7, 1], [taken.tolist(), array.tolist()])

    _hold(trial, prop, draw(_USES[3], "float64", "contiguous", trial.rng))


def _shares_with_numpy(tensor: tensorplug.Tensor, backend: str) -> bool:
    """Whether a tensor's array is a writable NumPy array."""
    return library_for(backend).writable and isinstance(tensor._array, numpy.ndarray)


def check_arrays_handed_out(trial: Trial) -> None:
    """A write to the array that NumPy got is read in the tensor, or raises; ``copy=True`` gives one to be written."""

    def prop(example: Example) -> None:
        (host,), (dtype,) = example.hosts.values(), example.dtypes.values()
        if dtype == "bfloat16" or not host.size:
            return
        for give in (numpy.asarray, lambda x: x.numpy()):
            tensor = contiguous(host, dtype)
            array, view = give(tensor), give(tensor[None])
            kept = array.copy()
            shared = library_for(trial.backend).writable and numpy.may_share_memory(array, give(tensor))
            tensor.fill_(1)
            _require_equal(array, tensor.numpy() if shared else kept, dtype)
            for one in (array, view):
                if one.flags.writeable:
                    one.fill(0)
                    _require_equal(tensor.numpy(), numpy.zeros_like(host), dtype)
                    tensor.fill_(1)
        copied = numpy.asarray(tensor, copy=True)
        copied.fill(0)
        _require_equal(tensor.numpy(), numpy.ones_like(host), dtype)

    _each(trial, prop)


def check_dlpack(trial: Trial) -> None:
    """DLPack both ways: values are kept, ``copy=True`` copies, and ``copy=False`` shares or raises."""

    def prop(example: Example) -> None:
        (host,), (dtype,) = example.hosts.values(), example.dtypes.values()
        if dtype == "bfloat16":
            return
        for layout in LAYOUTS if host.ndim < 3 else ():
            _require_equal(numpy.from_dlpack(laid(host, dtype, layout)), held(host, layout), dtype)
        stretched = numpy.broadcast_to(host, (3, *host.shape))
        _require_equal(
            numpy.from_dlpack(tensorplug.broadcast_to(contiguous(host, dtype), stretched.shape)), stretched, dtype
        )
        for copy in (None, True):
            for given in _laid_out(host):
                taken = tensorplug.from_dlpack(given, copy=copy)
                _require_equal(taken.numpy(), host, dtype)
                if copy and host.size:
                    given.fill(1)
                    _require_equal(taken.numpy(), host, dtype)
        _shares_or_raises(host, dtype, trial.backend)

    _each(trial, prop)
    _hold(trial, prop, draw(Use("x.numpy()", x=(37, 41)), "float64", "contiguous", trial.rng))


def _laid_out(host: Array) -> list[Array]:
    """Arrays of the same values, each with memory of its own: in several orders, with steps, and as a part."""
    backwards, every_second = ((..., *(slice(begin, None, step) for _ in host.shape)) for begin, step in PARTS)
    spaced = numpy.ones([2 * length + 1 for length in host.shape], host.dtype)[every_second]
    spaced[...] = host
    return [host.copy(), host.copy(order="F"), host[backwards].copy()[backwards], spaced]


PARTS = ((None, -1), (1, 2))


def _in_records(host: Array) -> Array:
    """Of no whole steps, and unaligned."""
    record = numpy.zeros(host.shape, [("before", "int8"), ("value", host.dtype)])
    record["value"] = host
    return record["value"]


def _shares_or_raises(host: Array, dtype: str, backend: str) -> None:
    given, tensor = host.copy(), tensorplug.tensor(host)
    try:
        taken = tensorplug.from_dlpack(given, copy=False)
    except BufferError as error:
        if _shares_with_numpy(tensor, backend):
            raise Mismatch(
                "the memory of NumPy's arrays is not shared, though the backend's are such", "", error
            ) from None
        return
    given.fill(1)
    _require_equal(taken.numpy(), given, dtype)
    try:
        handed = numpy.from_dlpack(tensor, copy=False)
    except BufferError:
        return
    tensor.fill_(1)
    _require_equal(handed, tensor.numpy(), dtype)


def check_saving(trial: Trial) -> None:
    """Check that loading restores saved values, dtypes, shapes and `requires_grad`."""
    try:
        require("saving", "save", "safetensors")
    except ModuleNotFoundError as error:
        raise Unsupported(str(error)) from None

    def prop(example: Example) -> None:
        (tensor,), (dtype,), (host,) = example.tensors().values(), example.dtypes.values(), example.hosts.values()
        if tensor.dtype.is_differentiable:
            tensor.requires_grad_()
        file = io.BytesIO()
        tensorplug.save({"x": tensor, "view": tensor.detach()[None]}, file)
        file.seek(0)
        loaded = tensorplug.load(file)
        found = loaded["x"]
        if (found.dtype, found.requires_grad, found.backend) != (tensor.dtype, tensor.requires_grad, trial.backend):
            raise Mismatch("loaded as another kind of tensor", repr(tensor), repr(found))
        for one, wanted in ((found, host), (loaded["view"], host[None])):
            one = one.detach()
            _require_equal((one.to("float32") if dtype == "bfloat16" else one).numpy(), wanted, dtype)

    _each(trial, prop)


def check_dtypes(trial: Trial) -> None:
    """Check that every dtype works, or is undeclared and raises the documented error."""
    supported = library_for(trial.backend).dtypes
    missing = [name for name in DTYPES if name not in supported]
    for name in DTYPES:

        def prop(example: Example, name: str = name) -> None:
            try:
                found = evaluate(example.use, {})
            except UnsupportedDTypeError:
                if name in supported:
                    raise Mismatch(f"{name} is declared, and refused all the same") from None
                return
            if name in missing:
                raise Mismatch(f"{name} is declared unsupported, and tensors of it are made all the same")
            require_sound(found)

        trial.hold_for(prop, Example(Use(f'tp.zeros(2, dtype="{name}")'), {}, "contiguous", {}))
    if missing:
        raise Unsupported(f"the backend has no {', '.join(missing)}")


def check_loading(trial: Trial) -> None:
    """Check that a thread may be the first to load the backend's library."""
    library = library_for(trial.backend)

    def prop(example: Example) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(type(library.backend)().load).result()

    use = _USES[0]
    _hold(trial, prop, draw(use, next(trial.dtypes(use)), "contiguous", trial.rng))


SUBJECTS: dict[tuple[str, str], Callable[[Trial], None]] = {
    ("dtypes", "support"): check_dtypes,
    ("host transfer", "values"): check_host_round_trip,
    ("host transfer", "copies"): check_copies,
    ("host transfer", "arrays kept"): check_kept_arrays,
    ("host transfer", "devices"): check_devices,
    ("host transfer", "first in a thread"): check_loading,
    ("host transfer", "shared memory"): check_shared_host_memory,
    ("host transfer", "arrays handed out"): check_arrays_handed_out,
    ("dlpack", "values and sharing"): check_dlpack,
    ("saving", "values"): check_saving,
}
"""Checks of other subjects than operations, by subject and aspect."""
