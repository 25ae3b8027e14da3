"""What notebooks show: tensors as HTML, and tracebacks that end in the user's line."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import traceback
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy
import pytest

import tensorplug as tp
from tensorplug.conformance.report import terminal
from tensorplug.core.interchange.display import LONGEST
from tensorplug.notebook import NOTE


def shown(x: tp.Tensor) -> str:
    return str(x._repr_html_())


def cells(page: str) -> list[list[str]]:
    """The texts of a table; that the page is well-formed is read by the way."""
    tree = ElementTree.fromstring(page.replace("&middot;", "|").replace("&hellip;", "...").replace("<br>", "<br/>"))
    return [[cell.text or "" for cell in row] for row in tree.iter("tr")]


def test_a_line_says_what_a_tensor_is(backend: str) -> None:
    x = tp.ones(2, 3, device=backend, requires_grad=True)
    page = shown(x)
    for fact in ("shape (2, 3)", "float32", str(x.device), f"backend {backend}", "requires_grad"):
        assert re.search(rf"(^|; |&middot; ){re.escape(fact)}( &middot;|<)", page), fact
    assert "grad_fn multiply" in shown(x * 2)
    assert cells(page) == [["1."] * 3] * 2


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ([1.5, -2.0], [["1.5000", "-2.0000"]]),
        ([[True, False]], [["True", "False"]]),
        ([[1 + 2j]], [["1.+2.j"]]),
        (range(20), [["0", "1", "2", "3", "4", "5", "...", "14", "15", "16", "17", "18", "19"]]),
    ],
)
def test_tables(values: Any, rows: list[list[str]]) -> None:
    assert cells(shown(tp.tensor(list(values)))) == rows


def test_a_table_of_many_rows() -> None:
    rows = cells(shown(tp.arange(300.0).reshape(100, 3)))
    assert (len(rows), rows[6], rows[-1]) == (13, ["..."], ["297.", "298.", "299."])


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 2, 2)])
def test_other_shapes_are_text(shape: tuple[int, ...]) -> None:
    x = tp.ones(shape)
    assert f"<pre>{x!r}</pre>" in shown(x)


def picture(page: str) -> numpy.ndarray:
    image = pytest.importorskip("matplotlib.image")
    data = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    assert data is not None
    return numpy.asarray(image.imread(io.BytesIO(base64.b64decode(data[1])), format="png"))


def test_a_picture(backend: str) -> None:
    values = numpy.linspace(-1, 2, 20 * 30).reshape(20, 30).astype("float32")
    values[3, 4] = numpy.nan
    page = shown(tp.tensor(values, device=backend))
    pixels = picture(page)
    assert pixels.shape == (20, 30, 4)
    assert pixels[3, 4, 3] == 0
    assert (numpy.delete(pixels.reshape(-1, 4), 3 * 30 + 4, axis=0)[:, 3] == 1).all()
    # viridis, from dark blue to yellow, ever lighter.
    colormaps = pytest.importorskip("matplotlib").colormaps
    numpy.testing.assert_allclose(pixels[0, 0, :3], colormaps["viridis"](0.0)[:3], atol=0.01)
    numpy.testing.assert_allclose(pixels[-1, -1, :3], colormaps["viridis"](1.0)[:3], atol=0.01)
    numpy.testing.assert_allclose(pixels[10, 0, :3], colormaps["viridis"](0.5)[:3], atol=0.03)
    assert 'width="240" height="160"' in page
    assert re.search("-1 .* to 2 ", page)


@pytest.mark.parametrize(
    "x",
    [
        tp.ones((20, 20), dtype=tp.bfloat16),
        tp.full((20, 20), float("nan")),
        tp.ones((20, 20), dtype=tp.bool),
        tp.full((20, 20), float("inf")),
        tp.zeros((13, 1000), dtype=tp.uint8),
        tp.zeros((3000, 500), dtype=tp.int64),
    ],
)
def test_pictures_of_any_numbers_and_size(x: tp.Tensor) -> None:
    page = shown(x)
    step = -(-max(x.shape) // LONGEST)
    assert picture(page).shape[:2] == x.detach()[::step, ::step].shape
    assert ("every" in page) == (step > 1)
    assert len(page) < 100_000


def test_inside_vmap_the_text_is_shown() -> None:
    pages: list[str] = []
    tp.vmap(lambda x: (pages.append(shown(x)), x * 2)[1])(tp.ones(3, 20, 20))
    assert "examples of shape (20, 20)" in pages[0]


class Shell:
    """As much of IPython's shell as the extension uses."""

    handled: tuple[type, ...] = ()
    handler: Any = None
    shown: Any = None

    def set_custom_exc(self, handled: tuple[type, ...], handler: Any) -> None:
        self.handled, self.handler = handled, handler

    def showtraceback(self, error: Any, tb_offset: Any = None) -> None:
        self.shown = error

    def run(self, function: Any) -> list[str]:
        """Names of the functions whose lines the traceback of an error has."""
        try:
            function()
        except self.handled:
            kind, error, steps = sys.exc_info()
            self.handler(self, kind, error, steps, tb_offset=1)
        assert self.shown[1].__traceback__ is self.shown[2]
        return [frame.name for frame in traceback.extract_tb(self.shown[2])]


@pytest.fixture
def shell() -> Shell:
    found = Shell()
    tp.load_ipython_extension(found)
    return found


def test_tracebacks_end_in_the_users_line(shell: Shell, backend: str) -> None:
    def user() -> None:
        with tp.backend(backend):
            tp.matmul(tp.ones(2, 3), tp.ones(2, 3))

    assert shell.run(user) == ["run", "user"]
    assert shell.shown[1].__notes__ == [NOTE]


def test_callbacks_stay_in_tracebacks(shell: Shell) -> None:
    def inner(x: tp.Tensor) -> tp.Tensor:
        return x + tp.ones(7)

    def user() -> None:
        tp.vmap(inner)(tp.ones(2, 3))

    assert shell.run(user) == ["run", "user", "inner"]


def test_errors_of_others_stay_as_they_are(shell: Shell) -> None:
    def user() -> None:
        json.loads("{")

    assert shell.run(user)[-1] == "raw_decode"
    assert not hasattr(shell.shown[1], "__notes__")


def test_causes_are_shortened_too(shell: Shell) -> None:
    def user() -> None:
        try:
            tp.ones(2).reshape(3)
        except Exception as error:
            raise KeyError("mine") from error

    assert shell.run(user) == ["run", "user"]
    assert [frame.name for frame in traceback.extract_tb(shell.shown[1].__cause__.__traceback__)] == ["user"]


def test_the_extension_is_unloaded(shell: Shell) -> None:
    tp.unload_ipython_extension(shell)
    assert (shell.handled, shell.handler) == ((), None)


@pytest.mark.parametrize("has_widgets", [True, False])
def test_a_notebook_gets_a_progress_bar(has_widgets: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    assert not terminal.in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=None)))
    monkeypatch.setattr(terminal, "find_spec", lambda name: name != "ipywidgets" or has_widgets)
    assert terminal.in_notebook() == has_widgets
