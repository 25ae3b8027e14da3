"""`export`: a function or a module as an ONNX model."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy

from ..autograd.modes import no_grad
from ..autograd.trees import flatten
from ..backends.program import Instruction, Var, substituted, variables
from ..core.memory.tensor import Tensor
from ..core.standard.creation import arange
from ..core.standard.indexing import take
from ..core.types.axes import normalize_axis
from ..extras import require
from ..nn.module import Module
from .dim import Dim
from .dynamic import depends_otherwise, symbolic
from .errors import OnnxExporterError
from .graph import Graph, Name, NoCounterpart, Value
from .table import FUNCTION_NODES, OPERATION_NODES
from .tracing import Trace, trace

__all__ = ["export"]

FIRST_OPSET = 20
"""The oldest version of ONNX's operators that the lowering is written for."""


def export(
    model: Callable[..., Any], args: Any = (), f: Any = None, *, kwargs: Mapping[str, Any] | None = None,
    export_params: bool = True, verbose: bool | None = None, input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None, opset_version: int | None = None, do_constant_folding: bool = True,
    dynamic_axes: Mapping[str, Any] | None = None, external_data: bool = False, dynamo: bool = True,
) -> Any:  # fmt: skip
    """Export a function or a module to ONNX.

    It is called once, and the operations that it consists of are recorded, on whatever backend the tensors are. A
    module is exported as in ``eval()`` and without gradients; its parameters and buffers are initializers under their
    names in ``state_dict``.

    Parameters
    ----------
    model : callable or Module
        A function of tensors, which returns a tensor, or a tuple, list or dict of tensors. What it computes must depend
        on its tensors alone.
    args : tuple
        Its arguments, tensors among them, also within tuples, lists and dicts; a single tensor need not be in a tuple.
        They say the shapes and dtypes of the model's inputs, except for `dynamic_axes`.
    f : str, path or file, optional
        Where the model is written to.
    kwargs : dict, optional
        Arguments by name.
    input_names, output_names : sequence of str, optional
        The names of the first inputs and outputs, those of the tensors from left to right. By default inputs have the
        names of the parameters, and outputs are named ``output``, or ``output_0``, ``output_1`` and so on.
    opset_version : int, default: 20
        The version of ONNX's operators, 20 or later.
    dynamic_axes : dict, optional
        For names of inputs the axes whose length varies: a dict of names of lengths by axis, such as
        ``{"x": {0: "batch"}}``, or a list of axes. Axes of one name have one length. The function is then called with
        several lengths.
    external_data : bool, default: False
        Whether the initializers are written to a file of their own beside `f`, as they must be beyond 2 GB.
    export_params, verbose, do_constant_folding, dynamo
        Accepted as PyTorch's, without effect; parameters are always exported.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    OnnxExporterError
        If ONNX has no counterpart of an operation, whose name and line the message has; if the function looks at
        values, draws random numbers, or writes to tensors from outside; if what it computes depends on a dynamic length
        in a way that ONNX can't express.
    ModuleNotFoundError
        If the package `onnx` is not installed.

    Examples
    --------
    >>> import tensorplug as tp
    >>> network = tp.nn.Linear(2, 3)
    >>> model = tp.onnx.export(network, (tp.zeros(5, 2),))
    >>> [node.op_type for node in model.graph.node]
    ['Gemm']
    >>> [array.name for array in model.graph.initializer]
    ['weight', 'bias']
    """
    require("tensorplug.onnx.export", "onnx", "onnx")
    import onnx

    opset = FIRST_OPSET if opset_version is None else opset_version
    newest = onnx.defs.onnx_opset_version()
    if not FIRST_OPSET <= opset <= newest:
        raise ValueError(f"onnx.export: got opset_version {opset}, wanted one from {FIRST_OPSET} to {newest}")
    if not export_params:
        raise ValueError("onnx.export: got export_params=False, but parameters are part of the model")
    call = _Call(model, args if isinstance(args, tuple) else (args,), kwargs or {}, input_names, dynamic_axes or {})

    def exported(lengths: Mapping[str, int]) -> _Exporter:
        found = symbolic(call.trace, lengths) if lengths else call.trace(lengths)
        return _Exporter(onnx, found, call.names, call.axes, _names_of_state(model), output_names, opset)

    with _inference(model):
        found = exported(call.lengths)
        if call.lengths:
            longer = {symbol: length + 5 for symbol, length in call.lengths.items()}
            found.require_equal(exported(longer), list(longer))
    onnx.checker.check_model(found.model)
    if f is not None:
        place = os.fspath(f) if isinstance(f, os.PathLike) else f
        location = f"{os.path.basename(place)}.data" if external_data else None
        onnx.save_model(found.model, place, save_as_external_data=external_data, location=location)
    return found.model


class _Call:
    """A function with arguments.

    Attributes
    ----------
    names : list of str
        Those of the tensors among the arguments.
    axes : dict of str to dict of int to str
        The names of lengths that vary, by input and axis.
    lengths : dict of str to int
        The lengths of the example by name, at least 2: of an axis of length 1 it could not be told whether it is
        broadcast.
    """

    def __init__(
        self, model: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any],
        names: Sequence[str] | None, dynamic_axes: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._model = model
        self._leaves, self._rebuild = flatten((args, dict(kwargs)))
        self._places = [i for i, one in enumerate(self._leaves) if isinstance(one, Tensor)]
        self.names = _input_names(model, args, kwargs, names, len(self._places))
        inputs = {name: self._leaves[i] for name, i in zip(self.names, self._places, strict=True)}
        self.axes = _dynamic_axes(dynamic_axes, inputs)
        self.lengths = {
            symbol: max(2, inputs[name].shape[axis]) for name, own in self.axes.items() for axis, symbol in own.items()
        }

    def trace(self, lengths: Mapping[str, int]) -> Trace:
        """Trace the function with lengths by name."""
        given = list(self._leaves)
        for name, i in zip(self.names, self._places, strict=True):
            for axis, symbol in self.axes.get(name, {}).items():
                given[i] = _with_length(given[i], axis, lengths[symbol])
        args, kwargs = self._rebuild(given)
        return trace(self._model, args, kwargs)


@contextmanager
def _inference(model: Any) -> Iterator[None]:
    """A module as it is used after training, without gradients; afterwards it is as it was."""
    if not isinstance(model, Module):
        yield
        return
    modes = [(one, one.training) for one in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for one, training in modes:
            one.training = training


def _names_of_state(model: Any) -> dict[int, Name]:
    """The names of parameters and buffers, by the identity of the tensors."""
    owner = model if isinstance(model, Module) else getattr(model, "__self__", None)
    if not isinstance(owner, Module):
        return {}
    return {id(tensor): name for name, tensor in (*owner.named_buffers(), *owner.named_parameters())}


def _input_names(
    model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], given: Sequence[str] | None, count: int
) -> list[Name]:
    """The names of the tensors among the arguments: those of the parameters, numbered where one holds several."""
    called = model.forward if isinstance(model, Module) else model
    try:
        bound = inspect.signature(called).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        bound = {"input": (args, dict(kwargs))}
    names: list[Name] = []
    for name, value in bound.items():
        leaves = [one for one in flatten(value)[0] if isinstance(one, Tensor)]
        names += [name] if leaves and leaves[0] is value else [f"{name}_{i}" for i in range(len(leaves))]
    return _named("input_names", given, names, count)


def _named(argument: str, given: Sequence[str] | None, names: list[Name], count: int) -> list[Name]:
    if given is not None and len(given) > count:
        raise ValueError(f"onnx.export: got {len(given)} {argument}, wanted at most {count}, one for each tensor")
    found = [*(given or ()), *names[len(given or ()) :]]
    if len(set(found)) < len(found):
        raise ValueError(f"onnx.export: the {argument} {found} are not all different")
    return found


def _dynamic_axes(given: Mapping[str, Any], inputs: Mapping[Name, Tensor]) -> dict[Name, dict[int, str]]:
    """The names of lengths that vary, by input and axis."""
    found: dict[Name, dict[int, str]] = {}
    for name, axes in given.items():
        if name not in inputs:
            raise ValueError(f"onnx.export: dynamic_axes names {name!r}, the inputs are {', '.join(inputs)}")
        ndim = inputs[name].ndim
        named = axes if isinstance(axes, Mapping) else {axis: f"{name}_axis_{axis}" for axis in axes}
        found[name] = {normalize_axis("onnx.export", axis, ndim): str(symbol) for axis, symbol in named.items()}
        if not all(inputs[name].shape):
            raise ValueError(f"onnx.export: the input {name!r} with dynamic axes is empty, wanted an example")
    return found


def _with_length(tensor: Tensor, axis: int, length: int) -> Tensor:
    """A tensor with an axis of another length, by repeating or leaving out elements."""
    if tensor.shape[axis] == length:
        return tensor
    return take(tensor, arange(length, device=tensor.device) % tensor.shape[axis], axis=axis)


class _Exporter:
    """Turns a trace into a model."""

    def __init__(
        self, onnx: Any, found: Trace, inputs: list[Name], axes: Mapping[Name, Mapping[int, str]],
        state: dict[int, Name], output_names: Sequence[str] | None, opset: int,
    ) -> None:  # fmt: skip
        self._onnx = onnx
        self._trace = found
        count = len(found.outputs)
        names = ["output"] if count == 1 else [f"output_{i}" for i in range(count)]
        self._output_names = _named("output_names", output_names, names, count)
        sources = {symbol: (name, axis) for name, own in axes.items() for axis, symbol in own.items()}
        self.graph = Graph(onnx, [*inputs, *state.values(), *self._output_names], sources)
        self._values: dict[Var, Value] = {}
        self._inputs = []
        for var, name in zip(found.inputs, inputs, strict=True):
            self._values[var] = Value(name, var.shape, self._dtype(var, ""))
            self._inputs.append(self._info(name, var))
        self._sources = {var: (source, state.get(id(source))) for var, source in found.captured}
        self.model = self._model(opset)

    def require_equal(self, other: _Exporter, symbols: Sequence[str]) -> None:
        """Raise unless the model is the one that is made with other lengths."""
        mine, others = self.graph, other.graph
        for one, two, place in zip(mine.nodes, others.nodes, mine.places, strict=False):
            if one != two or not all(mine.is_alike(others, name) for name in one.input):
                raise depends_otherwise(place, symbols)
        if self.model != other.model:
            raise depends_otherwise("", symbols)

    def _model(self, opset: int) -> Any:
        onnx, graph = self._onnx, self.graph
        for one in _needed(self._trace, self._fits):
            self._lower(one)
        outputs = [self._output(*one) for one in zip(self._output_names, self._trace.outputs, strict=True)]
        initializers = [onnx.numpy_helper.from_array(array, name) for name, array in graph.initializers.items()]
        made = onnx.helper.make_graph(graph.nodes, "tensorplug", self._inputs, outputs, initializers)
        imports = [onnx.helper.make_opsetid("", opset)]
        return onnx.helper.make_model(
            made, opset_imports=imports, producer_name="tensorplug",
            ir_version=onnx.helper.find_min_ir_version_for(imports),
        )  # fmt: skip

    def _output(self, name: Name, var: Var) -> Any:
        """Give an output its name, by a node of its own if it is an input, an initializer or another output."""
        graph, found = self.graph, self._value(var)
        own = {one for node in graph.nodes for one in node.output}
        if found.name in own and found.name not in self._output_names:
            graph.rename(found.name, name)
            self._values = {one: value._replace(name=name) if value.name == found.name else value
                            for one, value in self._values.items()}  # fmt: skip
        else:
            graph.nodes.append(self._onnx.helper.make_node("Identity", [graph.name_of(found)], [name], name=name))
        return self._info(name, var)

    def _info(self, name: Name, var: Var) -> Any:
        element = self._onnx.helper.np_dtype_to_tensor_dtype(self._dtype(var, ""))
        return self._onnx.helper.make_tensor_value_info(name, element, [_shown(n) for n in var.shape])

    def _dtype(self, var: Var, place: str) -> numpy.dtype:
        """The dtype of an array that an operation has to do with."""
        name = self._trace.library.backend.dtype_name(var)
        if name == "bfloat16" or name.startswith("complex"):
            what = f"{place} computes with" if place else "an input or output is of"
            raise OnnxExporterError(f"onnx.export: {what} {name}, which is not exported")
        return numpy.dtype(name)

    def _value(self, var: Var, place: str = "") -> Value:
        found = self._values.get(var)
        if found is None:
            found = self._values[var] = self._source(var, place)
        return found

    def _source(self, var: Var, place: str) -> Value:
        """A constant, or a tensor from outside, as an initializer."""
        backend, dtype = self._trace.library.backend, self._dtype(var, place)
        if var in self._trace.constants:
            array = self._trace.constants[var]
            array = array if isinstance(array, numpy.ndarray) else numpy.asarray(backend.to_numpy(array))
            return Value(self._varying(array, var.shape), var.shape, dtype, array)
        source, name = self._sources[var]
        array = source._array if isinstance(source, Tensor) else source.root
        name = name or self.graph.new_name("tensor")
        self.graph.initializers[name] = numpy.array(backend.to_numpy(array))
        return Value(name, var.shape, dtype)

    def _varying(self, array: numpy.ndarray, shape: Sequence[int]) -> Name:
        """A constant whose length varies: equal elements, or numbers from 0; no name if it does not vary."""
        varying = [n for n in shape if isinstance(n, Dim)]
        if not varying:
            return ""
        graph = self.graph
        if (array == array.flat[0]).all():
            return graph.filled(array.flat[0], array.dtype, shape)
        if len(varying) == 1 and array.size == varying[0] and (array.reshape(-1) == numpy.arange(array.size)).all():
            numbers = graph.Range(numpy.asarray(0), graph.Squeeze(graph.lengths(varying)), numpy.asarray(1))
            return graph.reshape(graph.converted(numbers, array.dtype), shape)
        raise depends_otherwise(graph.place, [one.symbol for one in varying])

    def _arguments(self, one: Instruction) -> tuple[Any, dict[str, Any]]:
        place = _place(one)
        found: tuple[Any, dict[str, Any]] = substituted(
            (one.operands, one.parameters), lambda var: self._value(var, place)
        )
        return found

    def _fits(self, one: Instruction) -> bool:
        """Whether the call of a function is lowered as one."""
        shapes = substituted(one.parameters, lambda var: Value("", var.shape, self._dtype(var, _place(one))))
        return FUNCTION_NODES[one.name].fits(**shapes)

    def _lower(self, one: Instruction) -> None:
        self.graph.place = _place(one)
        try:
            found = self._nodes(one)
        except NoCounterpart as error:
            raise OnnxExporterError(
                " ".join(f"onnx.export: {_place(one)} {error}".split())
                + " has no counterpart in ONNX; compute it outside of the exported function"
            ) from None
        names = [found] if isinstance(found, str) else list(found)
        for var, name in zip(variables(one.results), names, strict=True):
            self._values[var] = Value(name, var.shape, self._dtype(var, _place(one)))

    def _nodes(self, one: Instruction) -> Any:
        """Add the nodes of an instruction."""
        operands, parameters = self._arguments(one)
        out = substituted(one.results, lambda var: Value("", var.shape, self._dtype(var, _place(one))))
        lower = FUNCTION_NODES[one.name].lower if _is_function(one) else OPERATION_NODES.get(one.name)
        if lower is None:
            raise NoCounterpart("")
        return lower(self.graph, out, *operands, **parameters)


def _shown(length: int) -> Any:
    """A length of an input or output, as ONNX has it: a number, a name, or None if it is unknown."""
    if not isinstance(length, Dim):
        return length
    return str(length) if length.symbol else None


def _place(one: Instruction) -> str:
    return f"{one.name} at {one.line}" if one.line else one.name


def _is_function(one: Instruction) -> bool:
    return not one.operands


def _needed(found: Trace, fits: Callable[[Instruction], bool]) -> list[Instruction]:
    """The instructions that outputs need; functions that fit in place of those that they consist of."""
    live = set(found.outputs)
    kept: list[Instruction] = []
    for one in reversed(found.instructions):
        results = set(variables(one.results))
        if live.isdisjoint(results) or (_is_function(one) and not fits(one)):
            continue
        live -= results
        live.update(variables((one.operands, one.parameters)))
        kept.append(one)
    return kept[::-1]
