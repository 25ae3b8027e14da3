"""``tensorplug compare``: run a program on several backends and compare the results."""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import tensorplug as tp
from tensorplug.backends import load
from tensorplug.cli import CommandError, add_backends
from tensorplug.tables import print_table

from ..destination import require_writable
from .compare import compare
from .comparison import (
    HEADER,
    TIMES_HEADER,
    Comparison,
    rows,
    times,
    verdict,
)
from .page import require_plots, write_page
from .program import in_one_line

DIFFERS = 1
"""Exit code if the results differ."""

MODULE = "compared_program"
"""Name of the program's module, chosen so that it hides no other."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug compare``."""
    parser.add_argument(
        "program", type=Path, metavar="PROGRAM.py", help="defines program(*inputs), and inputs(), which returns them"
    )
    parser.add_argument("--function", default="program", metavar="NAME", help="the function to run (%(default)s)")
    add_backends(parser)
    parser.add_argument(
        "--reference", metavar="NAME", help="the backend to compare with; by default JAX, if it is among them"
    )
    parser.add_argument(
        "--tolerance",
        type=_bound,
        metavar="X",
        help="the difference allowed, relative to the largest element; by default eps**0.75, 6e-6 for float32",
    )
    parser.add_argument(
        "--absolute", type=_bound, default=0.0, metavar="X", help="an absolute difference to allow (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the random numbers (%(default)s)")
    parser.add_argument("--no-gradients", action="store_true", help="compare outputs only")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page with histograms")


def _bound(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text} is negative or not a number")
    return value


def main(options: argparse.Namespace) -> int:
    """Compare, print the result, and return the exit code: 0 if all backends agree, else 1."""
    comparison = _compared(options)
    _print(comparison)
    if options.report is not None:
        try:
            write_page(comparison, options.report)
        except OSError as error:
            raise CommandError(f"report: {str(options.report)!r} could not be written: {error.strerror}") from None
        print(f"Report: {options.report}")
    return 0 if comparison.agrees else DIFFERS


def _compared(options: argparse.Namespace) -> Comparison:
    _require_report(options.report)
    try:
        tp.manual_seed(options.seed)
    except ValueError as error:
        raise CommandError(str(error)) from None
    # The program may register a plugin, whose backend is among these.
    module = _loaded(options.program)
    _require_backends([*(options.backends or ()), *filter(None, [options.reference])])
    function = _function(module, options.program, options.function)
    arguments = _arguments(module, options.program, function)
    try:
        return compare(
            function,
            *arguments,
            backends=options.backends,
            reference=options.reference,
            tolerance=options.tolerance,
            absolute=options.absolute,
            gradients=not options.no_gradients,
            seed=options.seed,
        )
    except Exception as error:
        raise CommandError(in_one_line(error)) from None


def _require_report(file: Path | None) -> None:
    if file is None:
        return
    try:
        require_writable(file, (".html",))
        require_plots()
    except (ValueError, ModuleNotFoundError) as error:
        raise CommandError(str(error)) from None


def _require_backends(names: list[str]) -> None:
    for name in names:
        try:
            load(name)
        except (ValueError, RuntimeError) as reason:
            raise CommandError(" ".join(str(reason).split())) from None


def _loaded(file: Path) -> ModuleType:
    """Import a program; it can import modules from its own folder."""
    if not file.is_file():
        raise CommandError(f"no file {str(file)!r}")
    loader = importlib.machinery.SourceFileLoader(MODULE, str(file))
    spec = importlib.util.spec_from_loader(MODULE, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    sys.path.insert(0, str(file.resolve().parent))
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise CommandError(f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise CommandError(f"{str(file)!r} could not be imported: {in_one_line(error)}") from None
    return module


def _function(module: ModuleType, file: Path, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        what = "no function" if function is None else f"a {type(function).__name__}, not a function, named"
        there = [key for key, one in vars(module).items() if inspect.isfunction(one) and one.__module__ == MODULE]
        listed = f"; it has {', '.join(there)}" if there else ""
        raise CommandError(f"{str(file)!r} has {what} {name!r}{listed}; name one with --function")
    return function


def _arguments(module: ModuleType, file: Path, function: Callable[..., Any]) -> tuple[Any, ...]:
    """The arguments that ``inputs()`` returns: a tuple, a list, or a single one."""
    inputs = getattr(module, "inputs", None)
    try:
        found = () if inputs is None else inputs()
    except (Exception, SystemExit) as error:
        raise CommandError(f"inputs() raised {in_one_line(error)}") from None
    arguments = tuple(found) if isinstance(found, tuple | list) else (found,)
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        hint = "" if inputs is not None else "; define inputs(), which returns the arguments"
        raise CommandError(f"{str(file)!r}: {function.__name__}: {error}{hint}") from None
    except ValueError:
        # Built-in functions may have no signature.
        pass
    return arguments


def _print(comparison: Comparison) -> None:
    print_table(TIMES_HEADER, times(comparison))
    if comparison.differences:
        agreeing = [i for i, difference in enumerate(comparison.differences) if difference.agrees]
        print_table(HEADER, rows(comparison), agreeing)
    print("\n".join(verdict(comparison)))
