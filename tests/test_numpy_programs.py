"""Programs run on NumPy: generated code with planned buffers, against the instructions one by one."""

from __future__ import annotations

import linecache
import operator
import random
import threading
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.backends.contract import ByKind
from tensorplug.backends.numpy import programs, rewriting, steps
from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.backends.program import Instruction, Program, Var, replay, substituted

BACKEND = NumPy()
KERNELS = BACKEND.kernels()


class Draft:
    """A program in the making: each call computes on the values of its operands, and becomes an instruction."""

    def __init__(self) -> None:
        self.values: dict[Var, Any] = {}
        self.inputs: list[Var] = []
        self.constants: dict[Var, Any] = {}
        self.instructions: list[Instruction] = []

    def _var(self, value: Any) -> Var:
        var = Var(len(self.values), np.shape(value), value.dtype)
        self.values[var] = value
        return var

    def input(self, array: Any) -> Var:
        self.inputs.append(self._var(array))
        return self.inputs[-1]

    def constant(self, array: Any) -> Var:
        var = self._var(array)
        self.constants[var] = array
        return var

    def call(self, name: str, *operands: Any, kernel: Callable[..., Any] | None = None, **parameters: Any) -> Any:
        given, named = substituted((operands, parameters), self.values.__getitem__)
        if kernel is None:
            kernel = KERNELS[name]
            kernel = kernel.of(given[0].dtype.kind) if isinstance(kernel, ByKind) else kernel
        with np.errstate(all="ignore"):
            found = kernel(*given, **named)
        results = None if found is None else self._var(found)
        self.instructions.append(Instruction(name, kernel, operands, parameters, results, "here:1"))
        return results

    def program(self, *outputs: Var, updates: dict[int, Var] | None = None) -> Program:
        positions = {i: self.inputs.index(var) for i, var in (updates or {}).items()}
        return Program(tuple(self.inputs), self.constants, tuple(self.instructions), outputs, positions)


def require_same(found: Any, expected: Any, exactly: bool = True) -> None:
    expected = np.asarray(expected)
    assert (type(found), found.dtype, found.shape) == (np.ndarray, expected.dtype, expected.shape)
    if exactly:
        np.testing.assert_array_equal(found, expected)
    else:
        rounding = 4096 * np.finfo(found.dtype).eps if found.dtype.kind == "f" else 0
        np.testing.assert_allclose(found, expected, rounding, rounding)


def check(program: Program, *arrays: Any) -> list[list[Any]]:
    """Run a program three times, each time as `replay` does, and return what it gave."""
    executable = BACKEND.executable(program)
    # NumPy computes some functions of arrays with strides in other ways.
    strided = {"permute_dims", "getitem"}.intersection(one.name for one in program.instructions)
    exactly = not strided and all(one.flags.c_contiguous for one in arrays)
    kept = [(array, array.copy()) for array in program.constants.values()]
    rounds = []
    for _ in range(3):
        with np.errstate(all="ignore"):
            expected = [np.array(one) for one in replay(program, arrays, BACKEND)]
        after = [array.copy() for array in arrays]
        for i, j in program.updates.items():
            after[j] = expected[i]
        found = list(executable.run(*arrays))
        for one, wanted in zip(found, expected, strict=True):
            require_same(one, wanted, exactly)
        others = [*arrays, *program.constants.values()]
        for i, one in enumerate(found):
            # As the compiled function does.
            if i in program.updates and one is not arrays[program.updates[i]]:
                arrays[program.updates[i]][...] = one
            if i not in program.updates or one is not arrays[program.updates[i]]:
                assert not any(np.may_share_memory(one, other) for other in others)
                kept.append((one, one.copy()))
                others.append(one)
        for one, wanted in zip(arrays, after, strict=True):
            require_same(one, wanted, exactly)
        rounds.append(found)
    for array, copy in kept:
        require_same(array, copy)
    return rounds


SHAPES = [(4, 6), (6,), (4, 1), (), (2, 4, 6), (6, 4)]
UNARY = ["negative", "tanh", "sigmoid", "relu", "square", "abs", "exp", "sign", "isfinite"]
BINARY = ["add", "subtract", "multiply", "maximum", "less_equal", "divide"]
OPERATORS = {"add": operator.add, "multiply": operator.mul, "subtract": operator.sub, "less": operator.lt}
VIEWS: list[tuple[str, Callable[[Any], tuple[Any, ...]]]] = [
    ("reshape", lambda x: ((x.shape[::-1]),)),
    ("permute_dims", lambda x: (tuple(reversed(range(len(x.shape)))),)),
    ("broadcast_to", lambda x: ((2, *x.shape),)),
    ("getitem", lambda x: ((slice(None, None, -1),),) if x.shape else ((),)),
    ("getitem", lambda x: ((..., slice(1, 3)),) if x.shape else ((...,),)),
    ("getitem", lambda x: ((np.array([1, 0]),),) if x.shape[:1] > (1,) else ((),)),
]


def random_program(choose: random.Random) -> tuple[Program, list[Any]]:
    """A program of elementwise functions, views, writes and products, on floats and integers."""
    draft = Draft()
    numbers = np.random.default_rng(choose.randrange(100))
    arrays = []
    for _ in range(choose.randint(1, 4)):
        array = np.asarray(numbers.standard_normal(choose.choice(SHAPES)), choose.choice(["f4", "f8", "f8"]))
        arrays.append(choose.choice([array, array.T, array[..., ::-1] if array.ndim else array]))
        draft.input(arrays[-1])
    draft.constant(np.asarray(numbers.standard_normal(choose.choice(SHAPES))))
    for _ in range(choose.randint(1, 14)):
        add_random(draft, choose)
    made = [var for var in draft.values if var not in draft.inputs and var not in draft.constants]
    updates, outputs = {}, []
    for var in draft.inputs:
        fitting = [one for one in made if (one.shape, one.dtype) == (var.shape, var.dtype) and one not in outputs]
        if fitting and choose.random() < 0.7:
            updates[len(outputs)] = var
            outputs.append(choose.choice(fitting[-3:]))
    everything = [one for one in draft.values if one not in outputs]
    outputs += choose.sample(everything, min(len(everything), choose.randint(0, 3)))
    return draft.program(*outputs, updates=updates), arrays


def add_random(draft: Draft, choose: random.Random) -> None:
    x, y = (choose.choice(list(draft.values)[-6:]) for _ in "xy")
    floats = x.dtype.kind == "f"
    kind = choose.choice(
        ["unary", "unary", "binary", "binary", "binary", "operator", "view", "masked", "put", "matmul"]
    )
    try:
        joint = np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        joint = None
    if len(x.shape) > 3 or (joint is not None and len(joint) > 3):
        return
    if kind == "unary" and floats:
        draft.call(choose.choice(UNARY), x)
    elif kind == "binary" and joint is not None and floats and x.dtype == y.dtype:
        draft.call(choose.choice(BINARY), x, y)
    elif kind == "operator" and floats:
        name = choose.choice(list(OPERATORS))
        operands = choose.choice([(x, 2.0), (0.5, x), (x, x)])
        draft.call(name, *operands, kernel=OPERATORS[name])
    elif kind == "view":
        name, arguments = choose.choice(VIEWS)
        draft.call(name, x, *arguments(x))
    elif kind == "masked" and y.dtype == bool and joint == x.shape and floats:
        if choose.random() < 0.5:
            draft.call("masked_fill", x, y, 0.0)
        else:
            draft.call("where", y, x, x)
    elif kind == "put" and x.shape[:1] > (0,) and floats:
        part = x.shape[1:]
        value = y if y.shape == part and y.dtype == x.dtype else draft.constant(np.full(part, 3, x.dtype))
        draft.call("put", x, (0,), value)
    elif (
        kind == "matmul"
        and floats
        and x.dtype == y.dtype
        and x.shape[1:] == y.shape[:1]
        and len(x.shape) == len(y.shape) == 2
    ):
        draft.call("matmul", x, y)


def shrink_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let arrays of a few elements run block by block."""
    monkeypatch.setattr(steps, "LONG_RUN", 8)
    monkeypatch.setattr(steps, "RUN_BLOCK", 7)
    monkeypatch.setattr(programs, "RUN_BLOCK", 7)


# Programs of every kind.


@given(st.randoms(use_true_random=False), st.booleans())
def test_random_programs(choose: random.Random, in_blocks: bool) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        if in_blocks:
            shrink_blocks(monkeypatch)
        program, arrays = random_program(choose)
        check(program, *arrays)


def source() -> str:
    """The code of the program that was written last."""
    return "".join(linecache.getlines("<compiled program>"))


# Memory.


def test_results_do_not_change_at_the_next_call() -> None:
    draft = Draft()
    x = draft.input(np.arange(3.0))
    y = draft.call("tanh", draft.call("add", x, x))
    run = BACKEND.executable(draft.program(draft.call("square", y), y)).run
    first, second = run(np.arange(3.0)), run(np.ones(3))
    np.testing.assert_array_equal(first[1], np.tanh(2 * np.arange(3.0)))
    np.testing.assert_array_equal(first[0], first[1] ** 2)
    np.testing.assert_array_equal(second[0], np.tanh(2 * np.ones(3)) ** 2)


def test_few_buffers_serve_a_long_program() -> None:
    draft = Draft()
    x = draft.input(np.ones(5))
    for _ in range(20):
        x = draft.call("multiply", draft.call("add", x, x), draft.call("tanh", x))
    check(draft.program(draft.call("negative", x)), np.ones(5))
    assert source().count("= buffer(") == 2


def test_threads_have_buffers_of_their_own() -> None:
    count = 4
    barrier = threading.Barrier(count)

    def wait(x: Any) -> Any:
        barrier.wait(10)
        return x.copy()

    draft = Draft()
    doubled = draft.call("add", draft.input(np.ones(4)), 1.0, kernel=operator.add)
    copied = draft.call("copy", doubled, kernel=np.copy)
    draft.instructions[-1] = draft.instructions[-1]._replace(kernel=wait)
    program = draft.program(draft.call("multiply", doubled, copied))
    run = BACKEND.executable(program).run
    found: dict[int, Any] = {}

    def work(i: int) -> None:
        for _ in range(3):
            (found[i],) = run(np.full(4, float(i)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {i: one.tolist() for i, one in found.items()} == {i: [(i + 1.0) ** 2] * 4 for i in range(count)}


def test_outputs_that_are_views_are_copied() -> None:
    draft = Draft()
    x, c = draft.input(np.ones((2, 3))), draft.constant(np.ones((2, 3)))
    y = draft.call("add", x, c)
    views = [draft.call("permute_dims", one, (1, 0)) for one in (x, y, c)]
    check(draft.program(*views, y, x, c), np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("name", ["add", "subtract"])
def test_an_update_is_computed_in_place(name: str) -> None:
    draft = Draft()
    weight, step = np.ones((3, 3)), np.arange(9.0).reshape(3, 3)
    w, g = draft.input(weight), draft.input(step)
    new = draft.call(name, w, draft.call("multiply", g, draft.constant(np.asarray(0.5))))
    program = draft.program(draft.call("square", new), new, updates={1: w})
    (found, _, _) = check(program, weight, step)
    assert found[1] is weight


def test_an_update_waits_for_what_reads_the_input() -> None:
    draft = Draft()
    x = draft.input(np.ones(4))
    turned = draft.call("getitem", x, (slice(None, None, -1),))
    new = draft.call("negative", x)
    program = draft.program(new, draft.call("tanh", turned), x, updates={0: x})
    check(program, np.arange(4.0))


def test_an_update_of_a_part_writes_only_that_part() -> None:
    draft = Draft()
    cache = np.zeros((4, 3))
    x = draft.input(cache)
    first = draft.call("put", x, (0,), draft.constant(np.ones(3)))
    program = draft.program(draft.call("put", first, (2,), draft.constant(np.full(3, 2.0))), updates={0: x})
    (found, _, _) = check(program, cache)
    assert found[0] is cache
    assert cache.sum(1).tolist() == [3.0, 0.0, 6.0, 0.0]


@pytest.mark.parametrize("is_update", [True, False])
def test_slices_are_added_in_place(is_update: bool) -> None:
    """Gradients of parts of an array are added to these parts; only where nothing else needs the zeros around them."""
    draft = Draft()
    total, part, row = np.ones((4, 3)), np.arange(6.0).reshape(2, 3), np.arange(3.0)
    x, p, r = map(draft.input, (total, part, row))

    def embedded(one: Var, *index: Any) -> Var:
        return draft.call("embed", one, (4, 3), index)

    needed, twice = embedded(r, 1), embedded(r, 2)
    sums = draft.call("add", embedded(p, slice(1, 3)), embedded(r, 3, ...))
    for other in (needed, twice, twice, draft.call("embed", r, (4, 3), (np.asarray([0, 0, 3]), np.arange(3)))):
        sums = draft.call("add", other, sums)
    found = draft.call("add", sums, x)
    column = draft.call("add", draft.call("getitem", x, (slice(0, 1), slice(0, 3))), embedded(r, slice(0, 1)))
    program = draft.program(found, needed, column, updates={0: x} if is_update else {})
    assert sorted(one.name for one in rewriting.rewritten(program).instructions) == sorted(
        [*["add"] * 6, "add_at", *["embed"] * 5, "getitem"]
    )
    check(program, total, part, row)
    draft = Draft()
    x, p, r = map(draft.input, (total, part, row))
    sums = draft.call("add", draft.call("add", x, embedded(p, slice(1, 3))), embedded(r, 0))
    program = draft.program(sums, updates={0: x} if is_update else {})
    assert [one.name for one in rewriting.rewritten(program).instructions] == ["add_at", "add_at"]
    results = check(program, total, part, row)
    assert (results[0][0] is total) == is_update


def test_transposed_products_are_products_of_transposes() -> None:
    draft = Draft()
    a, b = np.arange(6.0).reshape(2, 3), np.arange(8.0).reshape(2, 4)
    x, y = draft.input(a), draft.input(b)
    product = draft.call("matmul", draft.call("matrix_transpose", x), y)
    other = draft.call("matmul", y, draft.call("permute_dims", y, (1, 0)))
    turned = draft.call("permute_dims", product, (1, 0)), draft.call("matrix_transpose", other)
    program = draft.program(*turned, draft.call("permute_dims", other, (0, 1)))
    names = [one.name for one in rewriting.rewritten(program).instructions]
    assert names.count("matmul") == 2
    assert "matrix_transpose" in names
    outputs = check(program, a, b)[0]
    assert outputs[0].flags.c_contiguous


def test_put_reads_its_value_before_it_writes() -> None:
    draft = Draft()
    x = draft.input(np.zeros((4, 3)))
    row = draft.call("getitem", x, (1,))
    new = draft.call("put", draft.call("negative", x), (0,), row)
    check(draft.program(new, updates={0: x}), np.arange(12.0).reshape(4, 3))


# Blocks.


@pytest.mark.parametrize(
    "shape", [(steps.LONG_RUN + 3,), (3, 40_001), (40_001, 3), (257, 300), (2, 5, 3, 4001), (1, 99_999)]
)
def test_blocks_of_any_shape(shape: tuple[int, ...]) -> None:
    numbers = np.random.default_rng(0)
    draft = Draft()
    x = draft.input(numbers.standard_normal(shape))
    others = [
        draft.input(numbers.standard_normal(part)) for part in {shape[-1:], (*shape[:-1], 1), (), (1,) * len(shape)}
    ]
    found = draft.call("tanh", x)
    for other in others:
        found = draft.call("add", draft.call("multiply", found, other), x)
    small = draft.call("less", found, 0.0, kernel=operator.lt)
    kept = draft.call("maximum", found, x)
    program = draft.program(kept, draft.call("logical_not", small), draft.call("sum", kept, axis=None))
    check(program, *(draft.values[var] for var in draft.inputs))
    assert "in a" in source()


@pytest.mark.parametrize("turned", [False, True])
def test_updates_by_blocks(turned: bool) -> None:
    numbers = np.random.default_rng(0)
    weight, step = (numbers.standard_normal((300, 301)) for _ in "wg")
    weight = weight.T if turned else weight
    step = step.T if turned else step
    draft = Draft()
    w, g = draft.input(weight), draft.input(step)
    new = draft.call("subtract", w, draft.call("multiply", g, 0.1, kernel=operator.mul))
    (found, _, _) = check(draft.program(new, updates={0: w}), weight, step)
    assert found[0] is weight


def test_updates_by_blocks_where_inputs_share_memory() -> None:
    memory = np.arange(100_000.0)
    draft = Draft()
    x, y = draft.input(memory[1:]), draft.input(memory[:-1])
    new = draft.call("add", x, draft.call("multiply", y, y))
    expected = memory[1:] + memory[:-1] ** 2
    (found,) = BACKEND.executable(draft.program(new, updates={0: x})).run(memory[1:], memory[:-1])
    np.testing.assert_array_equal(found, expected)


def test_updates_by_blocks_where_a_view_of_the_input_is_read() -> None:
    draft = Draft()
    x = draft.input(np.arange(90_000.0).reshape(300, 300))
    turned = draft.call("permute_dims", x, (1, 0))
    new = draft.call("add", x, draft.call("multiply", turned, turned))
    check(draft.program(new, updates={0: x}), np.arange(90_000.0).reshape(300, 300) / 1e5)


# Kinds of values.


def test_the_sigmoid_of_a_number() -> None:
    draft = Draft()
    x = draft.input(np.asarray(0.5))
    check(draft.program(draft.call("sigmoid", x)), np.asarray(0.5))


def test_arrays_without_axes() -> None:
    draft = Draft()
    x, y = draft.input(np.asarray(2.0)), draft.input(np.asarray(3, np.int64))
    found = draft.call("multiply", draft.call("add", x, 1.5, kernel=operator.add), x, kernel=operator.mul)
    whole = draft.call("multiply", y, y)
    program = draft.program(found, whole, draft.call("divide", found, found), updates={0: x})
    check(program, np.asarray(2.0), np.asarray(3, np.int64))


@pytest.mark.parametrize("name", ["float16", "bfloat16", "complex64", "int8", "uint16"])
def test_dtypes(name: str) -> None:
    dtype = BACKEND.dtypes()[name]
    array = np.arange(6).reshape(2, 3).astype(dtype)
    draft = Draft()
    x = draft.input(array)
    product = draft.call("matmul", draft.call("add", x, x), draft.call("matrix_transpose", x))
    total = draft.call("sum", draft.call("multiply", product, product), axis=(0,), keepdims=False)
    same = draft.call("equal", x, draft.call("square", x))
    check(draft.program(draft.call("negative", product), total, draft.call("logical_not", same)), array)


def test_arrays_without_elements() -> None:
    draft = Draft()
    x = draft.input(np.ones((0, 3)))
    product = draft.call("matmul", draft.call("matrix_transpose", x), draft.call("add", x, x))
    check(draft.program(draft.call("negative", product), draft.call("tanh", x)), np.ones((0, 3)))


class Pair(NamedTuple):
    first: Any
    second: Any


def test_operands_within_containers() -> None:
    def kernel(tree: Any, *, named: Any) -> Any:
        (a, [b, c]), pair, part, table = tree
        assert (type(pair), pair.second, type(part), part.stop) == (Pair, None, slice, None)
        return a + b * c + pair.first - part.start + table["x"] + named[0] * named[1]

    draft = Draft()
    x, y = draft.input(np.ones(2)), draft.call("add", draft.constant(np.ones(2)), 2.0, kernel=operator.add)
    tree = ((x, [y, 3.0]), Pair(y, None), slice(x, None), {"x": y})
    check(draft.program(draft.call("custom.one", tree, kernel=kernel, named=(x, float("inf")))), np.ones(2))


# Errors and warnings.


def raise_if(error: type[Exception], x: Any) -> None:
    if x.max() > 1:
        raise error("too large")


def test_checks_raise_in_their_order() -> None:
    draft = Draft()
    x = draft.input(np.zeros(2))
    doubled = draft.call("add", x, x)
    draft.call("inspect", IndexError, doubled, kernel=raise_if)
    draft.call("inspect", ValueError, x, kernel=raise_if)
    program = draft.program(draft.call("tanh", doubled))
    run = BACKEND.executable(program).run
    with pytest.raises(IndexError, match="too large") as error:
        run(np.full(2, 3.0))
    assert "inspect_" in "".join(traceback.format_tb(error.tb))
    np.testing.assert_array_equal(run(np.full(2, 0.25))[0], np.tanh(np.full(2, 0.5)))


@pytest.mark.filterwarnings("error")
def test_no_warnings() -> None:
    draft = Draft()
    with np.errstate(all="ignore"):
        x = draft.input(np.array([-1.0, 0.0, 1e308]))
        logs = draft.call("log", draft.call("multiply", x, 10.0, kernel=operator.mul))
        program = draft.program(draft.call("divide", logs, x))
    (found,) = BACKEND.executable(program).run(np.array([-1.0, 0.0, 1e308]))
    np.testing.assert_array_equal(found, [np.nan, -np.inf, np.inf])


# Compiled functions.


def test_a_compiled_step_computes_what_eager_code_does() -> None:
    def trained(compiled: bool) -> list[Any]:
        numbers = np.random.default_rng(0)
        weights = [tp.tensor(numbers.standard_normal(shape), requires_grad=True) for shape in ((6, 8), (8, 3))]
        x, target = tp.tensor(numbers.standard_normal((5, 6))), tp.tensor(np.arange(5) % 3)

        def step() -> Any:
            loss = tp.nn.functional.cross_entropy(tp.relu(x @ weights[0]) @ weights[1], target)
            loss.backward()
            with tp.no_grad():
                for weight in weights:
                    weight -= 0.1 * weight.grad
                    weight.grad = None
            return loss.detach()

        run = tp.compile(step) if compiled else step
        return [float(run()) for _ in range(6)] + [weight.tolist() for weight in weights]

    with tp.backend("numpy"):
        assert trained(True) == trained(False)
