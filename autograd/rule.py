"""Gradient rules: a formula for each operand of an operation, from which its VJP and JVP are generated.

The parameters of a formula name the values that it needs, and only these are saved::

    rule("exp", x=lambda g, out: g * out)
    rule("multiply", x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)
    rule("sum", x=lambda ops, g, x_shape, axis, keepdims: ...)

``g`` is the gradient of the result, ``out`` the result, ``ops`` the functions of the backend. The name of an operand
is its value, with ``_shape`` its shape. ``last`` is True if no other pass needs the saved values, so that a formula may
overwrite them. Every other name is a parameter of the operation. The same formula runs on raw arrays and, when
gradients are recorded, on tensors. So operators serve for arithmetic on equal dtypes only, and everything else,
indexing included, goes through ``ops``.

Formulas of several operands that have work in common name ``shared``, what a formula of that name returns.

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
"""The operations declared to have no gradient: their results are integers or booleans, or have no values."""


_NOT_SAVED = ("g", "last", "ops", "shared")
"""The names in formulas of what comes with the backward pass."""


@final
class Rule:
    """The gradient of one operation.

    Attributes
    ----------
    name : str
        The operation's name.
    operands : tuple of str
        The differentiable operands, in the order of a node's edges.
    tensors : tuple of str
        The operands and results, ``"out"`` if there is one, whose values formulas need.
    serves : dict
        For each of `tensors` the positions of the edges whose gradient needs it.
    parameters : tuple of str
        The shapes of operands and the parameters of the operation that formulas need; for several results, also
        ``"results"``, their keys with weak references to their nodes.
    saved : SavedFormat
        The format of what a node saves.
    selections : dict
        For each of several results, the rule of its node.
    gradients : dict
        The gradient formula of each operand.
    shared : callable or None
        The formula of what others name ``shared``.
    make_tangents : callable or None
        Returns the JVP formula of each operand, linear in its tangent; None if the VJP is transposed instead.
    """

    def __init__(
        self,
        name: str,
        operands: tuple[str, ...],
        gradients: dict[str, Gradient],
        variadic: bool,
        outputs: tuple[str, ...] = (),
        shared: Gradient | None = None,
    ) -> None:
        in_common = () if shared is None else parameter_names(shared)
        needs = {operand: parameter_names(gradient) for operand, gradient in gradients.items()}
        needs = {operand: (*names, *in_common) if "shared" in names else names for operand, names in needs.items()}
        wanted = dict.fromkeys(need for names in needs.values() for need in names)
        self.name = name
        self.operands = tuple(gradients)
        self.variadic = variadic
        self.selections = {output: Selection(name, output) for output in outputs}
        self.tensors = tuple(need for need in wanted if need in (*operands, *(outputs or ("out",))))
        self.parameters = tuple(need for need in wanted if need not in (*self.tensors, *_NOT_SAVED))
        if outputs:
            self.parameters += ("results",)
        self.serves = {
            tensor: tuple(i for i, names in enumerate(needs.values()) if tensor in names) for tensor in self.tensors
        }
        self.make_tangents: Callable[[], dict[str, Gradient]] | None = None
        self.gradients = gradients
        self.shared = shared
        self.saved = SavedFormat(self.tensors, self.parameters)

    @functools.cached_property
    def tangents(self) -> dict[str, Gradient] | None:
        """The JVP formula of each operand, generated at the first use."""
        return None if self.make_tangents is None else self.make_tangents()

    @functools.cached_property
    def vjp(self) -> Callable[..., Any]:
        """``vjp(node, g, ops, saved)`` returns the gradients of the operands; generated at the first backward pass."""
        return generated.vjp(self, changed)

    @functools.cached_property
    def jvp(self) -> Callable[..., Any] | None:
        """``jvp(tangents, ops, values, found, out_dtype)`` returns the tangent of the result `found`; None without JVP
        formulas. Some tangents of operands may be None. The values are those of `tensors`, then the parameters.
        """
        return None if self.tangents is None else generated.jvp(self)

    def lift(self, node: Any, saved: tuple[Any, ...], lift: Callable[..., Any]) -> tuple[Any, ...]:
        """Lift the saved values to tensors with the nodes that they had when they were saved."""

        def lifted(name: str, array: Any, storage: Any, version: int) -> Any:
            return lift(array, node.key, self._node_of(node, saved, name), storage, version)

        return self.saved.lift(saved, lifted)

    def _node_of(self, node: Any, saved: tuple[Any, ...], tensor: str) -> Any:
        if tensor == "out":
            return node
        if tensor in self.selections:
            key, reference = dict(zip(self.selections, saved[-1], strict=True))[tensor]
            # The node of the user's tensor while that lives, so that this use counts in its gradient.
            return reference() or self.selections[tensor].select(node, key)
        return node.edges[self.operands.index(tensor)] if tensor in self.operands else None


def rule(
    name: str,
    /,
    *,
    operands: tuple[str, ...] = (),
    variadic: bool = False,
    outputs: tuple[str, ...] = (),
    shared: Gradient | None = None,
    **gradients: Gradient,
) -> None:
    """Declare the gradient rule of an operation.

    Parameters
    ----------
    name
        The operation's name.
    operands
        Operands without a gradient whose values a formula needs, such as a condition or indices.
    variadic
        Whether the one operand is a sequence of tensors; the formula then returns a gradient for each.
    outputs
        The names of the results, if there are several.
    shared
        The formula of what gradient formulas have in common and name ``shared``.
    **gradients
        The gradient formula of each differentiable operand, in the operation's order.
    """
    RULES[name] = Rule(name, (*gradients, *operands), gradients, variadic, outputs, shared)


def tangent(name: str, /, **tangents: Gradient) -> None:
    """Declare the JVP of an operation, for which transposing its VJP would take too long.

    Parameters
    ----------
    name
        The name of the operation, which has a rule and one result.
    **tangents
        For each differentiable operand a formula, linear in its tangent ``t``; the results for all operands are added.
        For a sequence of tensors `t` is a list, with None for those without a tangent. The other parameters are those
        of gradient formulas, and ``found``, the result, saved or not, ``out_shape`` and ``out_dtype``, a name. Only
        values that the gradients of operands with tangents need are there.
    """
    RULES[name].make_tangents = lambda: tangents


def self_adjoint(*names: str) -> None:
    """Declare operations with symmetric Jacobians, whose gradient formulas are JVP formulas too.

    Jacobians of elementwise functions are diagonal. On complex numbers they must be linear over the complex numbers.
    """
    for name in names:
        RULES[name].make_tangents = functools.partial(getattr, RULES[name], "gradients")


def linear(*names: str) -> None:
    """Declare operations that are linear in each operand: the JVP applies the operation to the tangent."""
    for name in names:
        RULES[name].make_tangents = functools.partial(_linear_tangents, RULES[name])


def _linear_tangents(rule: Rule) -> dict[str, Gradient]:
    given = [f"{parameter}={parameter}" for parameter in rule.parameters if not parameter.endswith("_shape")]
    found = {}
    for operand in rule.operands:
        operands = ["t" if other == operand else other for other in rule.operands]
        call = f"getattr(ops, {rule.name!r})({', '.join([*operands, *given])})"
        found[operand] = generated.formula(rule.name, ["ops", *operands, *rule.parameters], call)
    return found


def reduction(*names: str, axis: str = "axis", keepdims: str = "keepdims") -> None:
    """Declare reductions along axes: the JVP sums the tangent times the gradient along these.

    Parameters
    ----------
    *names
    axis, keepdims
        Expressions of the rule's parameters.
    """
    for name in names:
        RULES[name].make_tangents = functools.partial(_reduction_tangents, RULES[name], axis, keepdims)


def _reduction_tangents(rule: Rule, axis: str, keepdims: str) -> dict[str, Gradient]:
    ((operand, gradient),) = rule.gradients.items()
    needs = parameter_names(gradient)
    gradients = f"gradient({', '.join('ops.ones_like(found)' if need == 'g' else need for need in needs)})"
    parameters = [*("t" if need == "g" else need for need in needs), "found"]
    total = f"total(ops, {gradients} * t, found, {axis}, {keepdims})"
    return {operand: generated.formula(rule.name, parameters, total, gradient=gradient, total=_total)}


def _total(ops: Any, products: Any, found: Any, axis: Any, keepdims: bool) -> Any:
    """Sum along axes; for a real result of complex numbers, sum the real parts."""
    return ops.sum(products if products.dtype == found.dtype else ops.real(products), axis=axis, keepdims=keepdims)


def no_gradient(*names: str) -> None:
    """Declare that operations have no gradient."""
    NO_GRADIENT.update(names)


def changed(node: Any, tensor: str, shape: tuple[int, ...], version: int, saved_version: int) -> RuntimeError:
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
