"""`@operation`: declare an operation, from which kernels, result dtypes and recording are derived."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

from ...autograd import generated
from ...autograd.generated import parameter_names
from ...autograd.modes import is_grad_enabled
from ...autograd.rule import RULES
from ...backends import ByKind
from ..types.dtypes import (
    ACCEPTED,
    DType,
    bool_,
    complex_dtype,
    get_default_dtype,
    int32,
    int64,
    real_dtype,
)
from ..types.errors import DTypeError
from .keys import DispatchKey, narrow
from .levels import open_levels, together
from .protocol import Operand
from .recording import outputs_recorder, sequence_recorder
from .registry import OPERATIONS

RESULTS: dict[str, Callable[[DType], DType]] = {
    "same": lambda dtype: dtype,
    "bool": lambda dtype: bool_,
    "real": real_dtype,
    "complex": complex_dtype,
    "int32": lambda dtype: int32,
    "int64": lambda dtype: int64,
}
"""The dtype of a result, from the dtype of the operands."""


@final
class Operation:
    """An operation with kernels, declared once by `operation`.

    Attributes
    ----------
    name : str
        The standard's name, else PyTorch's; dotted in an extension (``"linalg.qr"``).
    module : str
        The module that declares it, which tells its chapter.
    operands : tuple of str
        The names of its tensor operands.
    parameters : tuple of str
        The names of its other parameters, in order.
    accepts : str
        A category in `dtypes.ACCEPTED`.
    result : str
        A name in `RESULTS`.
    decomposition : callable or None
        ``decomposition(ops, *arrays, **parameters)`` computes it with other operations on backends that have no
        kernel for it.
    standard : bool
        Whether the function of that name in an array API namespace is a kernel for it.
    elementwise : bool
        Whether each element of the result depends on the operands' elements at its position only.
    broadcasts : bool
        Whether operands are broadcast.
    takes_scalars : bool
        Whether operands may be Python scalars.
    compares : bool
        Whether it is a comparison, defined for Python scalars out of the dtype's range too.
    shares : bool
        Whether the result may be a view of the operand.
    sequence : bool
        Whether the one operand is a sequence of tensors.
    outputs : dict or None
        The results of an operation with several, which its kernel returns as a tuple: names in `RESULTS` by name.
    guard : callable or None
        ``guard(host)`` raises for integer values of the last operand, a NumPy array, that have no result.
    widens_half : bool
        Whether half precision is computed in float32.
    compiled : bool
        Whether the decomposition is compiled where the backend compiles, for each combination of parameters.
    shape : callable or None
        ``shape(operands, parameters)`` is that of the result, of an operation that is neither elementwise nor a
        reduction and has a simple one. Kernels of plugins are held against it.
    failure : str or None
        The message, on every backend, where the library raises `numpy.linalg.LinAlgError`.
    rule : Rule or None
        Its gradient rule; None if it is not differentiable.
    """

    def __init__(
        self,
        name: str,
        module: str,
        operands: tuple[str, ...],
        parameters: tuple[str, ...],
        *,
        accepts: str = "all",
        result: str = "same",
        decomposition: Callable[..., Any] | None = None,
        standard: bool | None = None,
        elementwise: bool = False,
        broadcasts: bool = False,
        takes_scalars: bool = False,
        compares: bool = False,
        shares: bool = False,
        sequence: bool = False,
        outputs: Mapping[str, str] | None = None,
        guard: Callable[..., None] | None = None,
        widens_half: bool = False,
        compiled: bool = False,
        shape: Callable[..., tuple[int, ...]] | None = None,
        failure: str | None = None,
    ) -> None:
        if name in OPERATIONS:
            raise ValueError(f"operation {name!r} is declared twice")
        self.name = name
        self.module = module
        self.operands = operands
        self.parameters = parameters
        self.accepts = accepts
        self.result = result
        self.decomposition = decomposition
        self.standard = decomposition is None if standard is None else standard
        self.elementwise = elementwise
        self.broadcasts = (broadcasts or elementwise) and len(operands) > 1
        self.takes_scalars = takes_scalars or elementwise
        self.compares = compares
        self.shares = shares
        self.sequence = sequence
        self.outputs = outputs
        self.guard = guard
        self.widens_half = widens_half
        self.compiled = compiled
        self.shape = shape
        self.failure = failure
        self.rule = RULES.get(name)
        self._check_rule()
        OPERATIONS[name] = self

    def _check_rule(self) -> None:
        """Raise TypeError if the rule's formulas have parameters that the operation lacks."""
        if self.rule is None:
            return
        known = {*self.parameters, *(f"{operand}_shape" for operand in self.operands), *_RECORDED}
        unknown = [name for name in self.rule.parameters if name not in known]
        unknown += [name for name in self.rule.operands if name not in self.operands]
        if unknown:
            raise TypeError(
                f"rule of {self.name!r}: asks for {', '.join(unknown)}, which the operation does not have; it has "
                f"{', '.join((*self.operands, *self.parameters))}"
            )

    @functools.cached_property
    def record(self) -> Callable[..., None]:
        """The function that gives the result its node, generated at the first recording."""
        assert self.rule is not None
        if self.sequence:
            return sequence_recorder(self.rule)
        if self.outputs is not None:
            return outputs_recorder(self.rule, self.operands)
        return generated.record(self.rule, self.operands, self.broadcasts)

    @functools.cached_property
    def differentiable(self) -> tuple[int, ...]:
        """The positions of the differentiable operands."""
        assert self.rule is not None
        return tuple(map(self.operands.index, self.rule.operands))

    def decompose(self, ops: Any, *arrays: Any, **parameters: Any) -> Any:
        """Compute the result by other operations; parameters may follow the operands by position."""
        assert self.decomposition is not None
        count = len(self.operands)
        if len(arrays) > count:
            parameters |= zip(self.parameters, arrays[count:], strict=False)
            arrays = arrays[:count]
        return self.decomposition(ops, *arrays, **parameters)

    @property
    def chapter(self) -> str:
        """The chapter of the standard that it belongs to, ``"losses"`` for a loss."""
        within = self.module.split(".")[1:] or [self.module]
        return within[2] if within[0] == "core" else within[0]

    def resolve(self, key: DispatchKey) -> tuple[Callable[..., Any], Any]:
        """The kernel for operands of a dispatch key, and the key of the result or the keys of several.

        Raises
        ------
        TypeError
            If the operation does not take the dtype.
        NotImplementedError
            If the backend does not support the operation.
        """
        if not self.takes(key.dtype):
            return self._resolve_converted(key)
        kernel = getattr(key.library.ops, self.name)
        if type(kernel) is ByKind:
            kernel = kernel.of(key.dtype.kind)
        if not key.is_half:
            kernel = narrow(kernel)
        if self.is_guarded(key.dtype):
            kernel = self._guarded(key.library, kernel)
        if key.is_half and self.decomposition is not None and self.result == "same" and self.outputs is None:
            kernel = _rounded(kernel, key)
        keys = tuple(map(key.with_dtype, self.result_dtypes(key.dtype)))
        return kernel, keys if self.outputs is not None else keys[0]

    def result_dtypes(self, dtype: DType) -> tuple[DType, ...]:
        """The dtypes of the results for operands of a dtype."""
        names = (self.result,) if self.outputs is None else self.outputs.values()
        return tuple(RESULTS[name](dtype) for name in names)

    def is_guarded(self, dtype: DType) -> bool:
        """Whether the values of the last operand are checked in this dtype."""
        return self.guard is not None and dtype.kind in "iu"

    def _guarded(self, library: Any, kernel: Callable[..., Any]) -> Callable[..., Any]:
        guard, ops = self.guard, library.ops

        def guarded(*arrays: Any) -> Any:
            ops.inspect(guard, arrays[-1])
            return kernel(*arrays)

        return guarded

    def takes(self, dtype: DType) -> bool:
        """Whether the standard defines the operation for a dtype."""
        return dtype in ACCEPTED[self.accepts]

    def _resolve_converted(self, key: DispatchKey) -> tuple[Callable[..., Any], Any]:
        """The kernel of a floating-point operation for integers, which it converts first."""
        dtype = self.computing_dtype(key.dtype)
        if not self.takes(dtype):
            raise DTypeError(f"{self.name}: got {key.dtype}, wanted a {self.accepts} dtype")
        kernel, result = key.with_dtype(dtype).table[self.name]
        cast = key.library.ops.cast
        return lambda *arrays, **parameters: kernel(*[cast(x, dtype.name) for x in arrays], **parameters), result

    def computing_dtype(self, dtype: DType) -> DType:
        """The dtype that operands are converted to: the default float for integers in a floating-point operation, as in
        PyTorch.
        """
        if "floating-point" in self.accepts and dtype.kind in "iub":
            return get_default_dtype()
        return dtype

    def __call__(self, *tensors: Any, **parameters: Any) -> Any:
        """Apply the operation to tensors of one device, with normalised parameters, and record it if needed.

        Parameters may follow the operands by position, as in a gradient rule. The last operand's key decides the
        kernel. Several results are a tuple.
        """
        count = len(self.operands)
        if len(tensors) > count:
            parameters |= zip(self.parameters, tensors[count:], strict=False)
            tensors = tensors[:count]
        if open_levels():
            tensors = together(*tensors, beside=parameters)
        kernel, key = tensors[-1]._key.table[self.name]
        arrays = [
            tensor._array if (storage := tensor._storage) is None or storage.version == tensor._version
            else tensor._current()
            for tensor in tensors
        ]  # fmt: skip
        found = kernel(*arrays, **parameters)
        if self.outputs is not None:
            return self.finish_outputs(found, key, tensors, **parameters)
        for tensor in tensors:
            if tensor._node is not None:
                return self.finish(found, key, tensors, **parameters)
        return tensors[-1]._wrap(found, key)

    def finish(self, array: Any, key: DispatchKey, tensors: tuple[Operand, ...], **parameters: Any) -> Any:
        """Wrap a kernel's result into a tensor, with a node if an operand requires a gradient."""
        out = tensors[-1]._wrap(array, key)
        if self.rule is not None and is_grad_enabled():
            edges = [tensors[i]._node for i in self.differentiable]
            if edges.count(None) < len(edges):
                wanted = {name: parameters[name] for name in self.rule.parameters if name in parameters}
                self.record(*tensors, *edges, out, **wanted)
        return out

    def finish_sequence(self, array: Any, key: DispatchKey, tensors: tuple[Operand, ...], **parameters: Any) -> Any:
        """Wrap the result of an operation on a sequence of tensors: see `finish`."""
        out = tensors[-1]._wrap(array, key)
        edges = [tensor._node for tensor in tensors]
        if edges.count(None) < len(edges) and self.rule is not None and is_grad_enabled():
            self.record(tensors, tuple(edges), out, **parameters)
        return out

    def finish_outputs(
        self, arrays: tuple[Any, ...], keys: tuple[DispatchKey, ...], tensors: tuple[Operand, ...], **parameters: Any
    ) -> tuple[Any, ...]:
        """Wrap the results of an operation with several: see `finish`."""
        wrap = tensors[-1]._wrap
        outs = tuple(wrap(array, key) for array, key in zip(arrays, keys, strict=True))
        if self.rule is not None and is_grad_enabled():
            edges = tuple(tensors[i]._node for i in self.differentiable)
            if edges.count(None) < len(edges):
                self.record(tensors, edges, outs, **parameters)
        return outs

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _rounded(kernel: Callable[..., Any], key: DispatchKey) -> Callable[..., Any]:
    """The kernel in a half-precision type: a Python number in a decomposition turns NumPy's bfloat16 into float32."""
    cast, native, name = key.library.ops.cast, key.native_dtype, key.dtype.name

    def rounded(*arrays: Any, **parameters: Any) -> Any:
        found = kernel(*arrays, **parameters)
        return found if found.dtype == native else cast(found, name)

    return rounded


_RECORDED = ("results", "shapes")
"""What is recorded besides parameters: the keys of several results, the shapes of a sequence."""


def same_shape(operands: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape of the first operand."""
    return tuple(operands[0].shape)


def given_shape(operands: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[int, ...]:
    """The parameter `shape`."""
    return tuple(parameters["shape"])


def operation(*, name: str | None = None, extension: str = "", **options: Any) -> Callable[..., Operation]:
    """Declare an operation by a function with its signature.

    Operands are given by position, parameters by keyword::

        @operation(accepts="real-valued")
        def sort(x, *, axis): ...

    If the first parameter is ``ops``, the body is the decomposition, for backends without a kernel; else the body is
    never run.

    Parameters
    ----------
    name
        By default that of the function, without a leading underscore.
    extension
        ``"linalg"`` or ``"fft"``, put in front of the name.
    **options
        Those of `Operation`.
    """

    def declare(definition: Callable[..., Any]) -> Operation:
        called = name or definition.__name__.removeprefix("_")
        code = definition.__code__
        operands = parameter_names(definition)
        parameters = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        if operands[:1] == ("ops",):
            operands = operands[1:]
            options["decomposition"] = definition
        full = f"{extension}.{called}" if extension else called
        return Operation(full, definition.__module__, operands, parameters, **options)

    return declare
