"""The reports of the conformance suite: in a terminal, in a pipe, as files, and as a page in a browser."""

from __future__ import annotations

import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tensorplug import cli
from tensorplug.conformance.engine.outcome import Failure, Outcome
from tensorplug.conformance.engine.runner import checks, ranked
from tensorplug.conformance.report import (
    Counts,
    Run,
    changes,
    merged,
    page,
    print_report,
    progress,
    read,
    writer,
)

NASTY = "</script><img src=x onerror='boom()'> &amp; ]]> \x00\x1b[31m \ud800 \u2028 {{data}} é"
"""What could break out of a page, out of XML, or out of a terminal's line."""

SNIPPET = 'import tensorplug as tp\n\nprint(tp.add(tp.asarray([-0.0]), 0.0))  # "</script>"\n'

FAILURE = Failure(
    message=f"add: -0.0, wanted 0.0 {NASTY}",
    call="tp.add(x1, x2)",
    inputs={"x1": "tp.asarray([-0.0])", "x2": "tp.asarray([0.0])"},
    expected="Tensor([0.])",
    actual="Tensor([-0.])",
    snippet=SNIPPET,
)


def outcome(backend: str, operation: str, aspect: str = "values", status: str = "passed", **others: Any) -> Outcome:
    chapter = "linalg" if operation.startswith("linalg.") else "elementwise"
    return Outcome(backend, chapter, operation, aspect, status, examples=10, seconds=0.25, **others)


OUTCOMES = [
    outcome("good", "add"),
    outcome("good", "add", "gradients"),
    outcome("good", "multiply"),
    outcome("good", "linalg.svd", "values", "unsupported", reason="no decompositions here"),
    outcome("good", "linalg.svd", "errors"),
    outcome("bad", "multiply", "values", "failed", failure=Failure("multiply: 3.0, wanted 2.0")),
    outcome("bad", "add", "values", "failed", failure=FAILURE),
    outcome("bad", "add", "gradients", "failed", failure=replace(FAILURE, message="add: a wrong gradient")),
    outcome("bad", "add", "errors"),
    outcome("bad", "add", "out=", "unsupported", reason=f"nothing is written {NASTY}"),
]


def run_of(outcomes: list[Outcome] = OUTCOMES, **others: Any) -> Run:
    return Run(outcomes, **{"level": "quick", "seed": 7, "reference": "good", "versions": {"python": "3.13"}, **others})


class TestRun:
    def test_counts(self) -> None:
        assert run_of().counts == {"bad": Counts(1, 3, 1), "good": Counts(4, 0, 1)}
        assert str(run_of().counts["bad"]) == "1 passed, 3 failed, 1 unsupported"

    def test_the_gravest_check_is_the_status_of_a_cell(self) -> None:
        run = run_of()
        assert run.status("elementwise", "add", "good") == "passed"
        assert run.status("linalg", "linalg.svd", "good") == "unsupported"
        assert run.status("elementwise", "add", "bad") == "failed"
        assert run.status("linalg", "linalg.svd", "bad") is None
        assert run.status("none", "add", "bad") is None

    def test_failures_keep_their_order(self) -> None:
        assert [f"{failure.operation} {failure.aspect}" for failure in run_of().failures] == [
            *("multiply values", "add values", "add gradients"),
        ]

    @pytest.mark.parametrize(("level", "option"), [("quick", " --quick"), ("default", ""), ("thorough", " --thorough")])
    def test_command(self, level: str, option: str) -> None:
        assert run_of(level=level).command("bad", "add") == f"tensorplug conformance bad --op add --seed 7{option}"

    def test_a_name_is_quoted_in_a_command(self) -> None:
        assert "conformance 'a b;c' --op" in run_of().command("a b;c", "add")

    def test_another_level(self) -> None:
        with pytest.raises(ValueError, match="level is 'slow', wanted one of quick, default, thorough"):
            run_of(level="slow")

    def test_nothing_was_checked(self) -> None:
        run = run_of([])
        assert (run.backends, run.counts, run.cells) == ([], {}, {})
        assert Run.from_dict(run.to_dict()) == run


class TestMerged:
    """Parts of a run as one run, and as a part of a README."""

    PARTS = (
        [outcome("good", "add"), outcome("good", "add", "gradients", "failed", failure=FAILURE)],
        [outcome("good", "add", "gradients"), outcome("good", "sum", status="failed", failure=FAILURE)],
    )

    def test_the_last_outcome_of_a_check_counts(self) -> None:
        one, two = (run_of(part, seconds=2.0) for part in self.PARTS)
        assert merged([one, two]).counts == {"good": Counts(2, 1, 0)}
        assert merged([two, one]).counts == {"good": Counts(1, 2, 0)}
        assert merged([one, two]).seconds == 4.0
        assert [found.operation for found in merged([one, two]).failures] == ["sum"]

    def test_what_the_checks_of_others_found_is_found_anew(self) -> None:
        failure = replace(FAILURE, culprit="add", kernels=("add",))
        parts = [[outcome("good", "sum", status="failed", failure=failure)], [outcome("good", "sum")]]
        one, two = (run_of(ranked(part)) for part in parts)
        assert [found.aspect for found in ranked(merged([one]).outcomes)] == ["within sum", "values"]
        assert merged([one, two]).failures == []

    def test_other_runs(self) -> None:
        with pytest.raises(ValueError, match="cannot be merged: seed is 7 in one, 8 in another"):
            merged([run_of(seed=7), run_of(seed=8)])

    def test_the_readme_tells_what_was_not_run(self, tmp_path: Path) -> None:
        readme = tmp_path / "README.md"
        readme.write_text("before <!-- conformance --> old <!-- /conformance --> after")
        everything = [outcome("good", one.operation, one.aspect) for one in checks("quick")]
        writer(readme)(run_of(everything, level="quick"))
        assert " not " not in readme.read_text().replace("does not support", "")
        writer(readme)(
            run_of([one for one in everything if one.identifier != "good::elementwise::add::sizes"], level="quick")
        )
        told = readme.read_text()
        assert told.startswith("before")
        assert told.endswith("after")
        assert "\nChecks that were not run: 1 of sizes.\n" in told
        writer(readme)(run_of([one for one in everything if one.operation != "add"], level="quick"))
        assert "\nOperations of the level that were not checked: 1.\n" in readme.read_text()

    def test_the_command(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        parts = []
        for part in self.PARTS:
            parts += ["--merge", str(tmp_path / f"{len(parts)}.json")]
            writer(parts[-1])(run_of(part))
        assert cli.main(["conformance", *parts, "--report", str(tmp_path / "README.md")]) == 1
        assert "of 3 checks 2 pass, 1 fail" in (tmp_path / "README.md").read_text()
        assert capsys.readouterr().out.splitlines()[-1] == "good: 2 passed, 1 failed, 0 unsupported"
        assert cli.main(["conformance", "numpy", *parts]) == 2
        assert "--merge checks nothing" in capsys.readouterr().err


class TestJson:
    def test_round_trip(self, tmp_path: Path) -> None:
        file = tmp_path / "report.json"
        writer(file)(run_of(seconds=1.5))
        found = read(file)
        assert sorted(found.outcomes, key=lambda one: one.identifier) == sorted(
            OUTCOMES, key=lambda one: one.identifier
        )
        assert found.failures == run_of().failures
        assert replace(found, outcomes=OUTCOMES) == run_of(seconds=1.5)
        again = tmp_path / "again.json"
        writer(again)(found)
        assert again.read_bytes() == file.read_bytes()

    def test_schema(self) -> None:
        values = run_of().to_dict()
        assert sorted(values) == [
            *("failures", "level", "outcomes", "reference", "schema", "seconds", "seed", "versions"),
        ]
        assert values["schema"] == 1
        assert values["failures"][0] == "bad::elementwise::multiply::values"

    def test_the_order_of_what_passed_does_not_tell(self) -> None:
        passed = [one for one in OUTCOMES if one.status != "failed"]
        failed = [one for one in OUTCOMES if one.status == "failed"]
        assert run_of(failed + passed[::-1]).to_dict() == run_of().to_dict()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{", "is no JSON"),
            (b"\xff\xfe", "is no JSON"),
            (b"[" * 100_000, "is no JSON"),
            (b"[]", "is no report of the conformance suite"),
            (b'{"outcomes": []}', "is no report of the conformance suite"),
            (b'{"schema": 2}', "has schema 2, wanted 1"),
            (b'{"schema": 1}', "is damaged: KeyError"),
        ],
    )
    def test_no_report(self, tmp_path: Path, content: bytes, message: str) -> None:
        file = tmp_path / "old.json"
        file.write_bytes(content)
        with pytest.raises(ValueError, match=message) as caught:
            read(file)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda values: values.update(outcomes=[{"backend": "good"}]),
            lambda values: values.update(outcomes=3),
            lambda values: values.update(seed="many"),
            lambda values: values.update(level="slow"),
            lambda values: values.update(versions=[]),
            lambda values: values["outcomes"][0].update(status="perhaps"),
            lambda values: values["outcomes"][0].update(operation=None),
            lambda values: values["outcomes"][0].update(failure={"text": ""}),
            lambda values: values["outcomes"].append("add"),
        ],
    )
    def test_damage(self, tmp_path: Path, damage: Callable[[dict[str, Any]], None]) -> None:
        values = run_of().to_dict()
        damage(values)
        file = tmp_path / "old.json"
        file.write_text(json.dumps(values))
        with pytest.raises(ValueError, match=r"old.json' is damaged: "):
            read(file)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"none.json' cannot be read: No such file"):
            read(tmp_path / "none.json")


class TestFiles:
    @pytest.mark.parametrize("name", ["report.pdf", "report", "html"])
    def test_another_suffix(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ValueError, match=r"wanted one of \.html, \.json, \.md, \.xml"):
            writer(tmp_path / name)

    def test_a_suffix_in_capitals(self, tmp_path: Path) -> None:
        writer(tmp_path / "REPORT.JSON")(run_of())
        assert read(tmp_path / "REPORT.JSON").seed == 7

    def test_what_may_not_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # Root may write everything.
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "old.html")
        for name in ("old.html", "new.html"):
            writer(tmp_path / name)(run_of())
        with pytest.raises(ValueError, match=r"old\.html' may not be written"):
            writer(tmp_path / "old.html")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="does not exist"):
            writer(tmp_path / "none" / "report.html")

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "report.html").mkdir()
        with pytest.raises(ValueError, match="is a folder"):
            writer(tmp_path / "report.html")

    def test_without_junitparser(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "junitparser", None)
        with pytest.raises(ImportError, match=r"junitparser.*\[conformance\]"):
            writer(tmp_path / "report.xml")


class TestJunit:
    @pytest.fixture
    def root(self, tmp_path: Path) -> ElementTree.Element:
        pytest.importorskip("junitparser")
        writer(tmp_path / "report.xml")(run_of())
        return ElementTree.parse(tmp_path / "report.xml").getroot()

    def test_counts(self, root: ElementTree.Element) -> None:
        counted = ("tests", "failures", "skipped", "errors")
        assert [root.get(name) for name in counted] == ["10", "3", "2", "0"]
        suites = {suite.get("name"): [suite.get(name) for name in counted] for suite in root.iter("testsuite")}
        assert suites == {"bad": ["5", "3", "1", "0"], "good": ["5", "0", "1", "0"]}

    def test_cases(self, root: ElementTree.Element) -> None:
        cases = {f"{case.get('classname')} {case.get('name')}": case for case in root.iter("testcase")}
        assert len(cases) == 10
        skipped = cases["good.linalg.linalg.svd values"].find("skipped")
        assert skipped is not None
        assert skipped.get("message") == "no decompositions here"
        failed = cases["bad.elementwise.add values"].find("failure")
        assert failed is not None
        assert (failed.get("message") or "").startswith("add: -0.0, wanted 0.0 </script>")
        for part in ("tp.add(x1, x2)", "x1 = tp.asarray([-0.0])", "Tensor([0.])", SNIPPET, "--op add --seed 7 --quick"):
            assert part in (failed.text or "")
        assert float(cases["good.elementwise.add values"].get("time") or 0) == 0.25

    def test_any_text_is_valid(self, tmp_path: Path) -> None:
        pytest.importorskip("junitparser")
        characters = "".join(map(chr, [*range(0x180), 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x1F600, 0x10FFFF]))
        failure = Failure(characters, characters, {characters: characters}, characters, characters, characters)
        wild = Outcome(characters, characters, characters, characters, "failed", failure=failure)
        other = Outcome(characters, characters, characters, "more", "unsupported", reason=characters)
        writer(tmp_path / "report.xml")(run_of([wild, other], versions={"wild": characters}))
        root = ElementTree.parse(tmp_path / "report.xml").getroot()
        message = next(root.iter("failure")).get("message") or ""
        assert r"\x00\x01" in message
        assert "é\U0001f600" in message.replace("\U0010ffff", "").replace(r"\ud800\udfff\ufffe\uffff", "é")


class Terminal(io.StringIO):
    """A file that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def shown(file: io.StringIO) -> str:
    """What a terminal shows, without its colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())


MANY = [outcome("bad", f"operation_{i}", status="failed", failure=replace(FAILURE, message=str(i))) for i in range(50)]


class TestPipe:
    def test_the_report_is_plain_and_complete(self, tmp_path: Path) -> None:
        """It is printed by another Python, into a pipe of 20 columns that holds ASCII."""
        code = (
            "import sys; from tensorplug.conformance.report import read, print_report; print_report(read(sys.argv[1]))"
        )
        environment = {**os.environ, "COLUMNS": "20", "PYTHONIOENCODING": "ascii", "PYTHONSAFEPATH": "1"}
        with_many = run_of(OUTCOMES + MANY)
        writer(tmp_path / "report.json")(with_many)
        command = [sys.executable, "-c", code, str(tmp_path / "report.json")]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        text = done.stdout.decode("ascii")
        assert "\x1b" not in text
        assert r"\x00\x1b[31m \ud800 \u2028 {{data}} \xe9" in text
        for one in with_many.failures:
            if (one.operation, one.aspect) != ("add", "gradients"):
                assert f"failed {one.identifier}\n" in text
        assert "  also      add::gradients\n" in text
        lines = text.splitlines()
        assert "elementwise  1 / 53 / 1  3 / 0 / 0" in lines
        assert "linalg       0 / 0 / 0   1 / 0 / 1" in lines
        assert "  expected  Tensor([0.])" in lines
        assert "            x2 = tp.asarray([0.0])" in lines
        assert lines[-2:] == ["bad: 1 passed, 53 failed, 1 unsupported", "good: 4 passed, 0 failed, 1 unsupported"]
        assert "more" not in text

    def test_what_to_do_next(self) -> None:
        """One line a cause, that of the most checks first; of one cause the operation at fault is shown."""
        strides = [
            outcome("bad", name, aspect, "failed", failure=Failure(f"raised ValueError: stride {i} is negative{where}"))
            for i, (name, aspect, where) in enumerate(
                [("sum", "layouts", " (float32, reversed)"), ("exp", "layouts", ""), ("exp", "out", " (int64)")]
            )
        ]
        wrong = replace(FAILURE, message="1.0, wanted 2.0", culprit="add")
        within = outcome("bad", "mean", status="failed", failure=wrong)
        file = io.StringIO()
        print_report(run_of([*OUTCOMES, *strides, within]), file=file)
        text = file.getvalue()
        order = re.findall(r"^failed bad::elementwise::(\S+)$", text, re.MULTILINE)
        assert order == ["add::values", "sum::layouts", "multiply::values"]
        assert "  also      exp::layouts, exp::out\n" in text
        lines = text.split("\n")
        start = lines.index("3 of 8 operations pass. What to do next, what fails the most checks first:")
        assert lines[start + 2 : start + 4] == [
            "  3 checks of 2 operations, first sum: raised ValueError: stride 0 is negative",
            "  1 check of 1 operation, first multiply: multiply: 3.0, wanted 2.0",
        ]
        assert lines[start + 1].startswith("  3 checks of 2 operations, first add: add: -0.0")

    def test_one_snippet_for_each_operation(self) -> None:
        file = io.StringIO()
        print_report(run_of(), file=file)
        assert file.getvalue().count("    print(tp.add(") == 1

    def test_changes(self) -> None:
        file = io.StringIO()
        print_report(run_of(), changes(run_of([outcome("bad", "add")]), run_of()), file)
        assert "newly failing:\n  bad::elementwise::add::values: passed -> failed\n" in file.getvalue()

    def test_progress(self) -> None:
        file = io.StringIO()
        with progress(1000, file) as advance:
            for i in range(1000):
                advance(outcome("bad", f"operation_{i}"))
            advance(MANY[0])
        lines = file.getvalue().splitlines()
        assert len(lines) == 22
        assert lines[0] == "[  5%] 50 passed, 0 failed, 0 unsupported, 0 s, at operation_49 on bad"
        assert lines[19].startswith("[100%] 1000 passed, 0 failed")
        assert lines[20] == "failed bad::elementwise::operation_0::values: 0"

    def test_progress_of_nothing(self) -> None:
        file = io.StringIO()
        with progress(0, file):
            pass
        assert file.getvalue() == ""

    def test_progress_that_is_slow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        file = io.StringIO()
        with progress(10_000, file) as advance:
            for one in (OUTCOMES[0], OUTCOMES[1], OUTCOMES[2]):
                now[0] += 20
                advance(one)
        assert file.getvalue() == "[  0%] 2 passed, 0 failed, 0 unsupported, 40 s, at add on good\n"


class TestTerminal:
    def test_the_report(self, terminal: Terminal) -> None:
        pytest.importorskip("rich")
        print_report(run_of(), changes(run_of([]), run_of()), terminal)
        text = shown(terminal)
        assert re.search(r"elementwise +│ +1 / 3 / 1 +│ +3 / 0 / 0", text)
        assert "failed bad::elementwise::add::values\n" in text
        assert r"wanted 0.0 </script><img src=x onerror='boom()'> &amp; ]]> \x00\x1b[31m \ud800" in text
        assert "    print(tp.add(tp.asarray([-0.0]), 0.0))" in text
        assert "Changes: 10 new" in text
        assert text.endswith("good: 4 passed, 0 failed, 1 unsupported\n")
        assert "\x1b[" in terminal.getvalue()

    def test_what_is_shown_is_bounded(self, terminal: Terminal) -> None:
        pytest.importorskip("rich")
        print_report(run_of(MANY), changes(run_of([outcome("bad", "add")]), run_of(MANY)), terminal)
        text = shown(terminal)
        assert len(re.findall("^failed bad", text, re.MULTILINE)) == 20
        assert "and 30 more causes" in text
        assert "\n  and 30 more\n" in text

    def test_markup_is_text(self, terminal: Terminal) -> None:
        pytest.importorskip("rich")
        print_report(
            run_of([outcome("[red]bad", "[/]", "a", "failed", failure=Failure("[bold]x[/nothing]"))]), None, terminal
        )
        assert "failed [red]bad::elementwise::[/]::a" in shown(terminal)
        assert "[bold]x[/nothing]" in shown(terminal)

    def test_progress(self, terminal: Terminal) -> None:
        pytest.importorskip("rich")
        with progress(len(OUTCOMES), terminal) as advance:
            for one in OUTCOMES:
                advance(replace(one, operation=f"[b]{one.operation}"))
        text = shown(terminal)
        assert "100%" in text
        assert "5 passed 3 failed 2 unsupported [b]add on bad" in text
        assert "failed bad::elementwise::[b]multiply::values: multiply: 3.0, wanted 2.0" in text

    def test_without_rich(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "rich", None)
        with progress(1, terminal) as advance:
            advance(OUTCOMES[0])
        print_report(run_of(), file=terminal)
        assert "\x1b[" not in terminal.getvalue()
        assert terminal.getvalue().startswith("[100%] 1 passed")
        assert terminal.getvalue().endswith('pip install ".[conformance]" in a clone of Tensorplug\n')


class TestChanges:
    def test_kinds(self) -> None:
        old = [
            *(outcome("bad", "a"), outcome("bad", "b", status="failed"), outcome("bad", "c", status="unsupported")),
            *(outcome("bad", "d"), outcome("bad", "e"), outcome("bad", "f", status="failed"), outcome("good", "a")),
        ]
        new = [
            *(outcome("bad", "a", status="failed"), outcome("bad", "b"), outcome("bad", "c", status="failed")),
            *(outcome("bad", "d", status="unsupported"), outcome("bad", "f", status="failed")),
            *(outcome("bad", "g"), outcome("bad", "h", status="failed")),
        ]
        found = changes(run_of(old), run_of(new, level="default", seed=8, versions={"python": "3.14", "jax": "1"}))
        names = {kind: [change.name.split("::")[2] for change in of_kind] for kind, of_kind in found.checks.items()}
        assert names == {
            "newly failing": ["a", "c"],
            "newly unsupported": ["d"],
            "newly passing": ["b"],
            "new": ["h", "g"],
            "gone": ["e"],
        }
        assert str(found) == "2 newly failing, 1 newly unsupported, 1 newly passing, 2 new, 1 gone"
        assert [str(change) for change in found.settings] == [
            *("level: quick -> default", "seed: 7 -> 8", "python: 3.13 -> 3.14", "jax: none -> 1"),
        ]

    def test_what_was_not_asked_for_is_not_gone(self) -> None:
        old, new = run_of(), run_of([outcome("good", "add")])
        assert [change.name for change in changes(old, new).checks["gone"]] == [one.identifier for one in OUTCOMES[1:5]]
        within = changes(old, new, lambda one: one.operation == "add" and one.backend == "good")
        assert [change.name for change in within.checks["gone"]] == ["good::elementwise::add::gradients"]

    def test_of_nothing(self) -> None:
        assert str(changes(run_of(), run_of())) == "no check changed"

    def test_a_check_that_was_made_twice_failed_if_it_failed_once(self) -> None:
        twice = run_of([outcome("bad", "a", status="failed"), outcome("bad", "a")])
        assert str(changes(run_of([outcome("bad", "a")]), twice)) == "1 newly failing"


# The page


def data_of(text: str) -> Any:
    """What a page embeds."""
    found = re.search(r'<script id="data" type="application/json">(.*?)</script', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_checks_again_what_showed_a_fault_of_another_operation() -> None:
    shown = replace(FAILURE, shown_by="multiply")
    run = run_of([outcome("bad", "add", "within multiply", "failed", failure=shown), *OUTCOMES])
    own, *others = data_of(page(run))["chapters"]["elementwise"]["add"]["bad"]["checks"]
    assert own["command"] == run.command("bad", "multiply")
    assert [other["command"] for other in others] == [""] * len(others)


def test_no_text_breaks_out_of_the_page() -> None:
    text = page(run_of(), changes(run_of([]), run_of()))
    assert text.lower().count("</script") == 2
    assert "<img" not in text
    assert text.isascii() or "\ud800" not in text
    text.encode()
    cell = data_of(text)["chapters"]["elementwise"]["add"]["bad"]
    assert cell["checks"][0]["failure"]["message"] == FAILURE.message


def test_the_page_names_nothing_outside() -> None:
    assert not re.findall(r"""(?:src|href)=["'](?!data:,)|https?:|url\(|@import""", page(run_of([])))


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

browser_tests = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium: apt-get install chromium chromium-driver, or the like"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium without a window, which logs what it asks of the network."""
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
    profile = tmp_path_factory.mktemp("profile")
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", *quiet, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.add_argument("--window-size=1400,1000")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


class Site:
    """A folder on a server of this machine, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *arguments: Any) -> None:
                asked.append(urlsplit(self.path).path)

        handler = functools.partial(Handler, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, text: str) -> str:
        """Serve a page, and give its address."""
        (self.folder / "report.html").write_text(text, encoding="utf-8")
        return f"{self.address}/report.html"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    served = Site(tmp_path)
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def text_of(browser: Any, selector: str) -> str:
    return browser.execute_script("return document.querySelector(arguments[0]).textContent", selector)


def visible(browser: Any) -> list[str]:
    """The operations in the matrix that are shown."""
    return browser.execute_script(
        "const heads = [...document.querySelectorAll('#matrix th[scope=row]')];"
        "return heads.filter((head) => head.offsetParent).map((head) => head.textContent)"
    )


def cell(browser: Any, name: str) -> Any:
    return browser.find_element("css selector", f'.cell[data-name="{name}"]')


@browser_tests
class TestPage:
    @pytest.fixture(autouse=True)
    def opened(self, browser: Any, site: Site) -> None:
        text = page(run_of(), changes(run_of([outcome("bad", "add")]), run_of()))
        # The protocol of the driver cannot hand on half a character.
        self.address = site.put(text.replace(r"\ud800", ""))
        browser.get("about:blank")
        browser.get(self.address)

    def test_the_matrix_is_there(self, browser: Any) -> None:
        assert visible(browser) == ["add", "multiply", "linalg.svd"]
        heads = browser.find_elements("css selector", "#matrix thead th")
        assert [head.text for head in heads] == ["operation", "bad", "good"]
        assert text_of(browser, "#verdict") == "3 of 10 checks failed"
        assert [line.text for line in browser.find_elements("css selector", "#backends li")] == [
            *("bad\n1\npassed\n3\nfailed\n1\nunsupported", "good\n4\npassed\n0\nfailed\n1\nunsupported"),
        ]
        cells = browser.find_elements("css selector", ".cell")
        assert {one.get_attribute("data-name"): (one.get_attribute("class"), one.text) for one in cells} == {
            "elementwise::add::bad": ("cell failed", "✗ 2/4"),
            "elementwise::add::good": ("cell passed", "✓ 2"),
            "elementwise::multiply::bad": ("cell failed", "✗ 1"),
            "elementwise::multiply::good": ("cell passed", "✓ 1"),
            "linalg::linalg.svd::good": ("cell unsupported", "– 1/2"),
        }
        colours = {one.value_of_css_property("background-color") for one in cells}
        assert len(colours) == 3

    def test_filter_by_text(self, browser: Any) -> None:
        field = browser.find_element("id", "text")
        field.send_keys("SV li")
        assert visible(browser) == ["linalg.svd"]
        assert text_of(browser, "#shown") == "1 of 3 operations"
        assert [head.text for head in browser.find_elements("css selector", ".chapter") if head.text] == [
            "linalg 1 operation"
        ]
        field.send_keys("?")
        assert visible(browser) == []
        browser.find_element("id", "clear").click()
        assert visible(browser) == ["add", "multiply", "linalg.svd"]

    @pytest.mark.parametrize(
        ("status", "operations"),
        [
            ("failed", ["add", "multiply"]),
            ("unsupported", ["linalg.svd"]),
            ("passed", ["add", "multiply"]),
            ("", ["add", "multiply", "linalg.svd"]),
        ],
    )
    def test_filter_by_status(self, browser: Any, status: str, operations: list[str]) -> None:
        button = browser.find_element("css selector", f'#status button[value="{status}"]')
        assert button.text.endswith(f" {len(operations)}")
        button.click()
        assert visible(browser) == operations
        assert button.get_attribute("aria-pressed") == "true"

    def test_filter_by_chapter(self, browser: Any) -> None:
        browser.find_element("css selector", '#chapter option[value="linalg"]').click()
        assert visible(browser) == ["linalg.svd"]

    def test_the_filter_is_in_the_address(self, browser: Any) -> None:
        browser.find_element("id", "text").send_keys("d")
        browser.find_element("css selector", '#status button[value="failed"]').click()
        cell(browser, "elementwise::add::bad").click()
        address = browser.current_url
        assert address.endswith("#text=d&status=failed&cell=elementwise%3A%3Aadd%3A%3Abad")
        browser.get("about:blank")
        browser.get(address)
        assert visible(browser) == ["add"]
        assert text_of(browser, "#subject") == "add"

    @pytest.mark.parametrize("address", ["#status=none&chapter=none&cell=none", "#%", "#cell=toString"])
    def test_an_address_that_means_nothing(self, browser: Any, address: str) -> None:
        browser.get("about:blank")
        browser.get(self.address + address)
        assert visible(browser) == ["add", "multiply", "linalg.svd"]
        assert not browser.find_element("id", "panel").is_displayed()

    def test_a_failing_cell_opens_its_example(self, browser: Any) -> None:
        panel = browser.find_element("id", "panel")
        assert not panel.is_displayed()
        cell(browser, "elementwise::add::bad").click()
        assert panel.is_displayed()
        assert panel.find_element("css selector", ".place").text == "elementwise on bad: failed"
        lines = [line.text for line in panel.find_elements("css selector", ".check > .line")]
        assert [line.split("\n")[1] for line in lines] == ["values", "gradients", "out=", "errors"]
        failure = panel.find_element("css selector", ".failure")
        assert "</script><img src=x onerror='boom()'> &amp; ]]>" in failure.find_element("class name", "message").text
        failure_fields = failure.find_elements("css selector", "dl pre")
        assert [fact.text for fact in failure_fields] == [
            *("tp.add(x1, x2)", "x1 = tp.asarray([-0.0])\nx2 = tp.asarray([0.0])", "Tensor([0.])", "Tensor([-0.])"),
        ]
        sources = panel.find_elements("css selector", ".source pre")
        assert sources[0].text == "tensorplug conformance bad --op add --seed 7 --quick"
        assert sources[1].get_property("textContent") == SNIPPET
        assert "seed 7" in panel.text
        assert "nothing is written </script>" in panel.find_element("css selector", ".unsupported .reason").text
        assert browser.find_elements("tag name", "img") == []

    def test_a_failure_opens_its_cell(self, browser: Any) -> None:
        lines = browser.find_elements("css selector", "#failures li button")
        assert [line.text.split("\n")[0] for line in lines] == ["multiply", "add", "add"]
        lines[0].click()
        assert text_of(browser, "#subject") == "multiply"
        assert cell(browser, "elementwise::multiply::bad").get_attribute("aria-expanded") == "true"

    def test_keys(self, browser: Any) -> None:
        from selenium.webdriver import ActionChains, Keys

        def press(*keys: str) -> None:
            ActionChains(browser).send_keys(*keys).perform()

        def focused() -> str:
            return browser.execute_script("return document.activeElement.dataset.name || document.activeElement.id")

        press("/")
        assert focused() == "text"
        browser.execute_script("arguments[0].focus()", cell(browser, "elementwise::add::good"))
        press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        assert focused() == "elementwise::multiply::bad"
        press(Keys.ENTER)
        assert text_of(browser, "#subject") == "multiply"
        assert focused() == "subject"
        press(Keys.ESCAPE)
        assert focused() == "elementwise::multiply::bad"
        assert not browser.find_element("id", "panel").is_displayed()

    @pytest.mark.parametrize("clipboard", [True, False])
    def test_copy(self, browser: Any, clipboard: bool) -> None:
        """A page from a server without TLS has no clipboard of its own."""
        permission = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        browser.execute_cdp_cmd("Browser.grantPermissions", permission)
        browser.execute_script("window.clipboard = navigator.clipboard")
        browser.execute_async_script("clipboard.writeText('nothing').then(arguments[0])")
        if not clipboard:
            browser.execute_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        cell(browser, "elementwise::add::bad").click()
        button = browser.find_elements("css selector", ".source button")[1]
        button.click()
        copied = browser.execute_async_script(
            "const done = arguments[0]; setTimeout(() => clipboard.readText().then(done), 100)"
        )
        assert copied == SNIPPET
        assert button.text == "Copied"

    def test_changes(self, browser: Any) -> None:
        section = browser.find_element("id", "changes")
        assert section.find_element("tag name", "summary").text == "Changes: 1 newly failing, 9 new"
        assert "bad::elementwise::add::values\npassed → failed" in section.text

    def test_light_and_dark(self, browser: Any) -> None:
        grounds = []
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            grounds.append(browser.find_element("tag name", "body").value_of_css_property("background-color"))
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        assert grounds == ["rgba(255, 255, 255, 1)", "rgba(13, 17, 23, 1)"]

    def test_from_a_file(self, browser: Any, site: Site) -> None:
        browser.get((site.folder / "report.html").as_uri())
        browser.find_element("id", "text").send_keys("add")
        cell(browser, "elementwise::add::bad").click()
        assert browser.current_url.endswith("#text=add&cell=elementwise%3A%3Aadd%3A%3Abad")
        assert text_of(browser, "#subject") == "add"


# That nothing is asked of the network

POLICY = re.compile(r"<meta http-equiv=.Content-Security-Policy.*\n")


SOON = 0.5
"""Seconds in which a page that is to ask nothing could."""


def requests_of(browser: Any, address: str, wanted: str = "") -> set[str]:
    """What a page asks of the network while it is opened and used, itself left out; a while is waited for what is
    wanted.
    """
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(address)
    browser.execute_script("document.querySelectorAll('.cell').forEach((one) => one.click())")
    sent: set[str] = set()
    begin = time.monotonic()
    while time.monotonic() - begin < (60 if wanted else SOON) and (not wanted or wanted not in sent):
        time.sleep(0.1)
        events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        sent |= {
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        }
    assert address in sent
    return {url for url in sent - {address} if not url.startswith("data:")}


REQUESTS = {
    "an image": '<img src="{}/wanted">',
    "a style": '<link rel="stylesheet" href="{}/wanted">',
    "a font": "<style>@font-face {{ font-family: f; src: url({}/wanted) }} body {{ font-family: f }}</style>",
    "a script": '<script src="{}/wanted"></script>',
    "a fetch": '<script>fetch("{}/wanted", {{mode: "no-cors"}})</script>',
    "a late fetch": '<script>addEventListener("click", () => fetch("{}/wanted"))</script>',
    "a beacon": '<script>navigator.sendBeacon("{}/wanted", "x")</script>',
    "a frame": '<iframe src="{}/wanted"></iframe>',
}


@browser_tests
class TestRequests:
    def test_no_request_leaves_the_page(self, browser: Any, site: Site) -> None:
        """Not even with its policy taken out, which would stop one."""
        text, taken = POLICY.subn("", page(run_of(), changes(run_of([]), run_of())))
        assert taken == 1
        assert requests_of(browser, site.put(text)) == set()
        assert site.asked == ["/report.html"]

    @pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
    def test_a_request_would_be_seen(self, browser: Any, site: Site, request_: str) -> None:
        text = POLICY.sub("", page(run_of())).replace("</body>", request_.format(site.address) + "</body>")
        wanted = f"{site.address}/wanted"
        assert requests_of(browser, site.put(text), wanted) == {wanted}

    def test_the_policy_stops_requests(self, browser: Any, site: Site) -> None:
        planted = "".join(REQUESTS.values()).format(*[site.address] * len(REQUESTS))
        browser.get(site.put(page(run_of()).replace("</body>", planted + "</body>")))
        cell(browser, "elementwise::add::bad").click()
        time.sleep(SOON)
        assert site.asked == ["/report.html"]
