"""`einsum`, as in PyTorch, composed of other operations.

The steps follow from the labels and the lengths of the axes alone, and are found once for these. Axes that one operand
alone has are summed first; then the two operands whose product is smallest, beside what they take up, are multiplied,
until one is left.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..dispatch.registry import public
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..standard.linear_algebra import Arrangement, arranged, matmul
from ..standard.manipulation import diagonal, permute_dims
from ..standard.statistical import sum
from ..types.errors import ShapeError, unsupported

__all__ = ["einsum"]

Label = str
"""A letter; of an axis that an ellipsis stands for, its number, counted from the last: ``"-1"``."""


class Term(NamedTuple):
    """An operand, or what a step computes: its number, its shape, and the distinct labels of its axes."""

    place: int
    shape: tuple[int, ...]
    labels: tuple[Label, ...]


Step = tuple[Callable[..., Tensor], tuple[int, ...], tuple[Any, ...]]
"""A function, the numbers of the tensors that it takes, and its further arguments."""


@public("einsum")
def einsum(equation: Any, *operands: Any) -> Tensor:
    """Einstein summation: the sum of products over the labels that the result lacks.

    Parameters
    ----------
    equation : str
        A letter for each axis of each operand, with a comma between operands, and behind ``->`` those of the result.
        Without ``->`` they are the letters that occur once, capitals first. ``...`` stands for any further axes. A
        letter that an operand has twice takes its diagonal. Instead, each operand may be followed by a list of numbers
        from 0 to 51, or `...`, for its axes, and all by that of the result: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.
    *operands : Tensor
        Of a numeric dtype; they are promoted to a common one. Axes with one letter are equally long, or 1.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the equation is not of that form, or names not as many operands or axes as there are.
    ShapeError
        If axes with one letter have different lengths.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[1, 2], [3, 4]])
    >>> tp.einsum("ij,jk->ik", x, x)
    tensor([[ 7, 10],
            [15, 22]])
    >>> tp.einsum("ii", x)
    tensor(5)
    >>> tp.einsum(x, [0, 1], [1, 0])
    tensor([[1, 3],
            [2, 4]])
    """
    if not isinstance(equation, str):
        equation, operands = _as_equation(equation, *operands)
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    if not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise unsupported("einsum", *tensors)
    shapes = tuple(tensor.shape for tensor in tensors)
    found = dict(enumerate(tensors))
    for place, (step, places, arguments) in enumerate(_plan(equation, shapes), len(found)):
        found[place] = step(*[found.pop(i) for i in places], *arguments)
    (last,) = found.values()
    return last


@functools.lru_cache(maxsize=1024)
def _plan(equation: str, shapes: tuple[tuple[int, ...], ...]) -> list[Step]:
    """The steps that compute the result of operands of these shapes."""
    plan = _Plan(len(shapes))
    inputs, result = _parsed(equation, tuple(map(len, shapes)))
    terms = [
        plan.diagonals(Term(i, shape, labels)) for i, (shape, labels) in enumerate(zip(shapes, inputs, strict=True))
    ]
    lengths = _lengths(terms)
    terms = [plan.without_broadcast(term, lengths) for term in terms]
    while len(terms) > 1:
        terms = [plan.summed(term, _needed([*terms[:i], *terms[i + 1 :]], result)) for i, term in enumerate(terms)]
        pairs = list(itertools.combinations(range(len(terms)), 2))
        i, j = min(pairs, key=functools.partial(_growth, terms, result))
        rest = [*terms[:i], *terms[i + 1 : j], *terms[j + 1 :]]
        terms = [plan.product(terms[i], terms[j], _needed(rest, result)), *rest]
    last = plan.summed(terms[0], set(result))
    if last.labels != result or last.place < len(shapes):
        order = [last.labels.index(label) for label in result]
        plan.add(permute_dims, last, order, shape=tuple(last.shape[i] for i in order), labels=result)
    return plan.steps


class _Plan:
    """Steps that compute a result from operands; none of them looks at a tensor."""

    def __init__(self, operands: int) -> None:
        self.steps: list[Step] = []
        self._operands = operands

    def add(
        self, step: Callable[..., Tensor], *arguments: Any, shape: tuple[int, ...], labels: tuple[Label, ...]
    ) -> Term:
        """Add a step; its arguments that are terms come first."""
        places = tuple(one.place for one in arguments if isinstance(one, Term))
        self.steps.append((step, places, tuple(one for one in arguments if not isinstance(one, Term))))
        return Term(self._operands + len(self.steps) - 1, shape, labels)

    def diagonals(self, term: Term) -> Term:
        """Take diagonals, so that the operand has one axis for each label."""
        for label in dict.fromkeys(term.labels):
            while term.labels.count(label) > 1:
                shape, labels = term.shape, term.labels
                first = labels.index(label)
                second = labels.index(label, first + 1)
                if shape[first] != shape[second]:
                    raise ShapeError(
                        f"einsum: {label!r} is twice in an operand of shape {shape}, whose axes {first} and {second} "
                        f"are not equally long"
                    )
                rest = [i for i in range(len(labels)) if i not in (first, second)]
                term = self.add(
                    diagonal, term, 0, first, second,
                    shape=(*(shape[i] for i in rest), shape[first]), labels=(*(labels[i] for i in rest), label),
                )  # fmt: skip
        return term

    def without_broadcast(self, term: Term, lengths: dict[Label, int]) -> Term:
        """Remove axes of length 1 that are longer in other operands."""
        kept = [i for i, label in enumerate(term.labels) if term.shape[i] == lengths[label]]
        if len(kept) == len(term.labels):
            return term
        shape, labels = tuple(term.shape[i] for i in kept), tuple(term.labels[i] for i in kept)
        return self.add(reshape, term, shape, shape=shape, labels=labels)

    def summed(self, term: Term, kept: set[Label]) -> Term:
        """Sum the operand over the axes that nothing else needs."""
        rest = [i for i, label in enumerate(term.labels) if label in kept]
        if len(rest) == len(term.labels):
            return term
        axes = tuple(i for i in range(len(term.labels)) if i not in rest)
        shape, labels = tuple(term.shape[i] for i in rest), tuple(term.labels[i] for i in rest)
        return self.add(_sum, term, axes, shape=shape, labels=labels)

    def product(self, first: Term, second: Term, kept: set[Label]) -> Term:
        """Contract two operands by a matrix product: labels of both that are not kept are summed."""
        shared = [label for label in first.labels if label in second.labels]
        batch = [label for label in shared if label in kept]
        inner = [label for label in shared if label not in kept]
        rows = [label for label in first.labels if label not in shared]
        columns = [label for label in second.labels if label not in shared]
        lengths = dict(zip(first.labels + second.labels, first.shape + second.shape, strict=True))
        sizes = [math.prod(lengths[label] for label in labels) for labels in (rows, inner, columns)]
        stack = tuple(lengths[label] for label in batch)
        left = _order(first, (*batch, *rows, *inner)), (*stack, sizes[0], sizes[1])
        right = _order(second, (*batch, *inner, *columns)), (*stack, sizes[1], sizes[2])
        labels = (*batch, *rows, *columns)
        shape = tuple(lengths[label] for label in labels)
        multiply = matmul if inner else operator.mul
        return self.add(_multiplied, first, second, multiply, left, right, shape, shape=shape, labels=labels)


def _sum(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    total: Tensor = sum(x, axis=axes, dtype=x.dtype)
    return total


def _multiplied(
    x1: Tensor, x2: Tensor, multiply: Any, left: Arrangement, right: Arrangement, shape: tuple[int, ...]
) -> Tensor:
    return arranged(multiply(arranged(x1, *left), arranged(x2, *right)), None, shape)


def _order(term: Term, labels: tuple[Label, ...]) -> tuple[int, ...]:
    return tuple(map(term.labels.index, labels))


def _as_equation(*arguments: Any) -> tuple[str, tuple[Any, ...]]:
    """Convert operands followed by lists of numbers to an equation and operands."""
    if len(arguments) < 2 or not isinstance(arguments[0], Tensor) or isinstance(arguments[1], str | Tensor):
        found = type(arguments[0]).__name__
        raise TypeError(f"einsum: got {found}, wanted an equation such as 'ij,jk->ik' first, or operands and lists")
    paired = len(arguments) // 2 * 2
    equation = ",".join(map(_letters, arguments[1:paired:2]))
    if paired < len(arguments):
        equation += f"->{_letters(arguments[-1])}"
    return equation, arguments[:paired:2]


def _letters(numbers: Any) -> str:
    """Convert a list of numbers, or `...`, to letters."""
    if isinstance(numbers, str) or not isinstance(numbers, Iterable):
        raise TypeError(f"einsum: got {type(numbers).__name__}, wanted a list of numbers for the axes of an operand")
    return "".join("..." if one is Ellipsis else _letter(one) for one in numbers)


def _letter(number: Any) -> str:
    try:
        found = operator.index(number)
    except TypeError:
        raise TypeError(f"einsum: got {type(number).__name__}, wanted numbers or '...' for axes") from None
    if not 0 <= found < len(_LETTERS):
        raise ValueError(f"einsum: got the number {found} for an axis, wanted 0 to {len(_LETTERS) - 1}")
    return _LETTERS[found]


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@functools.lru_cache(maxsize=256)
def _parsed(equation: str, ranks: tuple[int, ...]) -> tuple[list[tuple[Label, ...]], tuple[Label, ...]]:
    """The labels of each operand's axes, and of the result's."""
    text, arrow, after = equation.replace(" ", "").partition("->")
    parts = text.split(",")
    if len(parts) != len(ranks):
        raise ValueError(f"einsum: got {len(ranks)} operands, wanted {len(parts)}, as {equation!r} names")
    inputs = [_labels(part, rank, equation) for part, rank in zip(parts, ranks, strict=True)]
    counts = {label: 0 for labels in inputs for label in labels}
    for label in itertools.chain(*inputs):
        counts[label] += 1
    further = tuple(sorted((label for label in counts if label.startswith("-")), key=int))
    if not arrow:
        return inputs, (*further, *sorted(label for label, n in counts.items() if n == 1 and label not in further))
    result = _labels(after, len(after.replace("...", "")) + len(further) * ("..." in after), equation)
    unknown = [label for label in result if label not in counts]
    if unknown or len(set(result)) != len(result):
        raise ValueError(f"einsum: the result of {equation!r} must have labels of the operands, each once")
    return inputs, result


def _labels(part: str, ndim: int, equation: str) -> tuple[Label, ...]:
    """The labels of the axes of one operand, or of the result."""
    before, dots, after = part.partition("...")
    letters = before + after
    if letters and not (letters.isalpha() and letters.isascii()):
        raise ValueError(f"einsum: got {part!r} in {equation!r}, wanted letters and at most one '...'")
    gap = ndim - len(letters)
    if gap < 0 or (gap and not dots):
        raise ValueError(f"einsum: {part!r} in {equation!r} names {len(letters)} axes, but the operand has {ndim}")
    return (*before, *(str(i) for i in range(-gap, 0)), *after)


def _lengths(terms: list[Term]) -> dict[Label, int]:
    """The length of each label; an axis of length 1 is broadcast."""
    lengths: dict[Label, int] = {}
    for term in terms:
        for label, length in zip(term.labels, term.shape, strict=True):
            known = lengths.setdefault(label, length)
            if length != known and 1 not in (length, known):
                raise ShapeError(
                    f"einsum: {label!r} stands for axes of lengths {known} and {length}, which must be equal or 1"
                )
            lengths[label] = length if known == 1 else known
    return lengths


def _needed(others: list[Term], result: tuple[Label, ...]) -> set[Label]:
    """The labels of other operands and of the result, which must not be summed yet."""
    return set(result).union(*(term.labels for term in others))


def _growth(terms: list[Term], result: tuple[Label, ...], pair: tuple[int, int]) -> int:
    """By how many elements the product of two operands is larger than they are."""
    first, second = (terms[i] for i in pair)
    kept = _needed([term for i, term in enumerate(terms) if i not in pair], result)
    lengths = dict(zip(first.labels + second.labels, first.shape + second.shape, strict=True))
    size = math.prod(length for label, length in lengths.items() if label in kept)
    return size - math.prod(first.shape) - math.prod(second.shape)
