"""The command line ``tensorplug`` with its commands."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from . import __version__


class Command(NamedTuple):
    """One command of the command line.

    Attributes
    ----------
    help : str
    module : str
        Imported when the command runs. Its ``add_arguments(parser)`` declares the options; its ``main(options)``
        returns the exit code, or raises `CommandError`.
    """

    help: str
    module: str


COMMANDS: Final = {
    "backends": Command("list the backends, and why one is not available", ".listing"),
    "compare": Command("run a program on every backend and compare results", ".conformance.compare_programs.command"),
    "conformance": Command("check backends by the conformance suite", ".conformance.command"),
    "demo": Command("train one model on every backend and compare results", ".demo"),
    "info": Command("print what a bug report needs: versions, backends, devices, threads, caches", ".info"),
    "new-backend": Command("write the project of a plugin for an array library", ".new_backend"),
}
"""Every command by its name."""

ERROR, INTERRUPTED = 2, 130
"""Exit codes: a command raised `CommandError`, or Ctrl-C ended it, which shells give this code."""

THREAD_SECONDS = 5.0
"""Seconds that threads have to end after the command."""


class CommandError(Exception):
    """A command cannot run with these options; the message is one line that says why."""


class BackendNames(argparse.Action):
    """Collect names of backends, with spaces or commas between them, each once."""

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Add the names to those given before."""
        before = getattr(namespace, self.dest) or []
        names = (name.strip() for text in values for name in text.split(","))
        setattr(namespace, self.dest, list(dict.fromkeys([*before, *filter(None, names)])))


def add_backends(parser: argparse.ArgumentParser) -> None:
    """Declare ``--backend``, which every command spells alike; `options.backends` is a list of names or None."""
    parser.add_argument(
        "--backend",
        "--backends",
        dest="backends",
        action=BackendNames,
        nargs="+",
        metavar="NAME",
        help="backends, with spaces or commas between them; may be repeated; by default all that are available",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default the arguments of the process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="tensorplug", description="Tensors over pluggable array libraries.")
    parser.add_argument("--version", action="version", version=f"tensorplug {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    parsers = {name: commands.add_parser(name, help=command.help) for name, command in COMMANDS.items()}
    # Only one command needs its options; without a command the parser fails anyway.
    name = next((word for word in given if word in COMMANDS), "backends")
    module = importlib.import_module(COMMANDS[name].module, __package__)
    module.add_arguments(parsers[name])
    options, unknown = parser.parse_known_args(given)
    if unknown:
        parsers[name].error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        code: int = module.main(options)
        sys.stdout.flush()
    except CommandError as error:
        code = _print_error(name, str(error), ERROR)
    except KeyboardInterrupt:
        code = _print_error(name, "interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Who read the output, such as head, has enough; Python would fail again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ERROR
    if arguments is None:
        _exit_despite_threads(code)
    return code


def _print_error(command: str, message: str, code: int) -> int:
    print(f"tensorplug {command}: {message}", file=sys.stderr)
    return code


def _exit_despite_threads(code: int) -> None:
    """End the process after `THREAD_SECONDS`, though threads of a plugin still run: Python would wait for them."""
    threads = [thread for thread in threading.enumerate() if not thread.daemon]
    if threads == [threading.main_thread()]:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()

    def end() -> None:
        time.sleep(THREAD_SECONDS)
        os._exit(code)

    threading.Thread(target=end, daemon=True).start()
