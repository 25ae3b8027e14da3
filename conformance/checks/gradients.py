"""Gradients, first and second order, compared with central differences and the reference library's autodiff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import Library, library_for
from tensorplug.core.memory.tensor import wrap

from ..engine.arrays import Array, flatten, to_host
from ..engine.comparing import require_sound
from ..engine.example import Example, Mismatch, evaluate
from ..engine.families import family_of
from ..engine.levels import PRECISE
from ..engine.reference import Unanswered
from ..engine.trial import Call, Property, Trial
from ..uses import Use, uses_of

STEP = float(numpy.finfo(numpy.float64).eps) ** (1 / 3)
"""Step of central differences for which truncation error, h² f''' / 6, and rounding error, eps |f| / h, are equal."""

DIFFERENCE = 1e-6
"""Tolerance relative to the norms of gradient and direction: some 1e-10, times derivatives of up to 1e4."""

ROUNDING = 1e-9
"""Tolerance relative to the function's value: eps / h is 4e-11, times the roundings of some twenty terms."""

SECOND_ROUNDING = 1e-8
"""As `ROUNDING`, for first derivatives, which have some ten times as many terms and cancel more."""

AGREEMENT = 1e-12
"""Tolerance relative to the norm of the gradient, for two ways to compute it: 4500 eps for accumulated roundings and
differences such as 1 - tanh² that cancel."""


def has_gradient(name: str) -> bool:
    """Whether an operation has a gradient, its own or its parts', and uses that are differentiated."""
    operation = OPERATIONS.get(name)
    has_rule = operation is None or family_of(operation) == "composite" or operation.rule is not None
    return has_rule and any(use.smooth and use.variables for use in uses_of(name))


def check_gradients(trial: Trial) -> None:
    """Compare first derivatives with differences of the function."""
    _check(trial, lambda example: require_gradient(_scalar(example), example), gradient_call)


def check_second_order(trial: Trial) -> None:
    """Compare second derivatives with differences of the first."""
    _check(trial, lambda example: require_gradient(_slope(example), example, SECOND_ROUNDING), second_order_call)


def check_automatic_differentiation(trial: Trial) -> None:
    """Compare first derivatives with the reference library's own autodiff."""
    library = library_for(trial.reference.name)

    def prop(example: Example) -> None:
        try:
            wanted = _by_the_library(library, example)
        except NotImplementedError as error:
            raise Unanswered(f"the reference finds no derivative by itself: {error}") from None
        gradients = _gradients(_scalar(example), example)
        for name, host in wanted.items():
            found = gradients[name]
            allowed = AGREEMENT * (_length(host) + 1)
            if not numpy.all(numpy.abs(found - host) <= allowed):
                raise Mismatch(f"the gradient of {name} is another one", host.tolist(), found.tolist())

    for use in trial.differentiable[: trial.level.autodiff]:
        for dtype in trial.dtypes(use, PRECISE):
            trial.hold(prop, use, dtype, smooth=True, among=trial.differentiable, draws=1, call=gradient_call)


def _by_the_library(library: Library, example: Example) -> dict[str, Array]:
    """Gradients by a library's own autodiff, conjugated to Tensorplug's convention."""
    with tensorplug.backend(library.name), tensorplug.no_grad():
        tensors = replace(example, layout="contiguous").tensors()
        names = example.use.variables

        def function(*arrays: Any) -> Any:
            given = {name: wrap(array, tensors[name]._key) for name, array in zip(names, arrays, strict=True)}
            return _scalar(example)({**tensors, **given})._array

        found = library.backend.gradients(function, tuple(tensors[name]._array for name in names))
    return {name: numpy.conj(library.backend.to_numpy(grad)) for name, grad in zip(names, found, strict=True)}


def gradient_call(use: Use) -> str:
    """Source of the gradient of the weighted sum of a use's results."""
    return _gradient_of(use.code, use.variables)


def second_order_call(use: Use) -> str:
    """Source of the gradient of the weighted sum of the gradient."""
    return _gradient_of(gradient_call(use), use.variables)


def _gradient_of(code: str, variables: list[str]) -> str:
    names = ", ".join(variables)
    argnums = f", argnums={tuple(range(len(variables)))}" if len(variables) > 1 else ""
    return f"tp.func.grad(lambda {names}: weighted({code}){argnums})({names})"


def _check(trial: Trial, prop: Property, call: Call) -> None:
    for use in trial.differentiable:
        dtypes = list(trial.dtypes(use, trial.level.differentiated)) or list(trial.dtypes(use, PRECISE))
        for dtype in dtypes:
            trial.hold(prop, use, dtype, smooth=True, among=trial.differentiable, call=call)


Scalar = Callable[[dict[str, Tensor]], Tensor]
"""A real 0-d tensor as a function of the operands."""


def weighted(result: Any) -> Tensor | None:
    """The real part of a weighted sum of all differentiable results."""
    total = None
    for position, (_, leaf) in enumerate(flatten(result)):
        if isinstance(leaf, Tensor) and leaf.dtype.is_differentiable:
            rng = numpy.random.default_rng([position, leaf.numel()])
            weights = rng.uniform(0.5, 1.5, leaf.shape)
            if leaf.dtype.is_complex:
                weights = weights - 1j * rng.uniform(0.5, 1.5, leaf.shape)
            term = tensorplug.sum(leaf * tensorplug.asarray(weights, dtype=leaf.dtype))
            term = tensorplug.real(term) if leaf.dtype.is_complex else term
            total = term if total is None else total + term
    return total


def _scalar(example: Example) -> Scalar:
    def scalar(tensors: dict[str, Tensor]) -> Tensor:
        found = weighted(evaluate(example.use, tensors))
        return tensorplug.zeros(()) if found is None else found

    return scalar


def _slope(example: Example) -> Scalar:
    """The derivative in a direction."""
    scalar = _scalar(example)

    def slope(tensors: dict[str, Tensor]) -> Tensor:
        names = example.use.variables
        given = {**tensors}
        for name in names:
            given[name] = tensors[name] if tensors[name].requires_grad else tensors[name].detach().requires_grad_()
        with tensorplug.enable_grad():
            value = scalar(given)
            if not value.requires_grad:
                return value * 0
            inputs = [given[name] for name in names]
            grads = tensorplug.autograd.grad(value, inputs, create_graph=True, allow_unused=True)
            found = weighted([grad for grad in grads if grad is not None])
        return value * 0 if found is None else found

    return slope


def _gradients(scalar: Scalar, example: Example) -> dict[str, Array]:
    """The gradient of a scalar with respect to each operand; zero for one it does not depend on."""
    tensors = example.tensors()
    names = example.use.variables
    for name in names:
        tensors[name].requires_grad_()
    value = scalar(tensors)
    if not value.requires_grad:
        return {name: numpy.zeros_like(example.hosts[name]) for name in names}
    grads = tensorplug.autograd.grad(value, [tensors[name] for name in names], allow_unused=True)
    found = {}
    for name, grad in zip(names, grads, strict=True):
        host = example.hosts[name]
        found[name] = numpy.zeros_like(host)
        if grad is not None:
            found[name] = require_sound(grad, f"the gradient of {name}: ")
            if found[name].shape != host.shape or grad.dtype is not tensors[name].dtype:
                raise Mismatch(f"the gradient of {name} is {grad.dtype} of shape {found[name].shape}", host.shape)
    return found


def require_gradient(scalar: Scalar, example: Example, rounding: float = ROUNDING) -> None:
    """Raise `Mismatch` unless the gradient of a scalar agrees with central differences for every operand.

    One random direction is tried for each operand.
    """
    gradients = _gradients(scalar, example)
    size = abs(float(to_host(scalar(example.tensors())))) + 1.0 if gradients else 0.0
    for name, found in gradients.items():
        host = example.hosts[name]
        for direction in _directions(host):
            analytic = float(numpy.sum((numpy.conj(found) * direction).real))
            numerical = _difference(scalar, example, name, direction)
            allowed = DIFFERENCE * _length(found) * _length(direction) + rounding * size
            if not abs(analytic - numerical) <= allowed:
                raise Mismatch(
                    f"the gradient of {name} is {analytic:.10g} in a direction in which the function rises by "
                    f"{numerical:.10g}",
                    numerical,
                    f"{analytic}, of the gradient {found.tolist()} in the direction {direction.tolist()}",
                )


def _directions(host: Array) -> list[Array]:
    rng = numpy.random.default_rng(host.size)
    direction = numpy.asarray(rng.uniform(0.5, 1.5, host.shape) * rng.choice([-1.0, 1.0], host.shape))
    return [direction, numpy.asarray(1j * direction)] if host.dtype.kind == "c" else [direction]


def _length(array: Array) -> float:
    return float(numpy.linalg.norm(numpy.ravel(array)))


def _difference(scalar: Scalar, example: Example, name: str, direction: Array) -> float:
    values = []
    for step in (STEP, -STEP):
        hosts = {**example.hosts, name: numpy.asarray(example.hosts[name] + step * direction)}
        values.append(float(to_host(scalar(replace(example, hosts=hosts).tensors()))))
    return (values[0] - values[1]) / (2 * STEP)
