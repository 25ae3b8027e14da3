"""PyTorch's tensors as arguments and results of functions of Tensors, differentiated by PyTorch."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..dispatch.keys import library_for
from ..memory.tensor import Tensor
from ..memory.views import detach
from ..types.devices import default_backend
from .interop import from_dlpack
from .native import from_native, to_native


class PyTorch(NamedTuple):
    """Exchange by DLPack with the default backend, which computes.

    Attributes
    ----------
    torch : module
    """

    torch: Any

    def to_tensor(self, array: Any) -> Tensor:
        """A tensor that shares the memory, if the default backend is NumPy's, or CuPy's for CUDA."""
        # DLPack has no conjugates that are still to be computed.
        plain = array.detach().resolve_conj().resolve_neg()
        if isinstance(plain, library_for(default_backend()).array_types):
            return from_native(plain)
        return from_dlpack(plain)

    def to_array(self, x: Tensor) -> Any:
        """The values as a tensor of PyTorch."""
        own = to_native(detach(x))
        return own if isinstance(own, self.torch.Tensor) else self.torch.from_dlpack(detach(x))

    def call(self, pullback: Any, arrays: Sequence[Any]) -> Sequence[Any]:
        """Call the function as one node of PyTorch's graph, if it records one."""
        torch = self.torch
        is_recorded = torch.is_grad_enabled() and any(array.requires_grad for array in arrays)
        is_transformed = torch._C._are_functorch_transforms_active() or torch.autograd.forward_ad._current_level >= 0
        if not is_recorded and not is_transformed:
            found: Sequence[Any] = pullback(*arrays)
            return found
        results: Sequence[Any] = _function(torch).apply(pullback, {}, *arrays)
        return results


def is_compiling() -> bool:
    """Whether `torch.compile` traces the calling function."""
    torch = sys.modules.get("torch")
    return torch is not None and torch.compiler.is_compiling()


def between_graphs(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that `torch.compile` does not trace, but calls between two compiled graphs."""
    called: Callable[..., Any] = sys.modules["torch"].compiler.disable(function)
    return called


@functools.cache
def _function(torch: Any) -> Any:
    """The class of the nodes of PyTorch's graph."""

    class Wrapped(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(pullback: Any, kept: dict[str, Any], *arrays: Any) -> Any:
            results, kept["pull"] = pullback.linearized(arrays)
            # PyTorch may write to them, of which the graph that is kept would know nothing.
            return tuple(one.clone() for one in results)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            pullback, kept, *arrays = inputs
            ctx.pullback, ctx.kept = pullback, kept
            ctx.save_for_backward(*arrays)
            ctx.differs = [_is_differentiable(one) for one in output]
            ctx.mark_non_differentiable(*(one for one in output if not _is_differentiable(one)))

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            # They also tell of arrays that were written meanwhile.
            arrays = ctx.saved_tensors
            cotangents = [one for one, differs in zip(gradients, ctx.differs, strict=True) if differs]
            # With `create_graph` the gradients are differentiated, too.
            again = torch.is_grad_enabled()
            found = iter(ctx.pullback.pull(arrays, cotangents) if again else ctx.kept["pull"](cotangents))
            return None, None, *(next(found) if _is_differentiable(array) else None for array in arrays)

        @staticmethod
        def vmap(info: Any, in_dims: Any, pullback: Any, kept: Any, *arrays: Any) -> Any:
            """One example after the other."""
            if not info.batch_size:
                raise ValueError("vmap: got no examples, which would tell the shapes of the results")
            columns = [
                [x] * info.batch_size if axis is None else x.unbind(axis)
                for x, axis in zip(arrays, in_dims[2:], strict=True)
            ]
            examples = [Wrapped.apply(pullback, {}, *one) for one in zip(*columns, strict=True)]
            results = tuple(map(torch.stack, zip(*examples, strict=True)))
            return results, (0,) * len(results)

    return Wrapped


def _is_differentiable(array: Any) -> bool:
    return bool(array.is_floating_point() or array.is_complex())
