"""`autograd.Function`: operations with a user-defined gradient, on every backend."""

from __future__ import annotations

import copy
import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, final

from .modes import enable_grad, is_grad_enabled, no_grad
from .node import Node, next_order
from .observers import notify, observers
from .outputs import Selection
from .protocol import is_tensor


class SavedTensor(NamedTuple):
    """A saved tensor, without the operation's own node, which would close a cycle.

    Attributes
    ----------
    output : int or None
        The position among the results, whose node is then found through the operation's.
    """

    array: Any
    key: Any
    history: Any
    storage: Any
    version: int
    output: int | None


class FunctionContext:
    """The context that `Function.forward` passes to `Function.backward`; users may set attributes on it.

    Attributes
    ----------
    needs_input_grad : tuple of bool
        For each argument, whether it requires a gradient.
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._to_save: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()
        self._materialize = True
        self._saved: Callable[[], tuple[Any, ...]] | None = None
        self._edges: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Save tensors, or None, for `saved_tensors`; after a later write to one the backward pass raises."""
        for tensor in tensors:
            if tensor is not None and not is_tensor(tensor):
                raise TypeError(f"save_for_backward: got {type(tensor).__name__}, wanted tensors; keep it as ctx.name")
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that `save_for_backward` saved.

        Raises
        ------
        RuntimeError
            If one was written since.
        """
        return self._to_save if self._saved is None else self._saved()

    def mark_dirty(self, *tensors: Any) -> None:
        """Declare arguments that `forward` wrote in place; they must be among its results."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Declare results without a gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Set whether `backward` gets zeros, the default, or None for results without a gradient."""
        self._materialize = value


class Function:
    """Base class of operations with a user-defined gradient: subclass it, and call ``apply``.

    ``forward(ctx, *args)`` computes the result, or a tuple of results, on tensors; nothing in it is recorded.
    ``backward(ctx, *grads)`` gets the gradient of each result and returns one for each argument, None where there is
    none. Where it is itself made of differentiable operations, derivatives of any order follow. With a
    ``setup_context(ctx, inputs, output)``, ``forward`` takes no context.

    Examples
    --------
    >>> import tensorplug as tp
    >>> class Cube(tp.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return grad * 3 * x * x
    >>> x = tp.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(*args: Any) -> Any:
        """Compute the result."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    @staticmethod
    def setup_context(ctx: FunctionContext, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what the backward pass needs, if `forward` takes no context."""

    @staticmethod
    def backward(ctx: FunctionContext, *grads: Any) -> Any:
        """Compute the gradient of each argument."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *grads)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Compute the result, and record the operation if an argument requires a gradient.

        Raises
        ------
        TypeError
            If `forward` returns anything but tensors.
        RuntimeError
            If it wrote a leaf that requires a gradient, or an argument marked dirty is not a result.
        """
        ctx = FunctionContext(tuple(is_tensor(arg) and arg.requires_grad for arg in args))
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args)
            else:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
        outputs = output if isinstance(output, tuple) else (output,)
        for one in outputs:
            if not is_tensor(one):
                raise TypeError(f"{cls.__name__}: forward returns tensors, got {type(one).__name__}")
        if is_grad_enabled() and any(ctx.needs_input_grad):
            outputs = _record(cls, ctx, args, outputs)
        ctx._to_save = ctx._dirty = ctx._constant = ()
        return outputs if isinstance(output, tuple) else outputs[0]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a `Function.backward` that cannot be differentiated again; doing so then raises.

    Examples
    --------
    >>> import tensorplug as tp
    >>> class Double(tp.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     @tp.autograd.once_differentiable
    ...     def backward(ctx, grad):
    ...         return grad * 2
    """

    @functools.wraps(backward)
    def wrapped(ctx: FunctionContext, *grads: Any) -> Any:
        with no_grad():
            found = backward(ctx, *grads)
        # With the gradients of the arguments, too, which PyTorch leaves out, so that it gives wrong ones.
        edges = [grad._node for grad in grads if grad is not None and grad._node is not None]
        edges += [edge for edge in ctx._edges if edge is not None]
        if not is_grad_enabled():
            return found
        results = found if isinstance(found, tuple) else (found,)
        raising = tuple(
            _with_raising_node(one, edges) if is_tensor(one) and one.dtype.is_differentiable else one for one in results
        )
        return raising if isinstance(found, tuple) else raising[0]

    return wrapped


@final
class _RaisingRule:
    """The rule of the results of a once-differentiable `backward`, which raises."""

    name = "once_differentiable"
    tensors = ()

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice, or in forward mode, a function that was marked with @once_differentiable; "
            "write its backward out of differentiable operations and leave the mark away"
        )

    def lift(self, node: Any, saved: Any, lift: Any) -> Any:
        return saved


def _with_raising_node(tensor: Any, edges: Sequence[Any]) -> Any:
    result = tensor.detach()
    result._node = _node(_RaisingRule(), tensor._key, tuple(edges), ())
    return result


def _node(rule: Any, key: Any, edges: tuple[Any, ...], saved: tuple[Any, ...]) -> Node:
    node = Node()
    node.rule = rule
    node.key = key
    node.edges = edges
    node.saved = saved
    node.shapes = None
    node.order = next_order()
    return node


def _record(
    cls: type[Function], ctx: FunctionContext, args: tuple[Any, ...], outputs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Give the results of `forward` their nodes."""
    for tensor in ctx._dirty:
        tensor._require_writable(cls.__name__)
        if not any(one is tensor for one in outputs):
            raise RuntimeError(f"{cls.__name__}: an argument that was marked dirty must be among the results")
    given = [_result(one, args, ctx._dirty) for one in outputs]
    rule = _Rule(cls, ctx, args, outputs)
    edges = tuple(arg._node for arg in args if is_tensor(arg))
    node = _node(rule, outputs[0]._key, edges, _save(ctx._to_save, outputs))
    for position, (one, result) in enumerate(zip(outputs, given, strict=True)):
        if any(one is constant for constant in ctx._constant) or not one.dtype.is_differentiable:
            continue
        history = node if rule.is_single else rule.selections[position].select(node, result._key)
        rule.results[position] = weakref.ref(history)
        if any(one is dirty for dirty in ctx._dirty):
            result._write_history(history)
        else:
            result._node = history
    if observers:
        notify(node, given[0] if rule.is_single else tuple(given))
    return tuple(given)


def _result(output: Any, args: tuple[Any, ...], dirty: tuple[Any, ...]) -> Any:
    """The tensor to return: a new one for an argument that is returned unchanged."""
    if any(output is one for one in dirty):
        return output
    return output.detach() if output._node is not None or any(output is arg for arg in args) else output


def _save(tensors: tuple[Any, ...], outputs: tuple[Any, ...]) -> tuple[SavedTensor | None, ...]:
    saved: list[SavedTensor | None] = []
    for tensor in tensors:
        if tensor is None:
            saved.append(None)
            continue
        array, storage, version = tensor._save()
        output = next((i for i, one in enumerate(outputs) if one is tensor), None)
        history = tensor._node if output is None else None
        saved.append(SavedTensor(array, tensor._key, history, storage, version, output))
    return tuple(saved)


def _nothing() -> None:
    """A weak reference to a node that is gone."""


@final
class _Rule:
    """The gradient rule of one call of a Function."""

    tensors = ()

    def __init__(
        self, cls: type[Function], ctx: FunctionContext, args: tuple[Any, ...], outputs: tuple[Any, ...]
    ) -> None:
        self.name = cls.__name__
        self._cls = cls
        self._ctx = ctx
        self._inputs = [(arg.shape, arg._key) if is_tensor(arg) else None for arg in args]
        self._outputs = [(one.shape, one._key) for one in outputs]
        self.is_single = len(outputs) == 1
        self.results: list[Any] = [_nothing] * len(outputs)
        self.selections = [Selection(cls.__name__, f"output{i}") for i in range(len(outputs))]
        self._make = outputs[0]._lift

    def lift(self, node: Any, saved: tuple[Any, ...], lift: Any) -> tuple[Any, ...]:
        """Saved tensors have their nodes already."""
        return saved

    def vjp(self, node: Any, g: Any, ops: Any, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """The gradients of the arguments that are tensors, by the user's `backward`."""
        parts = (g,) if self.is_single else tuple(getattr(g, selection.output) for selection in self.selections)
        recorded = any(is_tensor(part) for part in parts)
        # A copy, since several passes may run at once.
        ctx = copy.copy(self._ctx)
        ctx._saved = functools.partial(self._unpack, node, saved)
        ctx._edges = node.edges
        with enable_grad() if recorded else no_grad():
            found = self._cls.backward(ctx, *self._output_gradients(parts, ops))
            return self._checked(found, recorded, ops)

    def _output_gradients(self, parts: tuple[Any, ...], ops: Any) -> list[Any]:
        grads = []
        for part, (shape, key) in zip(parts, self._outputs, strict=True):
            if part is not None:
                grads.append(self._make(None, key)._gradient_for_user(part, key))
            elif self._ctx._materialize:
                zeros = key.library.ops.zeros(shape, dtype=key.native_dtype, device=key.native_device)
                grads.append(self._make(zeros, key))
            else:
                grads.append(None)
        return grads

    def _unpack(self, node: Any, saved: tuple[SavedTensor | None, ...]) -> tuple[Any, ...]:
        tensors: list[Any] = []
        for one in saved:
            if one is None:
                tensors.append(None)
                continue
            if one.storage.version != one.version:
                raise RuntimeError(
                    f"{self.name}: one of the variables needed for gradient computation has been modified by an "
                    f"inplace operation: a saved tensor of shape {tuple(one.array.shape)} is at version "
                    f"{one.storage.version}; expected version {one.version} instead. Write to a copy (x.clone())."
                )
            history = one.history
            if one.output is not None:
                # The node of the user's tensor while that lives, so that this use counts in its gradient.
                history = node if self.is_single else self.results[one.output]()
                history = history or self.selections[one.output].select(node, one.key)
            tensors.append(self._make(one.array, one.key, history, one.storage, one.version))
        return tuple(tensors)

    def _checked(self, found: Any, recorded: bool, ops: Any) -> tuple[Any, ...]:
        results = found if isinstance(found, tuple) else (found,)
        count = len(self._inputs)
        if len(results) < count or any(one is not None for one in results[count:]):
            raise RuntimeError(
                f"{self.name}: backward returned an incorrect number of gradients (expected {count}, got "
                f"{len(results)}): it returns one for each argument of forward, None for those without"
            )
        gradients = []
        for position, (result, wanted) in enumerate(zip(results, self._inputs, strict=False)):
            if wanted is None:
                if result is not None:
                    raise RuntimeError(
                        f"{self.name}: backward returned a gradient at index {position}, where the argument is no "
                        f"tensor; return None there"
                    )
                continue
            gradients.append(None if result is None else self._input_gradient(position, result, *wanted, recorded))
        return tuple(gradients)

    def _input_gradient(self, position: int, result: Any, shape: tuple[int, ...], key: Any, recorded: bool) -> Any:
        if not is_tensor(result):
            raise TypeError(
                f"{self.name}: backward returned {type(result).__name__} at index {position}, wanted a tensor or None"
            )
        # In a batch of gradients it has another device of that name.
        if result._key.device is not key.device and str(result._key.device) != str(key.device):
            raise RuntimeError(
                f"{self.name}: backward returned a gradient on {result._key.device} at index {position}, wanted one "
                f"on {key.device}"
            )
        if result.shape != shape:
            result = self._summed(position, result, shape)
        return result._gradient_for_engine(key, recorded)

    def _summed(self, position: int, result: Any, shape: tuple[int, ...]) -> Any:
        """Sum a gradient over the axes along which the argument was broadcast."""
        added = len(result.shape) - len(shape)
        fits = added >= 0 and all(n in (1, m) for n, m in zip(shape, result.shape[added:], strict=True))
        if not fits:
            raise RuntimeError(
                f"{self.name}: backward returned an invalid gradient at index {position} - got {result.shape} but "
                f"expected shape compatible with {shape}"
            )
        stretched = [i for i in range(len(result.shape)) if i < added or shape[i - added] != result.shape[i]]
        return result.sum(axis=tuple(stretched)).reshape(shape)
