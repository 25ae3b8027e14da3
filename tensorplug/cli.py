"""The command line ``tensorplug``, with the commands ``backends``, ``compare``, ``conformance`` and ``demo``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple


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
}
"""Every command by its name."""

ERROR, INTERRUPTED = 2, 130
"""Exit codes: a command raised `CommandError`, or Ctrl-C ended it, which shells give this code."""

THREAD_SECONDS = 5.0
"""Seconds that threads have to end after the command."""


class CommandError(Exception):
    """A command cannot run with these options; the message is one line that says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default the arguments of the process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="tensorplug", description="Tensors over pluggable array libraries.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    parsers = {name: commands.add_parser(name, help=command.help) for name, command in COMMANDS.items()}
    # Only one command needs its options; without a command the parser fails anyway.
    name = next((word for word in given if word in COMMANDS), "backends")
    module = importlib.import_module(COMMANDS[name].module, __package__)
    module.add_arguments(parsers[name])
    options = parser.parse_args(given)
    try:
        code: int = module.main(options)
    except CommandError as error:
        code = _print_error(name, str(error), ERROR)
    except KeyboardInterrupt:
        code = _print_error(name, "interrupted", INTERRUPTED)
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
