"""The command that runs the standard's own suite, on a suite of a few tests, and the table that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorplug.backends import Entry
from tensorplug.conformance.standard_suite.run import main
from tensorplug.conformance.standard_suite.table import (
    Outcome,
    page,
    standard_names,
    subject,
)

OPTIONS = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--max-examples", type=int)
    parser.addoption("--disable-deadline", action="store_true")
    parser.addoption("--skips-file")
    parser.addoption("--xfails-file")
"""

NAMES = """
import os, pytest, tensorplug

@pytest.mark.parametrize("category, name", [("elementwise", "add"), ("fft", "fft")], ids=["elementwise-add", "fft-fft"])
def test_has_names(category, name, request):
    assert tensorplug.default_backend() == os.environ["TENSORPLUG_BACKEND"] == "numpy"
    assert request.config.getoption("--max-examples") == 3

@pytest.mark.skip("flaky")
def test_add(): ...
"""

WRONG = """
def test_fft():
    assert 1 == 2, "not equal"
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a checkout of the suite."""
    (tmp_path / "conftest.py").write_text(OPTIONS)
    (tmp_path / "array_api_tests").mkdir()
    (tmp_path / "array_api_tests" / "__init__.py").touch()
    (tmp_path / "array_api_tests" / "test_has_names.py").write_text(NAMES)
    monkeypatch.setenv("ARRAY_API_TESTS", str(tmp_path))
    return tmp_path


ARGUMENTS = ["--backends", "numpy", "--examples", "3"]


def test_a_line_for_each_backend(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ARGUMENTS) == 0
    assert capsys.readouterr().out.startswith("numpy: 2 passed, 0 failed, 1 skipped, ")


def test_failures_are_told_and_in_the_table(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "array_api_tests" / "test_fft.py").write_text(WRONG)
    assert main([*ARGUMENTS, "--table", str(checkout / "page.md")]) == 1
    told = capsys.readouterr().out
    assert told.startswith("numpy: 2 passed, 1 failed, 1 skipped, ")
    assert "test_fft.py::test_fft: AssertionError: not equal" in told
    table = (checkout / "page.md").read_text()
    assert "| `add` | passed |" in table
    assert "| `fft.fft` | **failed** 1 of 2 |" in table
    assert "| array API standard | 2025.12 |" in table


def test_files_that_cannot_be_imported_fail(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "array_api_tests" / "test_broken.py").write_text("import no_such_module")
    assert main(ARGUMENTS) == 1
    assert "1 failed" in capsys.readouterr().out


def test_a_suite_that_cannot_run(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "conftest.py").write_text("import no_such_module")
    assert main(ARGUMENTS) == 2
    assert "no_such_module" in capsys.readouterr().err


def test_without_a_checkout(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARRAY_API_TESTS", raising=False)
    assert main([]) == 2
    assert "git clone --recurse-submodules" in capsys.readouterr().err


def test_unknown_backends(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--backends", "abacus"]) == 2
    assert "not available: abacus; there are numpy" in capsys.readouterr().err


NAMED = [
    *(
        Outcome("test_has_names", "", "test_has_names", name, "passed")
        for name in (
            "array_method-__add__ array_method-__getitem__ array_method-__invert__ creation-empty elementwise-add "
            "fft-fftshift linalg-matmul linear_algebra-matmul searching-searchsorted set-isin"
        ).split()
    ),
    Outcome("test_signatures", "", "test_info_func_signature", "dtypes", "passed"),
]


@pytest.mark.parametrize(
    ("module", "of_class", "name", "parameters", "wanted"),
    [
        ("test_operators", "", "test_add", "add(x1, x2)", "add"),
        ("test_operators", "", "test_add", "__iadd__(x, s)", "__add__"),
        ("test_special_cases", "", "test_unary", "__invert__(x_i is 0) -> -1", "__invert__"),
        ("test_special_cases", "", "test_binary", "add(x1_i is NaN or x2_i is NaN) -> NaN", "add"),
        ("test_array_object", "", "test_getitem_masking", "", "__getitem__"),
        ("test_linalg", "", "test_matmul", "", "matmul"),
        ("test_linalg", "", "test_linalg_matmul", "", "linalg.matmul"),
        ("test_linalg", "", "test_eig", "", "linalg.eig"),
        ("test_signatures", "", "test_extension_func_signature", "fft.fftshift", "fft.fftshift"),
        ("test_fft", "", "test_shift_func", "fftshift", "fft.fftshift"),
        ("test_searching", "", "test_searchsorted_with_scalars", "", "searchsorted"),
        ("test_set_functions", "TestIsin", "test_empty", "", "isin"),
        ("test_constants", "", "test_irrational_numbers", "pi-3.14", "pi"),
        ("test_inspection_functions", "", "test_array_namespace_info_dtypes", "numeric-device0", "dtypes"),
        ("test_other", "", "test_something_else", "x", "test_something_else"),
    ],
)
def test_what_a_test_is_about(module: str, of_class: str, name: str, parameters: str, wanted: str) -> None:
    assert subject(Outcome(module, of_class, name, parameters, "passed"), standard_names(NAMED)) == wanted


def test_backends_stand_side_by_side() -> None:
    entries = [Entry("numpy", "numpy", "2.4"), Entry("abacus")]
    failing = [outcome._replace(result="failed") for outcome in NAMED[:1]]
    table = page({"array API standard": "2025.12"}, entries, {"numpy": NAMED, "abacus": failing})
    assert "| backend | library | passed | failed | skipped |" in table
    assert f"| numpy | numpy 2.4 | {len(NAMED)} | 0 | 0 |\n| abacus |  | 0 | 1 | 0 |" in table
    assert "|  | numpy | abacus |" in table
    assert "| `__add__` | passed | **failed** 1 of 1 |" in table
    assert "| `empty` | passed | no test |" in table
