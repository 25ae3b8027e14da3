"""Gradient rules: one formula for each operand, and the function that applies them to a recorded node.

A rule says by the names of its parameters what it needs, and nothing else is saved::

    rule("exp", x=lambda g, out: g * out)
    rule("multiply", x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)
    rule("sum", x=lambda ops, g, x_shape, axis, keepdims: ...)

``g`` is the gradient of the result, ``out`` the result, ``ops`` the functions of the backend; an operand's name is
its value, with ``_shape`` its shape; ``last`` says whether no other pass will need what was saved, so that it may be
written over; and every other name is a parameter of the operation. The same formula runs on raw arrays and, when the
gradient must itself be differentiable, on tensors. So operators serve for arithmetic on equal dtypes only, and
everything else, indexing included, goes through ``ops``.

An operation with several results names them, and ``g`` has the gradient of each, or None, under its name::

    rule("slogdet", outputs=("sign", "logabsdet"), x=lambda ops, g, x, sign: ... g.logabsdet ...)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, final

from . import generated
from .generated import parameter_names
from .outputs import Selection
from .saved import SavedFormat

Gradient = Callable[..., Any]

RULES: dict[str, Rule] = {}
"""Every rule by the name of its operation."""

NO_GRADIENT: set[str] = set()
"""The operations that are declared to have none: their results are integers or booleans, or hold no values."""


@final
class Rule:
    """The gradient of one operation.

    Attributes
    ----------
    name : str
        The operation's.
    operands : tuple of str
        The differentiable operands, in the order of a node's edges.
    tensors : tuple of str
        The operands, and ``"out"``, whose values some formula needs.
    serves : dict
        For each of `tensors` the positions of the edges whose gradient needs it.
    parameters : tuple of str
        What else is needed: shapes of operands and parameters of the operation; last, where there are several
        results, their kinds, with weak references to their nodes.
    saved : SavedFormat
        What a node saves: `tensors`, then `parameters`.
    selections : dict
        For each of several results the rule of its node.
    gradients : dict
        For each operand the formula of its gradient.
    tangents : dict or None
        For each operand the formula by which its tangent enters the result's, in forward mode; None where the
        gradient's formulas are transposed instead.
    """

    def __init__(
        self,
        name: str,
        operands: tuple[str, ...],
        gradients: dict[str, Gradient],
        variadic: bool,
        outputs: tuple[str, ...] = (),
    ) -> None:
        needs = {operand: parameter_names(gradient) for operand, gradient in gradients.items()}
        wanted = dict.fromkeys(need for names in needs.values() for need in names)
        self.name = name
        self.operands = tuple(gradients)
        self.variadic = variadic
        self.selections = {output: Selection(name, output) for output in outputs}
        self.tensors = tuple(need for need in wanted if need in (*operands, *(outputs or ("out",))))
        self.parameters = tuple(need for need in wanted if need not in (*self.tensors, "g", "last", "ops"))
        if outputs:
            self.parameters += ("results",)
        self.serves = {
            tensor: tuple(i for i, names in enumerate(needs.values()) if tensor in names) for tensor in self.tensors
        }
        self.tangents: dict[str, Gradient] | None = None
        self.gradients = gradients
        self.saved = SavedFormat(self.tensors, self.parameters)

    @functools.cached_property
    def vjp(self) -> Callable[..., Any]:
        """``vjp(node, g, ops, saved)`` gives the gradients of the operands; made at the first backward pass."""
        return generated.vjp(self, _changed)

    @functools.cached_property
    def jvp(self) -> Callable[..., Any] | None:
        """``jvp(tangents, ops, values, found, out_dtype)`` gives the tangent of the result `found`, from those of the
        operands, of which some are None; None where there are no formulas for it. The values are those of `tensors`,
        then the parameters.
        """
        return None if self.tangents is None else generated.jvp(self)

    def lift(self, node: Any, saved: tuple[Any, ...], lift: Callable[..., Any]) -> tuple[Any, ...]:
        """The saved values as tensors with the history that they had when they were saved."""

        def lifted(name: str, array: Any, storage: Any, version: int) -> Any:
            return lift(array, node.key, self._history(node, saved, name), storage, version)

        return self.saved.lift(saved, lifted)

    def _history(self, node: Any, saved: tuple[Any, ...], tensor: str) -> Any:
        if tensor == "out":
            return node
        if tensor in self.selections:
            key, reference = dict(zip(self.selections, saved[-1], strict=True))[tensor]
            # That of the tensor that the user has, while it lives, so that its gradient counts this use of it too.
            return reference() or self.selections[tensor].select(node, key)
        return node.edges[self.operands.index(tensor)] if tensor in self.operands else None


def rule(
    name: str,
    /,
    *,
    operands: tuple[str, ...] = (),
    variadic: bool = False,
    outputs: tuple[str, ...] = (),
    **gradients: Gradient,
) -> None:
    """Declare the gradient of an operation.

    Parameters
    ----------
    name
        The operation's.
    operands
        Operands without a gradient whose values a formula needs, such as a condition or indices.
    variadic
        Whether the one operand is a sequence of tensors; the formula then gives one gradient for each.
    outputs
        The names of the results, where there are several.
    **gradients
        For each differentiable operand, in the operation's order, the formula of its gradient.
    """
    RULES[name] = Rule(name, (*gradients, *operands), gradients, variadic, outputs)


def tangent(name: str, /, **tangents: Gradient) -> None:
    """Say how tangents go through an operation in forward mode, where to transpose its gradient would take too long.

    Parameters
    ----------
    name
        The operation's, which has a rule and one result.
    **tangents
        For each differentiable operand a formula that is linear in ``t``, its tangent; what the operands contribute is
        added. Of a sequence of tensors `t` is a list, with None for those that have none. The other parameters are
        those that the gradient's formulas have, and ``found``, the result, saved or not, ``out_shape`` and
        ``out_dtype``, a name; but of the values only those that the gradients of operands with tangents need are there.
    """
    RULES[name].tangents = tangents


def self_adjoint(*names: str) -> None:
    """Say that derivatives are symmetric, so that the gradient's formulas serve for tangents, too.

    Those of elementwise functions are diagonal. Of complex numbers they are linear over the complex numbers.
    """
    for name in names:
        RULES[name].tangents = RULES[name].gradients


def linear(*names: str) -> None:
    """Say that operations are linear in each operand: tangents go through them as values do, with what rules save."""
    for name in names:
        rule = RULES[name]
        given = [f"{parameter}={parameter}" for parameter in rule.parameters if not parameter.endswith("_shape")]
        rule.tangents = {}
        for operand in rule.operands:
            operands = ["t" if other == operand else other for other in rule.operands]
            call = f"getattr(ops, {name!r})({', '.join([*operands, *given])})"
            rule.tangents[operand] = generated.formula(name, ["ops", *operands, *rule.parameters], call)


def reduction(*names: str, axis: str = "axis", keepdims: str = "keepdims") -> None:
    """Say that results are made of elements along axes: tangents are summed along these, times the slopes.

    The slopes are the gradient of the sum of the results.

    Parameters
    ----------
    *names
    axis, keepdims
        Expressions, in which the rule's parameters may stand.
    """
    for name in names:
        ((operand, gradient),) = RULES[name].gradients.items()
        needs = parameter_names(gradient)
        slopes = f"gradient({', '.join('ops.ones_like(found)' if need == 'g' else need for need in needs)})"
        parameters = [*("t" if need == "g" else need for need in needs), "found"]
        total = f"total(ops, {slopes} * t, found, {axis}, {keepdims})"
        RULES[name].tangents = {operand: generated.formula(name, parameters, total, gradient=gradient, total=_total)}


def _total(ops: Any, changes: Any, found: Any, axis: Any, keepdims: bool) -> Any:
    """The sum of changes; where a real result is made of complex numbers, of their real parts."""
    return ops.sum(changes if changes.dtype == found.dtype else ops.real(changes), axis=axis, keepdims=keepdims)


def no_gradient(*names: str) -> None:
    """Declare that operations have no gradient."""
    NO_GRADIENT.update(names)


def _changed(node: Any, tensor: str, shape: tuple[int, ...], version: int, saved_version: int) -> RuntimeError:
    which = _describe(node, tensor)
    return RuntimeError(
        f"{node.name}: one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: {which}, of shape {tuple(shape)}, is at version {version}; expected version "
        f"{saved_version} instead. Write to a copy (x.clone()), or use the operation that is not in place."
    )


def _describe(node: Any, tensor: str) -> str:
    if tensor in node.rule.selections:
        return f"its result {tensor}"
    return "its result" if tensor == "out" else f"its operand {tensor}"
