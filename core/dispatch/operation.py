"""The declaration of an operation, from which everything else about it is derived."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, final

from ...autograd import generated
from ...autograd.modes import is_grad_enabled
from ...autograd.rule import RULES
from ...backends import ByKind
from ..types.dtypes import (
    ACCEPTED,
    DType,
    bool_,
    complex_dtype,
    get_default_dtype,
    int64,
    real_dtype,
)
from ..types.errors import DTypeError
from .keys import OPERATIONS, DispatchKey
from .protocol import Operand
from .recording import outputs_recorder, sequence_recorder

RESULTS: dict[str, Callable[[DType], DType]] = {
    "same": lambda dtype: dtype,
    "bool": lambda dtype: bool_,
    "real": real_dtype,
    "complex": complex_dtype,
    "int64": lambda dtype: int64,
}
"""How the dtype of an operation's result follows from that of its operands."""


BROADCASTING = ("elementwise", "matrix product")
"""The families whose operands are broadcast."""


@final
class Operation:
    """One operation, declared once.

    Parameters
    ----------
    name
        The standard's name, else PyTorch's; dotted in an extension (``"linalg.qr"``).
    family
        Its kind: ``"elementwise"``, ``"reduction"``, ``"view"``, ...
    operands
        The names of its tensor operands.
    accepts
        A category in `dtypes.ACCEPTED`.
    result
        A name in `RESULTS`.
    decomposition
        ``decomposition(ops, *arrays, **parameters)`` computes it out of other operations, on backends that have no
        kernel for it.
    guard
        ``guard(host)`` raises where integers have no result, the values of the last operand being `host`.
    sequence
        Whether the one operand is a sequence of tensors.
    outputs
        For an operation with several results their names, each with a name in `RESULTS`. The kernel returns a tuple.
    standard
        Whether the function of that name in an array API namespace computes it; by default where there is no
        decomposition.
    failure
        What it means when the library raises `numpy.linalg.LinAlgError`, for the message of the error raised in its
        place, which is the same on every backend.
    methods
        The names under which it is a method of Tensor.
    operator
        The double-underscore name of its operator, such as ``"__add__"``.
    in_place
        Whether there is an in-place form, named with a trailing underscore.

    Attributes
    ----------
    module : str
        The module that declares it, and so its chapter.
    function : callable
        What users call. Set by the family.
    method : callable or None
        What the methods call where PyTorch's differ from the function; None where they are the same.
    apply : callable
        The same for operators: no keywords, and NotImplemented for operands of foreign types.
    rule : Rule or None
        How its gradient is computed; None for an operation without one.
    """

    def __init__(
        self,
        name: str,
        *,
        family: str,
        operands: tuple[str, ...],
        accepts: str = "all",
        result: str = "same",
        decomposition: Callable[..., Any] | None = None,
        methods: tuple[str, ...] = (),
        operator: str | None = None,
        in_place: bool = False,
        sequence: bool = False,
        outputs: Mapping[str, str] | None = None,
        guard: Callable[..., None] | None = None,
        standard: bool | None = None,
        failure: str | None = None,
    ) -> None:
        if name in OPERATIONS:
            raise ValueError(f"operation {name!r} is declared twice")
        self.name = name
        self.module = _declaring_module()
        self.family = family
        self.operands = operands
        self.accepts = accepts
        self.result = result
        self.decomposition = decomposition
        self.standard = decomposition is None if standard is None else standard
        self.methods = methods
        self.operator = operator
        self.in_place = in_place
        self.function: Callable[..., Any] = self.__call__
        self.method: Callable[..., Any] | None = None
        self.apply: Callable[..., Any] = self.__call__
        self.sequence = sequence
        self.outputs = outputs
        self.guard = guard
        self.failure = failure
        self.rule = RULES.get(name)
        OPERATIONS[name] = self

    @functools.cached_property
    def record(self) -> Callable[..., None]:
        """What gives the result its node; made when the operation is first recorded."""
        assert self.rule is not None
        if self.sequence:
            return sequence_recorder(self.rule)
        if self.outputs is not None:
            return outputs_recorder(self.rule, self.operands)
        broadcasts = self.family in BROADCASTING and len(self.operands) > 1
        return generated.record(self.rule, self.operands, broadcasts)

    @functools.cached_property
    def differentiable(self) -> tuple[int, ...]:
        """The positions of the operands that have a gradient."""
        assert self.rule is not None
        return tuple(map(self.operands.index, self.rule.operands))

    @property
    def chapter(self) -> str:
        """The chapter of the standard to which it belongs, ``"losses"`` for a loss."""
        package, _, chapter = self.module.rpartition(".")
        return "losses" if package.endswith("losses") else chapter

    def resolve(self, key: DispatchKey) -> tuple[Callable[..., Any], Any]:
        """The kernel for operands with a dispatch key, and the key of the result, or those of its several results.

        Raises
        ------
        TypeError
            If the operation does not take the dtype.
        NotImplementedError
            If the backend can't do the operation.
        """
        if not self.takes(key.dtype):
            return self._resolve_converted(key)
        kernel = getattr(key.library.ops, self.name)
        if type(kernel) is ByKind:
            kernel = kernel.of(key.dtype.kind)
        if self.is_guarded(key.dtype):
            kernel = self._guarded(key.library, kernel)
        if self.outputs is not None:
            return kernel, tuple(key.with_dtype(RESULTS[result](key.dtype)) for result in self.outputs.values())
        return kernel, key.with_dtype(RESULTS[self.result](key.dtype))

    def is_guarded(self, dtype: DType) -> bool:
        """Whether operands of a dtype are checked by value."""
        return self.guard is not None and dtype.kind in "iu"

    def _guarded(self, library: Any, kernel: Callable[..., Any]) -> Callable[..., Any]:
        guard, ops = self.guard, library.ops

        def guarded(*arrays: Any) -> Any:
            ops.inspect(guard, arrays[-1])
            return kernel(*arrays)

        return guarded

    def takes(self, dtype: DType) -> bool:
        """Whether the standard has an answer for operands of a dtype."""
        return dtype in ACCEPTED[self.accepts]

    def _resolve_converted(self, key: DispatchKey) -> tuple[Callable[..., Any], Any]:
        """The kernel for integers where the standard wants floating-point numbers; it converts them first."""
        dtype = self.computing_dtype(key.dtype)
        if not self.takes(dtype):
            raise DTypeError(f"{self.name}: got {key.dtype}, wanted a {self.accepts} dtype")
        kernel, result = key.with_dtype(dtype).table[self.name]
        cast = key.library.ops.cast
        return lambda *arrays, **parameters: kernel(*[cast(x, dtype.name) for x in arrays], **parameters), result

    def computing_dtype(self, dtype: DType) -> DType:
        """The dtype in which the operation takes operands of a dtype: PyTorch's default float for integers, where
        the standard has no answer.
        """
        if "floating-point" in self.accepts and dtype.kind in "iub":
            return get_default_dtype()
        return dtype

    def __call__(self, *tensors: Operand, **parameters: Any) -> Any:
        """Apply the operation to tensors of one device, with normalised parameters; record it if a gradient is wanted.

        The kernel and the key of the result are those of the last operand's key. Several results are a tuple.
        """
        kernel, key = tensors[-1]._key.table[self.name]
        arrays = [tensor._current() for tensor in tensors]
        finish: Callable[..., Any] = self.finish if self.outputs is None else self.finish_outputs
        return finish(kernel(*arrays, **parameters), key, tensors, **parameters)

    def finish(self, array: Any, key: DispatchKey, tensors: tuple[Operand, ...], **parameters: Any) -> Any:
        """The tensor of a raw result, with its node if a gradient is wanted of an operand."""
        out = tensors[-1]._wrap(array, key)
        if self.rule is not None and is_grad_enabled():
            edges = [tensors[i]._node for i in self.differentiable]
            if edges.count(None) < len(edges):
                wanted = {name: parameters[name] for name in self.rule.parameters if name in parameters}
                self.record(*tensors, *edges, out, **wanted)
        return out

    def finish_sequence(self, array: Any, key: DispatchKey, tensors: tuple[Operand, ...], **parameters: Any) -> Any:
        """The same for an operation on a sequence of tensors."""
        out = tensors[-1]._wrap(array, key)
        edges = tuple(tensor._node for tensor in tensors)
        if self.rule is not None and edges.count(None) < len(edges) and is_grad_enabled():
            self.record(tensors, edges, out, **parameters)
        return out

    def finish_outputs(
        self, arrays: tuple[Any, ...], kinds: tuple[DispatchKey, ...], tensors: tuple[Operand, ...], **parameters: Any
    ) -> tuple[Any, ...]:
        """The same for an operation with several results."""
        wrap = tensors[-1]._wrap
        outs = tuple(wrap(array, kind) for array, kind in zip(arrays, kinds, strict=True))
        if self.rule is not None and is_grad_enabled():
            edges = tuple(tensors[i]._node for i in self.differentiable)
            if edges.count(None) < len(edges):
                self.record(tensors, edges, outs, **parameters)
        return outs

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _declaring_module() -> str:
    """The name of the first module on the way out that is no family."""
    frame = sys._getframe(2)
    while frame.f_globals["__package__"] == _FAMILIES and frame.f_back is not None:
        frame = frame.f_back
    name: str = frame.f_globals["__name__"]
    return name


_FAMILIES = f"{__package__.rpartition('.')[0]}.families"
"""The package whose modules declare operations for others."""
