"""Function transforms as in JAX and ``torch.func``: `grad`, `vjp`, `jvp`, `jacrev`, `jacfwd`; they nest in any order.

A differentiated function takes and returns tensors, or tuples, lists and dicts of tensors, and must not write to its
arguments. Gradients of complex numbers are PyTorch's, the conjugates of JAX's.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

from .captured import reaches_beyond, within_function
from .forward import Level, NeedsRecording, differentiating
from .modes import is_grad_enabled, is_inference_mode_enabled
from .node import next_order
from .protocol import is_tensor
from .trees import flatten, leaves_like, map_leaves

Function = Callable[..., Any]

_requires_grad = operator.attrgetter("requires_grad")


def vjp(function: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Compute a function's result and its vector-Jacobian product, a function of cotangents.

    Parameters
    ----------
    function
    *primals
        Its arguments, all of which are differentiated.
    has_aux : bool, default: False
        Whether the function returns a pair ``(result, aux)``; `aux` is returned as it is.

    Returns
    -------
    tuple
        The result; ``pull(cotangents)``, which takes a tree like the result and returns a tuple of gradients like the
        arguments, any number of times; and, with `has_aux`, `aux`.

    Raises
    ------
    TypeError
        If an argument or the result has a leaf that is not a floating-point tensor.
    ValueError
        In the pull: if the cotangents are not like the result.

    Examples
    --------
    >>> import tensorplug as tp
    >>> y, pull = tp.func.vjp(lambda x: x * x, tp.tensor([1.0, 2.0]))
    >>> pull(tp.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    is_recording = is_grad_enabled()
    began = next_order()
    inputs, rebuild = flatten(primals)
    require_tensors("vjp", "an argument", inputs)
    with within_function(began, is_recording), differentiating():
        variables = _variables("vjp", inputs)
        unwritten = _versions(variables)
        result, aux = _called(function, rebuild(variables), has_aux)
        _require_unwritten("vjp", variables, unwritten)
        returned, build_output = flatten(result)
        require_tensors("vjp", "the function's result", returned)
        # Later writes do not change these.
        outputs = [one._lift(one._save()[0], one._key, one._node) for one in returned]
    attached = is_recording and reaches_beyond(outputs, began)

    def pull(cotangents: Any) -> tuple[Any, ...]:
        seeds = leaves_like(cotangents, result)
        if seeds is None:
            raise ValueError("vjp: the cotangents have another structure than the function's result")
        recorded = attached or (is_grad_enabled() and _any_recorded(seeds))
        gradients = _gradients_of("vjp", outputs, variables, seeds, recorded, retain_graph=True, linear=not attached)
        pulled: tuple[Any, ...] = rebuild(gradients)
        return pulled

    shown = build_output([_detached(one, attached) for one in returned])
    aux = map_leaves(functools.partial(_detached, attached=attached), aux)
    return (shown, pull, aux) if has_aux else (shown, pull)


def value_and_grad(function: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """Transform a function into one that returns its result and its gradient.

    Parameters
    ----------
    function
        A function that returns a real tensor of one element.
    argnums : int or tuple of int, default: 0
        The positions of the arguments to differentiate by; a tuple gives a tuple of gradients.
    has_aux : bool, default: False
        Whether the function returns a pair ``(result, aux)``; `aux` is returned as it is.

    Returns
    -------
    callable
        With the arguments of `function`; it returns the pair ``(result, gradient)``, with `has_aux`
        ``((result, aux), gradient)``. The gradient has the structure of the argument.

    Raises
    ------
    TypeError, ValueError
        When called: if an argument has a leaf that is not a floating-point tensor, or the result is not such a tensor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.value_and_grad(lambda p: (p["w"] * 3).sum())({"w": tp.ones(2)})
    (tensor(6.), {'w': tensor([3., 3.])})
    """

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        recorded = is_grad_enabled()
        began = next_order()
        chosen, full = _choose("grad", args, argnums)
        inputs, rebuild = flatten(chosen)
        require_tensors("grad", "an argument", inputs)
        with within_function(began, recorded):
            with differentiating():
                variables = _variables("grad", inputs)
                unwritten = _versions(variables)
                result, aux = _called(lambda *some: function(*full(some), **kwargs), rebuild(variables), has_aux)
                _require_unwritten("grad", variables, unwritten)
                _require_scalar(result)
            attached = recorded and reaches_beyond([result], began)
            gradients = rebuild(_gradients_of("grad", [result], variables, None, attached, retain_graph=attached))
        value = _detached(result, attached)
        if has_aux:
            value = (value, map_leaves(functools.partial(_detached, attached=attached), aux))
        return value, gradients if isinstance(argnums, tuple) else gradients[0]

    return differentiated


def grad(function: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """Transform a function into one that returns its gradient; the parameters are those of `value_and_grad`.

    Returns
    -------
    callable
        It returns the gradient, with `has_aux` the pair ``(gradient, aux)``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> cube = lambda x: x**3
    >>> tp.func.grad(cube)(tp.tensor(2.0)), tp.func.grad(tp.func.grad(cube))(tp.tensor(2.0))
    (tensor(12.), tensor(12.))
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return differentiated


def grad_and_value(function: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """Transform a function into one that returns its gradient and its result, as `value_and_grad` in other order.

    Returns
    -------
    callable
        It returns the pair ``(gradient, result)``, with `has_aux` ``(gradient, (result, aux))``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.grad_and_value(lambda x: x * x)(tp.tensor(3.0))
    (tensor(6.), tensor(9.))
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return gradients, value

    return differentiated


def jvp(function: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...], has_aux: bool = False) -> Any:
    """Compute a function's result and its Jacobian-vector product, in forward mode.

    Tangents are computed with the values, and nothing is saved.

    Parameters
    ----------
    function
    primals : tuple
        Its arguments, all of which are differentiated.
    tangents : tuple
        The direction, with leaves like those of `primals`.
    has_aux : bool, default: False
        Whether the function returns a pair ``(result, aux)``; `aux` is returned as it is.

    Returns
    -------
    tuple
        The result, its tangent, and, with `has_aux`, `aux`.

    Raises
    ------
    TypeError
        If an argument has a leaf that is not a floating-point tensor.
    ValueError
        If the tangents are not like the arguments.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.jvp(lambda x: x * x, (tp.tensor([1.0, 2.0]),), (tp.tensor([1.0, 0.5]),))
    (tensor([1., 4.]), tensor([2., 2.]))
    """
    inputs, rebuild = flatten(primals)
    directions = leaves_like(tangents, primals)
    if not isinstance(primals, tuple) or directions is None:
        raise ValueError("jvp: primals is a tuple of arguments, and tangents has the same structure")
    require_tensors("jvp", "an argument", inputs)
    require_like("jvp", "tangent", directions, inputs)
    directions = [direction._innermost() for direction in directions]
    arrays = [direction._save()[0] for direction in directions]
    if not is_grad_enabled() or not _any_recorded([*inputs, *directions]):
        try:
            return _push_forward(function, inputs, arrays, rebuild, has_aux, recorded=False)
        except NeedsRecording:
            # The function uses outer tensors that require gradients.
            pass
    return _push_forward(function, inputs, directions, rebuild, has_aux, recorded=True)


def _push_forward(
    function: Function, inputs: list[Any], directions: list[Any], rebuild: Any, has_aux: bool, recorded: bool
) -> Any:
    """See `jvp`; unless `recorded`, the directions are raw arrays."""
    is_recording = is_grad_enabled()
    level = Level(recorded, alone=not is_recording)
    values: list[Any] = []
    shown: list[Any] = []
    with within_function(level.began, is_recording), level:
        variables = _variables("jvp", inputs)
        unwritten = _versions(variables)
        for variable, direction in zip(variables, directions, strict=True):
            level.set(variable._node, direction)
        result, aux = _called(function, rebuild(variables), has_aux)
        outputs, build_output = flatten(result)
        require_tensors("jvp", "the function's result", outputs, any_dtype=True)
        found = [level.get(one._node) if one.requires_grad else None for one in outputs]
    _require_unwritten("jvp", variables, unwritten)
    exposed = set(map(id, directions))
    for one, tangent in zip(outputs, found, strict=True):
        values.append(one.detach() if one.requires_grad and not recorded else one)
        shown.append(_zeros_like(one) if tangent is None else one._tensor_for_user(tangent, one._key, exposed))
    if has_aux:
        aux = map_leaves(functools.partial(_detached, attached=recorded), aux)
        return build_output(values), build_output(shown), aux
    return build_output(values), build_output(shown)


def jacrev(
    function: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False, chunk_size: int | None = None
) -> Function:
    """Transform a function into one that returns its Jacobian, in reverse mode: a batch of VJPs.

    Parameters
    ----------
    function, argnums, has_aux
        As for `value_and_grad`, but the result has any shape and structure.
    chunk_size : int, optional
        How many rows are computed at a time, to save memory; by default all.

    Returns
    -------
    callable
        It returns, in the structure of the result, and in each of its places in that of the argument, tensors of
        shape ``(*result.shape, *argument.shape)``.

    Raises
    ------
    TypeError
        When called: as for `value_and_grad`, and if the result of `jacrev`, or the argument of `jacfwd`, is complex.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.jacrev(lambda x: x * x)(tp.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        chosen, full = _choose("jacrev", args, argnums)
        returned = vjp(lambda *some: function(*full(some), **kwargs), *chosen, has_aux=has_aux)
        inputs = flatten(chosen)[0]
        outputs, build_output = flatten(returned[0])
        _require_real("jacrev", "the function's result", outputs)
        rows: list[Any] = []
        if inputs and _count(outputs):
            pull = outputs[0]._vmap(lambda *seeds: flatten(returned[1](build_output(seeds)))[0], 0, chunk_size)
            rows = pull(*units(outputs))
        jacobians = []
        for output, part in zip(outputs, _parts(outputs), strict=True):
            found = [row[part].reshape((*output.shape, *row.shape[1:])) for row in rows]
            jacobians.append(_shape_like(found or [_empty(output, one) for one in inputs], chosen, argnums))
        jacobian = build_output(jacobians)
        return (jacobian, returned[2]) if has_aux else jacobian

    return differentiated


def jacfwd(
    function: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False, chunk_size: int | None = None
) -> Function:
    """Transform a function into one that returns its Jacobian, in forward mode: a batch of JVPs. See `jacrev`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.jacfwd(lambda x: x * x)(tp.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        chosen, full = _choose("jacfwd", args, argnums)
        inputs, rebuild = flatten(chosen)
        require_tensors("jacfwd", "an argument", inputs)
        _require_real("jacfwd", "an argument", inputs)

        def push(*directions: Any) -> Any:
            return jvp(lambda *some: function(*full(some), **kwargs), chosen, rebuild(list(directions)), has_aux)[1:]

        if _count(inputs):
            tangents, *aux = inputs[0]._vmap(push, (-1, None) if has_aux else (-1,), chunk_size)(*units(inputs))
        else:
            tangents, *aux = push(*map(_zeros_like, inputs))
        outputs, build_output = flatten(tangents)
        jacobians = []
        for output in outputs:
            if _count(inputs):
                shape = output.shape[:-1]
                pairs = zip(inputs, _parts(inputs), strict=True)
                found = [output[..., part].reshape((*shape, *one.shape)) for one, part in pairs]
            else:
                found = [_empty(output, one) for one in inputs]
            jacobians.append(_shape_like(found, chosen, argnums))
        jacobian = build_output(jacobians)
        return (jacobian, *aux) if has_aux else jacobian

    return differentiated


def hessian(function: Function, argnums: int | tuple[int, ...] = 0, chunk_size: int | None = None) -> Function:
    """Transform a scalar function into one that returns its Hessian: `jacfwd` of `jacrev`.

    With `chunk_size`, that many rows are computed at a time, to save memory.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.hessian(lambda x: (x**3).sum())(tp.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(function, argnums), argnums, chunk_size=chunk_size)


def hvp(function: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """Compute a scalar function's result and its Hessian-vector product, by `jvp` of `grad`.

    Parameters
    ----------
    function, primals, tangents
        As for `jvp`.

    Returns
    -------
    tuple
        The result, and a tuple like `primals`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.func.hvp(lambda x: (x**3).sum(), (tp.tensor([1.0, 2.0]),), (tp.tensor([1.0, 1.0]),))
    (tensor(9.), (tensor([ 6., 12.]),))
    """
    both = value_and_grad(function, tuple(range(len(primals))))
    (value, _), (_, product) = jvp(both, primals, tangents)
    return value, product


def _called(function: Function, args: tuple[Any, ...], has_aux: bool) -> tuple[Any, Any]:
    result = function(*args)
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError("with has_aux=True the function returns a pair of its result and something else")
    return result


def _choose(operation: str, args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> tuple[tuple[Any, ...], Any]:
    """The differentiated arguments, and a function that puts them among the others."""
    given = argnums if isinstance(argnums, tuple) else (argnums,)
    for position in given:
        if not isinstance(position, int):
            raise TypeError(f"{operation}: argnums is an int or a tuple of them, got {argnums!r}")
        if not -len(args) <= position < len(args):
            raise ValueError(f"{operation}: argnums {argnums} names no argument; {len(args)} were given")
    positions = [position % len(args) for position in given]
    if len(set(positions)) < len(positions):
        raise ValueError(f"{operation}: argnums {argnums} names an argument twice")

    def full(some: tuple[Any, ...]) -> tuple[Any, ...]:
        every = list(args)
        for position, one in zip(positions, some, strict=True):
            every[position] = one
        return tuple(every)

    return tuple(args[position] for position in positions), full


def _shape_like(found: list[Any], chosen: tuple[Any, ...], argnums: int | tuple[int, ...]) -> Any:
    tree = flatten(chosen)[1](found)
    return tree if isinstance(argnums, tuple) else tree[0]


def require_differentiation(operation: str) -> None:
    """Raise RuntimeError in inference mode."""
    if is_inference_mode_enabled():
        raise RuntimeError(f"{operation}: nothing is differentiated in inference_mode; use no_grad there instead")


def _variables(operation: str, inputs: list[Any]) -> list[Any]:
    require_differentiation(operation)
    return [one._variable() for one in inputs]


def _versions(variables: list[Any]) -> list[tuple[Any, int]]:
    """The storage and version of each variable."""
    return [one._save()[1:] for one in variables]


def _require_unwritten(operation: str, variables: list[Any], versions: list[tuple[Any, int]]) -> None:
    for one, (storage, version) in zip(variables, versions, strict=True):
        if storage.version != version:
            raise RuntimeError(
                f"{operation}: the function wrote to its argument of shape {one.shape}; let it write to a copy "
                f"(x.clone())"
            )


def require_tensors(operation: str, what: str, leaves: list[Any], any_dtype: bool = False) -> None:
    """Raise TypeError unless all leaves are tensors, of floating-point or complex numbers unless `any_dtype`."""
    for one in leaves:
        if not is_tensor(one):
            raise TypeError(f"{operation}: {what} has a leaf of type {type(one).__name__}, wanted tensors")
    if any_dtype:
        return
    # Many leaves have few keys.
    for key in dict.fromkeys(one._key for one in leaves):
        if not key.dtype.is_differentiable:
            raise TypeError(
                f"{operation}: {what} has a leaf of {key.dtype}, wanted floating-point tensors; choose by argnums "
                f"what is differentiated"
            )


def _require_real(operation: str, what: str, leaves: list[Any]) -> None:
    for one in leaves:
        if one.dtype.kind == "c":
            raise TypeError(
                f"{operation}: {what} has a leaf of {one.dtype}, for whose numbers one derivative each is not enough; "
                f"make it of real and imaginary parts, or use vjp and jvp, which take complex directions"
            )


def _require_scalar(result: Any) -> None:
    if not is_tensor(result):
        raise TypeError(f"grad: the function returns a tensor of one element, got {type(result).__name__}")
    if result.dtype.kind != "f" or any(length != 1 for length in result.shape):
        raise ValueError(
            f"grad: the function returns a real tensor of one element, got {result.dtype} of shape {result.shape}; use "
            f"vjp or jacrev"
        )


def require_like(operation: str, what: str, given: list[Any], wanted: list[Any]) -> None:
    """Raise ValueError unless tensors have the shapes, dtypes and devices of others."""
    for one, other in zip(given, wanted, strict=True):
        if not is_tensor(one):
            raise TypeError(f"{operation}: a {what} is a tensor, got {type(one).__name__}")
        # Of one example of a `vmap`, and the same for all, they have different keys that read the same.
        if (one._key is not other._key and repr(one._key) != repr(other._key)) or one.shape != other.shape:
            raise ValueError(
                f"{operation}: got a {what} of shape {one.shape}, {one._key}; wanted shape {other.shape}, {other._key}"
            )


def _any_recorded(tensors: list[Any]) -> bool:
    return any(map(_requires_grad, tensors))


def _detached(one: Any, attached: bool) -> Any:
    """A result for the caller: detached unless it depends on more than the variables."""
    return one.detach() if is_tensor(one) and one.requires_grad and not attached else one


def _gradients_of(
    operation: str,
    outputs: list[Any],
    variables: list[Any],
    seeds: list[Any] | None,
    attached: bool,
    retain_graph: bool,
    linear: bool = False,
) -> list[Any]:
    """The gradients of the variables, zeros for those that no output depends on."""
    reached = [i for i, one in enumerate(outputs) if one.requires_grad]
    if seeds is not None:
        require_like(operation, "cotangent", seeds, outputs)
    found: tuple[Any, ...] = (None,) * len(variables)
    if reached and variables:
        found = variables[0]._gradients(
            [outputs[i] for i in reached],
            variables,
            None if seeds is None else [seeds[i] for i in reached],
            retain_graph=retain_graph,
            create_graph=attached,
            allow_unused=True,
            linear=linear,
        )
    return [_zeros_like(one) if g is None else g for one, g in zip(variables, found, strict=True)]


def _zeros_like(tensor: Any) -> Any:
    key = tensor._key
    zeros = key.library.ops.zeros(tensor.shape, dtype=key.native_dtype, device=key.native_device)
    return tensor._lift(zeros, key)


def _count(tensors: list[Any]) -> int:
    """How many elements some tensors have."""
    return sum(int(one.size) for one in tensors)


def _parts(tensors: list[Any]) -> list[slice]:
    """Where the elements of each tensor are, of all one after the other."""
    ends = list(itertools.accumulate((int(one.size) for one in tensors), initial=0))
    return [slice(*pair) for pair in itertools.pairwise(ends)]


def units(tensors: list[Any]) -> list[Any]:
    """For each tensor its part of the unit vectors of all elements, which are along a new first axis."""
    count = _count(tensors)
    found = []
    for tensor, part in zip(tensors, _parts(tensors), strict=True):
        key = tensor._key
        eye = key.library.ops.eye(
            count, part.stop - part.start, k=-part.start, dtype=key.native_dtype, device=key.native_device
        )
        found.append(tensor._lift(eye, key).reshape((count, *tensor.shape)))
    return found


def _empty(output: Any, one: Any) -> Any:
    return _zeros_like(output).reshape((-1, 1))[:, :0].reshape((*output.shape, *one.shape))
