"""Random programs of views, writes and reads: their language, what runs them, and what draws them.

A program is plain data::

    {"leaves": [[shape, "float64" or "complex128", requires_grad], ...],
     "steps": [[name, operands, arguments], ...],  # and True at the end where nothing is recorded
     "reads": [tensors that are added to the loss at the end],
     "order": 1 or 2}

Operands count tensors: the leaves, then the result of each step that has one. The names, and methods that they stand
for, are PyTorch's, so a program runs in `tensorplug` on any backend as in `torch`.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

Program = dict[str, Any]
Outcome = dict[str, Any]


def _index(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """An index from JSON: slices are strings such as ``"1:3"``."""
    return tuple(_item(item) for item in items)


def _item(item: Any) -> Any:
    if item == "...":
        return ...
    if isinstance(item, str):
        return slice(*(int(part) if part else None for part in item.split(":")))
    return item


def _set(x: Any, value: Any, index: Any) -> None:
    x[index] = value


def _augment(x: Any, value: Any, index: Any) -> None:
    x[index] += value


def _iadd(x: Any, value: Any) -> None:
    x += value


def _imul(x: Any, value: Any) -> None:
    x *= value


def _set_part(x: Any, value: Any, part: str) -> None:
    setattr(x, part, value)


VIEWS: dict[str, Callable[..., Any]] = {
    "getitem": lambda x, *index: x[_index(index)],
    "view": lambda x, *shape: x.view(shape),
    "reshape": lambda x, *shape: x.reshape(shape),
    "transpose": lambda x, dim0, dim1: x.transpose(dim0, dim1),
    "permute": lambda x, *dims: x.permute(*dims),
    "t": lambda x: x.t(),
    "expand": lambda x, *shape: x.expand(shape),
    "squeeze": lambda x, *dim: x.squeeze(*dim),
    "unsqueeze": lambda x, dim: x.unsqueeze(dim),
    "narrow": lambda x, dim, start, length: x.narrow(dim, start, length),
    "diagonal": lambda x, offset, dim1, dim2: x.diagonal(offset, dim1, dim2),
    "unfold": lambda x, dim, size, step: x.unfold(dim, size, step),
    "split": lambda x, size, dim, part: x.split(size, dim)[part],
    "chunk": lambda x, chunks, dim, part: x.chunk(chunks, dim)[part],
    "unbind": lambda x, dim, part: x.unbind(dim)[part],
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "detach": lambda x: x.detach(),
}
"""Each gives a tensor that shares memory with its first operand (`reshape` not always)."""

RESULTS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "clone": lambda x: x.clone(),
    "exp": lambda x: (x * 0.25).exp(),
    "sin": lambda x: x.sin(),
    "tanh": lambda x: x.tanh(),
    "masked": lambda x, level: x[x > level],
    "rows": lambda x, *rows: x[list(rows)],
}
"""Each gives a tensor with memory of its own."""

WRITES: dict[str, Callable[..., Any]] = {
    "add_": lambda x, y: x.add_(y),
    "mul_": lambda x, y: x.mul_(y),
    "iadd": _iadd,
    "imul": _imul,
    "sin_": lambda x: x.sin_(),
    "tanh_": lambda x: x.tanh_(),
    "exp_": lambda x: x.exp_(),
    "copy_": lambda x, y: x.copy_(y),
    "fill_": lambda x, value: x.fill_(value),
    "zero_": lambda x: x.zero_(),
    "set": lambda x, value, *index: _set(x, value, _index(index)),
    "augment": lambda x, value, *index: _augment(x, value, _index(index)),
    "set_mask": lambda x, value, level: _set(x, value, x > level),
    "augment_mask": lambda x, value, level: _augment(x, value, x > level),
    "set_same_mask": lambda x, y, level: _set(x, y[x > level], x > level),
    "set_rows": lambda x, value, *rows: _set(x, value, list(rows)),
    "set_part": _set_part,
    "requires_grad_": lambda x: x.requires_grad_(),
}
"""Each changes its first operand and gives nothing; a second operand, or the first argument, is the value."""


def weighted_sum(namespace: Any, x: Any) -> Any:
    """A real number that depends on every element of a tensor, on each differently."""
    if x.dtype == namespace.complex128:
        return weighted_sum(namespace, x.real) + 0.7 * weighted_sum(namespace, x.imag)
    weights = [math.cos(1.1 * k) + 1.5 for k in range(math.prod(x.shape))]
    return (x * namespace.tensor(weights, dtype=x.dtype).reshape(x.shape)).sum()


STEPS: dict[str, Callable[..., Any]] = {**VIEWS, **RESULTS, **WRITES, "read": weighted_sum}

ERRORS = {
    "leaf": ("leaf Variable that requires grad", "leaf Tensor that requires grad"),
    "no_grad view": ("created in no_grad mode", "inside a no_grad block"),
    "several views": ("function that returns multiple views",),
    "modified": ("modified by an inplace operation",),
    "overlap": ("single memory location",),
    "strides": ("is not compatible with", "view size is not compatible"),
    "dtype": ("can't be cast",),
    "no gradient": ("does not require grad",),
    "shape": (
        "must match",
        "is invalid for input of size",
        "does not hold",
        "exceeds dimension size",
        "reach beyond",
        "broadcast",
        "shape mismatch",
        "expanded size",
        "number of sizes",
        "doesn't match",
        "does not fit",
    ),
    "index": ("index", "out of range"),
}
"""Kinds of errors, and what the messages of each say, here or in PyTorch; the first that fits is it."""


def error_kind(error: Exception) -> str:
    """The kind of an error; its type where the table has none."""
    message = str(error)
    found = (kind for kind, parts in ERRORS.items() if any(part in message for part in parts))
    return next(found, type(error).__name__)


def leaf(namespace: Any, seed: int, shape: list[int], dtype: str, requires_grad: bool) -> Any:
    """A tensor of values that no two leaves share."""
    count = math.prod(shape)
    values: list[Any] = [round(math.sin(2.3 * k + 1.7 * seed) + 0.05 * k, 3) for k in range(2 * count)]
    if dtype == "complex128":
        values = [complex(*pair) for pair in zip(values[:count], values[count:], strict=True)]
    tensor = namespace.tensor(values[:count], dtype=getattr(namespace, dtype)).reshape(shape).clone()
    return tensor.requires_grad_() if requires_grad else tensor


def take_step(namespace: Any, tensors: list[Any], step: list[Any], functions: dict[str, Callable[..., Any]]) -> None:
    """Take one step; a result is appended, the first operand once more where there is an error instead of one."""
    name, operands, arguments, *no_grad = step
    if name in WRITES:
        with recording(namespace, not no_grad):
            functions[name](*[tensors[i] for i in operands], *arguments)
        return
    try:
        with recording(namespace, not no_grad):
            tensors.append(functions[name](*[tensors[i] for i in operands], *arguments))
    except Exception:
        tensors.append(tensors[operands[0]])
        raise


def recording(namespace: Any, mode: bool) -> contextlib.AbstractContextManager[Any]:
    """The mode in which a step is taken."""
    return contextlib.nullcontext() if mode else namespace.no_grad()


def run(program: Program, namespace: Any, functions: dict[str, Callable[..., Any]] = STEPS) -> Outcome:
    """Run a program in a namespace and say what came of it.

    Parameters
    ----------
    functions
        What the names of steps stand for.

    Returns
    -------
    dict
        The values and flags of all tensors at the end; the errors of steps, which change nothing; the loss; its first
        and second gradients by leaf, or the kind of error that came instead (as ``failure``).
    """
    tensors = [leaf(namespace, seed, *made) for seed, made in enumerate(program["leaves"])]
    errors = []
    loss = None
    for number, step in enumerate(program["steps"]):
        try:
            if step[0] == "read":
                with recording(namespace, len(step) < 4):
                    term = functions["read"](namespace, tensors[step[1][0]])
                    loss = term if loss is None else loss + term
            else:
                take_step(namespace, tensors, step, functions)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            errors.append([number, error_kind(error)])
    outcome: Outcome = {"errors": errors}
    try:
        for i in program["reads"]:
            term = functions["read"](namespace, tensors[i] * tensors[i] if program["order"] == 2 else tensors[i])
            loss = term if loss is None else loss + term
        outcome["flags"] = "".join("01"[t.requires_grad] + "nl"[t.is_leaf] for t in tensors)
        if loss is not None:
            outcome["loss"] = numbers(loss)
        outcome |= differentiate(namespace, tensors, loss, program["order"])
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        outcome["failure"] = error_kind(error)
    outcome["values"] = [numbers(tensor) for tensor in tensors]
    outcome["shapes"] = [list(tensor.shape) for tensor in tensors]
    return outcome


def differentiate(namespace: Any, tensors: list[Any], loss: Any, order: int) -> Outcome:
    """The first gradients of a loss by leaf; for order 2 also those of the sum of the squares of the first ones."""
    if loss is None or not loss.requires_grad:
        return {}
    leaves = list({id(t): i for i, t in reversed(list(enumerate(tensors))) if t.is_leaf and t.requires_grad}.values())
    if order == 1:
        loss.backward()
        return {"first": {str(i): numbers(tensors[i].grad) for i in leaves if tensors[i].grad is not None}}
    wanted = [tensors[i] for i in leaves]
    found = namespace.autograd.grad(loss, wanted, create_graph=True, allow_unused=True)
    first = {str(i): numbers(g) for i, g in zip(leaves, found, strict=True) if g is not None}
    squares = [square_sum(namespace, g) for g in found if g is not None and g.requires_grad]
    if not squares:
        return {"first": first}
    again = namespace.autograd.grad(sum(squares), wanted, allow_unused=True)
    return {
        "first": first,
        "second": {str(i): numbers(g) for i, g in zip(leaves, again, strict=True) if g is not None},
    }


def square_sum(namespace: Any, x: Any) -> Any:
    """The sum of the squares of a tensor's real and imaginary parts."""
    if x.dtype == namespace.complex128:
        return (x.real * x.real).sum() + (x.imag * x.imag).sum()
    return (x * x).sum()


def numbers(x: Any) -> list[float]:
    """The elements of a tensor, complex ones as two."""
    return list(_flat(x.detach().tolist()))


def _flat(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, complex):
        yield from (value.real, value.imag)
    else:
        yield float(value)


LEAVES = [[[3, 4], "float64"], [[2, 3, 2], "float64"], [[6], "float64"], [[3, 2], "complex128"]]
"""What a program starts from. Few shapes, since some backends compile each operation for each of them."""

CONSTANTS = (0.5, -1.25, 2.0)
LEVELS = (0.137, 0.6173, -0.4391)
"""What masks compare with: no values that a program writes."""

LARGEST = 64
"""No tensor gets more elements, nor more than four axes."""


class Drawing:
    """A program while it is drawn. Its tensors are kept without gradients, so that shapes and strides are known."""

    def __init__(self, chance: random.Random, namespace: Any, variants: int) -> None:
        self.chance = chance
        self.variants = variants
        self.namespace = namespace
        self.program: Program = {"leaves": [], "steps": [], "reads": [], "order": chance.choice((1, 1, 2))}
        self.tensors: list[Any] = []
        self.shared: set[int] = set()
        self.roots: list[int] = []
        for _ in range(chance.choice((2, 2, 3))):
            shape, dtype = chance.choice(LEAVES)
            requires_grad = chance.random() < 0.5
            self.program["leaves"].append([shape, dtype, requires_grad])
            self.roots.append(len(self.tensors))
            self.tensors.append(leaf(namespace, len(self.tensors), shape, dtype, False))

    def step(self, name: str, operands: list[int], arguments: list[Any], no_grad: bool = False) -> None:
        step = [name, operands, arguments, True] if no_grad else [name, operands, arguments]
        self.program["steps"].append(step)
        if name in VIEWS:
            self.roots.append(self.roots[operands[0]])
        elif name in RESULTS:
            self.roots.append(len(self.tensors))
        if name != "read":
            with contextlib.suppress(RuntimeError, ValueError, TypeError, IndexError):
                take_step(self.namespace, self.tensors, step, STEPS)

    def any_tensor(self) -> int:
        """A tensor, later ones more often."""
        count = len(self.tensors)
        return max(self.chance.randrange(count), self.chance.randrange(count))

    def is_complex(self, i: int) -> bool:
        return bool(self.tensors[i].dtype == self.namespace.complex128)

    def variant(self, name: str, shape: tuple[int, ...]) -> random.Random:
        """What the arguments of a step on a shape are drawn from."""
        return random.Random(f"{name} {shape} {self.chance.randrange(self.variants)}")

    def index(self, shape: tuple[int, ...]) -> list[Any]:
        chance = self.variant("index", shape)
        items: list[Any] = []
        for length in shape:
            kind = chance.random()
            if kind < 0.3:
                items.append(chance.randrange(-length, length) if length else ":")
            elif kind < 0.6:
                start = chance.randrange(length + 1)
                items.append(chance.choice((f"{start}:", f":{start}", f"{start}:{start + 2}", f"-{start}:", "::2")))
            else:
                items.append(":")
        cut = chance.randrange(len(items) + 1)
        if chance.random() < 0.25:
            items[cut:] = [] if chance.random() < 0.5 else ["...", *items[cut + 1 :]]
        if chance.random() < 0.15:
            items.insert(chance.randrange(len(items) + 1), None)
        return items or ["..."]

    def view_arguments(self, name: str, shape: tuple[int, ...]) -> list[Any] | None:
        """Arguments with which there is such a view of that shape; None if there are none."""
        chance, ndim, count = self.variant(name, shape), len(shape), math.prod(shape)
        if name in ("detach", "real", "imag", "squeeze"):
            return []
        if name == "getitem":
            return self.index(shape)
        if name in ("view", "reshape"):
            options = [[-1], [*shape[::-1]], [1, count]]
            options += [[n, count // n] for n in (2, 3, 4) if count and count % n == 0]
            options += [[n, -1, 2] for n in (2, 3) if count and count % (2 * n) == 0]
            return chance.choice(options)
        if name == "t":
            return [] if ndim <= 2 else None
        if name == "unsqueeze":
            return [chance.randrange(-ndim - 1, ndim + 1)]
        if name == "expand":
            return [*chance.choice(((), (2,), (3,))), *(chance.choice((n, -1)) if n != 1 else 3 for n in shape)]
        if name == "permute":
            return chance.sample(range(ndim), ndim) if ndim else None
        if not ndim or not count:
            return None
        axis = chance.randrange(ndim)
        length = shape[axis]
        if name == "transpose":
            return [axis - ndim, chance.randrange(ndim)]
        if name == "narrow":
            start = chance.randrange(length)
            return [axis, start, chance.randrange(length - start + 1)]
        if name == "unfold":
            return [axis, chance.randrange(1, length + 1), chance.choice((1, 2, length))]
        if name == "split":
            size = chance.randrange(1, length + 1)
            return [size, axis, chance.randrange(-(-length // size))]
        if name == "chunk":
            chunks = chance.randrange(1, length + 1)
            size = -(-length // chunks)
            return [chunks, axis, chance.randrange(-(-length // size))]
        if name == "unbind":
            return [axis, chance.randrange(length)]
        assert name == "diagonal", name
        return [chance.choice((0, 0, 1, -1)), *chance.sample(range(ndim), 2)] if ndim > 1 else None

    def view(self) -> None:
        i = self.any_tensor()
        name = self.chance.choice((*VIEWS, "getitem", "getitem", "getitem"))
        if name in ("real", "imag") and not self.is_complex(i):
            name = "getitem"
        arguments = self.view_arguments(name, tuple(self.tensors[i].shape))
        if arguments is None:
            name, arguments = "detach", []
        with contextlib.suppress(RuntimeError, ValueError):
            result = VIEWS[name](self.tensors[i], *arguments)
            if math.prod(result.shape) > LARGEST or len(result.shape) > 4:
                return
        self.shared |= {i, len(self.tensors)}
        self.step(name, [i], arguments, self.chance.random() < 0.06)

    def value_for(self, shape: tuple[int, ...], allows_complex: bool) -> tuple[list[int], list[Any]]:
        """A tensor that can be written to a region of that shape, as operands, or a number, as arguments."""
        fitting = []
        for k, tensor in enumerate(self.tensors):
            tail = tuple(tensor.shape)
            fits = len(tail) <= len(shape) and all(
                a in (1, b) for a, b in zip(tail, shape[len(shape) - len(tail) :], strict=True)
            )
            if fits and (allows_complex or not self.is_complex(k)):
                fitting.append(k)
        if fitting and self.chance.random() < 0.7:
            return [max(self.chance.choice(fitting), self.chance.choice(fitting))], []
        if self.chance.random() < 0.05 and not any(requires_grad for *_, requires_grad in self.program["leaves"]):
            allowed = [k for k in range(len(self.tensors)) if allows_complex or not self.is_complex(k)]
            return [self.chance.choice(allowed)] if allowed else [], [] if allowed else [2.0]
        return [], [self.chance.choice(CONSTANTS)]

    def write(self) -> None:
        chance = self.chance
        i = self.any_tensor()
        root = self.roots[i]
        no_grad = chance.random() < 0.08
        if root < len(self.program["leaves"]) and self.program["leaves"][root][2] and chance.random() < 0.85:
            no_grad = True
            if chance.random() < 0.7:
                return
        shape, is_complex = tuple(self.tensors[i].shape), self.is_complex(i)
        name = chance.choice((*WRITES, "add_", "mul_", "set", "augment"))
        if (is_complex and ("mask" in name or name in ("exp_", "tanh_"))) or (name == "set_part" and not is_complex):
            name = "mul_"
        if name == "requires_grad_" and (i in self.shared or chance.random() < 0.5):
            name = "add_"
        operands: list[int] = [i]
        arguments: list[Any] = []
        if name in ("add_", "mul_", "iadd", "imul", "copy_", "set_part"):
            others, arguments = self.value_for(shape, is_complex and name != "set_part")
            if not others and name in ("copy_", "set_part"):
                return
            operands += others
            arguments += [chance.choice(("real", "imag"))] if name == "set_part" else []
        elif name in ("set", "augment"):
            index = self.index(shape)
            others, arguments = self.value_for(tuple(self.tensors[i][_index(tuple(index))].shape), is_complex)
            operands += others
            arguments += index
        elif name == "set_rows":
            if not shape or not shape[0]:
                return
            rows = self.variant(name, shape).sample(range(shape[0]), min(2, shape[0]))
            others, arguments = self.value_for((len(rows), *shape[1:]), is_complex)
            operands += others
            arguments += rows
        elif name in ("set_mask", "augment_mask"):
            scalars = [k for k, t in enumerate(self.tensors) if not t.shape and not self.is_complex(k)]
            others, arguments = ([chance.choice(scalars)], []) if scalars else ([], [chance.choice(CONSTANTS)])
            operands += others
            arguments.append(chance.choice(LEVELS))
        elif name == "set_same_mask":
            same = [k for k, t in enumerate(self.tensors) if tuple(t.shape) == shape and not self.is_complex(k)]
            operands.append(chance.choice(same))
            arguments = [chance.choice(LEVELS)]
        elif name == "fill_":
            arguments = [chance.choice(CONSTANTS)]
        self.step(name, operands, arguments, no_grad)

    def result(self) -> None:
        chance = self.chance
        i = self.any_tensor()
        shape, is_complex = tuple(self.tensors[i].shape), self.is_complex(i)
        name = chance.choice((*RESULTS, "mul"))
        operands: list[int] = [i]
        arguments: list[Any] = []
        if name in ("add", "mul"):
            others, arguments = self.value_for(shape, True)
            operands += others
        elif name == "masked":
            if is_complex:
                return
            arguments = [chance.choice(LEVELS)]
        elif name == "rows":
            if not shape or not shape[0]:
                return
            variant = self.variant(name, shape)
            arguments = [variant.randrange(-shape[0], shape[0]) for _ in range(2)]
        self.step(name, operands, arguments, chance.random() < 0.05)

    def read(self) -> None:
        self.step("read", [self.any_tensor()], [])


def draw(chance: random.Random, namespace: Any, steps: int = 10, variants: int = 2) -> Program:
    """A random program of up to so many steps.

    Parameters
    ----------
    namespace
        In which the program is tried, step by step, to know what fits.
    variants
        How many arguments a step on tensors of one shape has to choose from. Few, since some backends compile each.
    """
    drawing = Drawing(chance, namespace, variants)
    kinds = (Drawing.view, Drawing.write, Drawing.result, Drawing.read)
    for _ in range(chance.randrange(3, steps + 1)):
        chance.choices(kinds, (40, 40, 15, 7))[0](drawing)
    count = len(drawing.tensors)
    if chance.random() < 0.6:
        drawing.program["reads"] = list(range(count))
    else:
        drawing.program["reads"] = sorted(chance.sample(range(count), chance.randrange(1, count + 1)))
    return drawing.program
