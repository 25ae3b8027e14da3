"""Pictures of graphs."""

from __future__ import annotations

import sys
from typing import Any
from xml.etree import ElementTree

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


SVG = "{http://www.w3.org/2000/svg}"


def picture(graph: Any) -> ElementTree.Element:
    return ElementTree.fromstring(graph._repr_mimebundle_()["image/svg+xml"])


@pytest.fixture(params=["no package", "no program"])
def without_graphviz(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    class Graphviz:
        class ExecutableNotFound(RuntimeError):
            pass

        def Source(self, source: str) -> None:
            raise self.ExecutableNotFound

    monkeypatch.setitem(sys.modules, "graphviz", None if request.param == "no package" else Graphviz())


@pytest.mark.usefixtures("without_graphviz")
def test_a_picture_without_graphviz() -> None:
    x, w = leaf(), leaf((3, 4))
    y = tp.matmul(x, w)
    loss = (tp.tanh(y) * y + w.sum() * 3).sum()
    graph = draw(loss, names={"x<": x})
    drawn = picture(graph)
    boxes = {}
    texts = [(one.text, float(one.get("x", 0)), float(one.get("y", 0))) for one in drawn.iter(f"{SVG}text")]
    assert {"x<", "tanh", "matmul"} <= {text for text, _, _ in texts}
    for rect in drawn.iter(f"{SVG}rect"):
        left, top, width, height = (float(rect.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert left >= 0
        assert top >= 0
        assert left + width <= float(drawn.get("width", 0))
        assert top + height <= float(drawn.get("height", 0))
        inside = [text for text, x, y in texts if left <= x <= left + width and top <= y <= top + height]
        boxes["\\n".join(inside)] = (left, top, width, height)
    assert sorted(boxes) == sorted(set(labels(graph.source)))
    # No two boxes meet, and what is computed later is higher.
    every = list(boxes.values())
    for i, (left, top, width, height) in enumerate(every):
        for other, high, wide, _ in every[:i]:
            assert abs(top - high) >= height or left + width <= other or other + wide <= left
    assert boxes["x<\\n(2, 3)"][1] > boxes["matmul\\n(2, 4)"][1] > boxes["tanh\\n(2, 4)"][1]
    assert len(list(drawn.iter(f"{SVG}path"))) == graph.source.count("->") + 1


@pytest.mark.usefixtures("without_graphviz")
def test_a_long_graph_is_drawn_at_once() -> None:
    x = leaf(())
    for _ in range(500):
        x = x * x + 1
    assert float(picture(draw(x)).get("height", 0)) > 500 * 40


def test_svg() -> None:
    pytest.importorskip("graphviz", reason="the Python package graphviz is an extra")
    assert "<svg" in draw(leaf() * 2).svg()


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
