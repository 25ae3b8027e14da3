"""Pictures of graphs."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import pytest

import tensorplug as tp
from tensorplug.autograd import draw


def leaf(shape: tuple[int, ...] = (2, 3)) -> tp.Tensor:
    return tp.ones(shape, dtype="float64").requires_grad_()


def labels(source: str) -> list[str]:
    return [line.split('label="')[1].split('"')[0] for line in source.splitlines() if "label=" in line]


def test_operations_shapes_and_leaves(backend: str) -> None:
    x, w = leaf(), leaf((3, 4))
    loss = tp.tanh(tp.matmul(x, w)).sum()
    graph = draw(loss, names={"x": x, "weights": w, "loss": loss})
    assert labels(graph.source) == [
        *(r"x\n(2, 3)", r"weights\n(3, 4)"),
        *(r"matmul\n(2, 4)", r"tanh\n(2, 4)", r"loss\n()"),
    ]
    assert graph.source.count("->") == 4
    assert graph.source.count("lightblue") == 2
    assert graph.source == repr(graph)


def test_nothing_is_changed(backend: str) -> None:
    x = leaf()
    loss = (x * x).sum()
    seen: list[Any] = []
    x.register_hook(seen.append)
    draw(loss)
    draw(loss)
    assert x.grad is None
    assert seen == []
    loss.backward()
    assert x.grad.tolist() == [[2.0] * 3] * 2


def test_a_graph_that_was_freed(backend: str) -> None:
    x = leaf()
    loss = (x * x).sum()
    loss.backward()
    assert labels(draw(loss).source) == [r"sum\n()"]


def test_several_results_and_outputs(backend: str) -> None:
    matrix = (tp.eye(2, dtype="float64") * 2).requires_grad_()
    sign, logabsdet = tp.linalg.slogdet(matrix)
    found = labels(draw([sign * 2, logabsdet]).source)
    assert r"linalg.slogdet: logabsdet\n()" in found
    assert r"linalg.slogdet: sign\n()" in found
    assert "linalg.slogdet" in found
    assert r"leaf\n(2, 2)" in found


def test_a_backward_that_fails(backend: str) -> None:
    class Failing(tp.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            raise KeyError("mine")

    assert labels(draw(Failing.apply(leaf()).sum()).source) == [r"leaf\n(2, 3)", r"Failing\n(2, 3)", r"sum\n()"]


def test_names_are_quoted(backend: str) -> None:
    x = leaf()
    assert r'label="a\"b\\c\n(2, 3)"' in draw(x * 2, names={'a"b\\c': x}).source


@pytest.mark.parametrize("wrong", [lambda: tp.ones(2), lambda: [leaf(), tp.ones(2)], lambda: 1.0])
def test_without_a_graph(backend: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match="draw: a tensor that does not require grad has no graph"):
        draw(wrong())


def test_names_are_of_tensors(backend: str) -> None:
    with pytest.raises(TypeError, match="draw: names has int as 'a', wanted tensors"):
        draw(leaf() * 2, names={"a": 3})


def test_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = draw(leaf() * 2)
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match=r"graphviz.*\[draw\]"):
        graph.svg()
    assert graph._repr_mimebundle_() == {"text/plain": graph.source}


def test_svg() -> None:
    pytest.importorskip("graphviz", reason="the Python package graphviz is an extra")
    graph = draw(leaf() * 2)
    if shutil.which("dot") is None:
        with pytest.raises(ImportError, match="draw: the program dot is missing"):
            graph.svg()
    else:
        assert "<svg" in graph._repr_mimebundle_()["image/svg+xml"]


def test_of_a_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the package makes of the source is what a notebook shows."""

    class Source:
        def __init__(self, source: str) -> None:
            self.source = source

        def pipe(self, format: str, encoding: str) -> str:
            return f"<{format}>{len(self.source)}"

    class Graphviz:
        ExecutableNotFound = RuntimeError

    Graphviz.Source = Source
    monkeypatch.setitem(sys.modules, "graphviz", Graphviz)
    graph = draw(leaf() * 2)
    assert graph._repr_mimebundle_()["image/svg+xml"] == f"<svg>{len(graph.source)}"
