"""The command line: ``tensorplug backends``, ``tensorplug demo`` and their like."""

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
        Imported when the command is asked for. Its ``add_arguments(parser)`` declares the options, and its
        ``main(options)`` returns the exit code.
    """

    help: str
    module: str


COMMANDS: Final = {
    "backends": Command("list the backends, and why one cannot be used", ".listing"),
    "compare": Command("run a program on every backend and compare", ".conformance.compare_programs.command"),
    "conformance": Command("hold backends against the conformance suite", ".conformance.command"),
    "demo": Command("train one model on every available backend and compare", ".demo"),
}
"""Every command by its name."""


PATIENCE = 5.0
"""Seconds for threads to end by themselves when all is done."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments; those of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="tensorplug", description="Tensors over pluggable array libraries.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    parsers = {name: commands.add_parser(name, help=command.help) for name, command in COMMANDS.items()}
    # Where none is named the parser says so, whichever has its options declared.
    name = next((word for word in given if word in COMMANDS), "backends")
    module = importlib.import_module(COMMANDS[name].module, __package__)
    module.add_arguments(parsers[name])
    code: int = module.main(parser.parse_args(given))
    if arguments is None:
        _end_in_time(code)
    return code


def _end_in_time(code: int) -> None:
    """End the process after a while though threads that a plugin has started go on: Python would wait for them."""
    threads = [thread for thread in threading.enumerate() if not thread.daemon]
    if threads == [threading.main_thread()]:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()

    def end() -> None:
        time.sleep(PATIENCE)
        os._exit(code)

    threading.Thread(target=end, daemon=True).start()
