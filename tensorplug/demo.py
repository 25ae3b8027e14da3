"""``tensorplug demo``: train the perceptron of `tensorplug.digits` on every available backend and compare results."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy

import tensorplug as tp

from . import digits
from .backends import listing, load
from .cli import CommandError, add_backends
from .extras import require

WIDTHS = (64, 128, 64, 10)
"""Widths of the layers: pixels of an image, two hidden layers, digits."""

REFERENCES = ("jax",)
"""Backends to compare the others with, by preference; without any of them the first backend."""

NEEDED = ("matplotlib", "rich", "sklearn")
"""The modules of the extra ``demo``."""


@dataclass(frozen=True)
class Run:
    """The result of training on one backend.

    Attributes
    ----------
    backend, device : str
    losses : list of float
        The loss after each epoch.
    accuracy : float
        The accuracy on the held-out digits.
    seconds, compiled_seconds : float
        Median time of an epoch, of eager and of compiled steps.
    parameters : list of numpy.ndarray
        The parameters after training.
    """

    backend: str
    device: str
    losses: list[float]
    accuracy: float
    seconds: float
    compiled_seconds: float
    parameters: list[numpy.ndarray]

    def difference(self, other: Run) -> float:
        """The largest absolute difference of a parameter from another run's."""
        pairs = zip(self.parameters, other.parameters, strict=True)
        return max(float(numpy.abs(ours - theirs).max()) for ours, theirs in pairs)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug demo``."""
    add_backends(parser)
    parser.add_argument(
        "--epochs", type=_number(1, 10**6), default=20, help="number of passes over the digits (%(default)s)"
    )
    parser.add_argument("--seed", type=_number(0, 2**64 - 1), default=0, help="seed of random numbers (%(default)s)")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="of the model (%(default)s)")
    parser.add_argument(
        "--plot",
        type=Path,
        default=Path("digits.png"),
        metavar="FILE",
        help="the PNG with the loss curves (%(default)s)",
    )


def _number(least: int, greatest: int) -> Callable[[str], int]:
    """Parser of an integer from `least` to `greatest`, for argparse."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not an integer") from None
        if not least <= number <= greatest:
            raise argparse.ArgumentTypeError(f"{number} is not between {least} and {greatest}")
        return number

    return read


def main(arguments: argparse.Namespace) -> int:
    """Train, print the table, write the plot, and return the exit code."""
    _require_libraries()
    _require_writable(arguments.plot)
    names = _backend_names(arguments.backends, arguments.dtype)
    runs = train_all(names, arguments.epochs, arguments.seed, arguments.dtype)
    print_table(runs)
    plot(runs, arguments.plot)
    print(f"Loss curves: {arguments.plot}")
    return 0


def _require_libraries() -> None:
    try:
        require("the demo", "demo", *NEEDED)
    except ModuleNotFoundError as reason:
        raise CommandError(str(reason)) from None


def _require_writable(file: Path) -> None:
    if file.is_dir():
        raise CommandError(f"cannot write the plot: {str(file)!r} is a folder")
    if not os.access(file.parent, os.W_OK):
        raise CommandError(f"cannot write the plot: folder {str(file.parent)!r} does not exist or may not be written")


def _backend_names(asked: list[str] | None, dtype: str) -> list[str]:
    """The backends to train on: the named ones, or all that have the dtype."""
    if asked is None:
        return [entry.name for entry in listing() if entry.status == "available" and dtype in load(entry.name).dtypes]
    for name in asked:
        try:
            dtypes = load(name).dtypes
        except (ValueError, RuntimeError) as reason:
            raise CommandError(" ".join(str(reason).split())) from None
        if dtype not in dtypes:
            raise CommandError(f"backend {name!r} does not support {dtype}; it has {', '.join(dtypes)}")
    return asked


def train_all(names: list[str], epochs: int, seed: int, dtype: str) -> list[Run]:
    """Train on one backend after the other, with progress bars."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeElapsedColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
    )
    default = tp.get_default_dtype()
    tp.set_default_dtype(dtype)
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:

            def bar(name: str) -> Callable[[float], None]:
                task = progress.add_task(name, total=2 * epochs, loss=float("nan"))
                return lambda loss: progress.update(task, advance=1, loss=loss)

            return [train(name, epochs, seed, bar(name)) for name in names]
    finally:
        tp.set_default_dtype(default)


def train(backend: str, epochs: int, seed: int, report: Callable[[float], None]) -> Run:
    """Train on one backend, with compiled steps and eager ones; `report` is called with the loss after each epoch."""
    medians = []
    with tp.backend(backend):
        data = digits.load()
        for compiled in (True, False):
            losses, seconds = [], []
            tp.manual_seed(seed)
            model = digits.Perceptron(*WIDTHS)
            start = time.perf_counter()
            for loss in digits.train(model, data.images, data.labels, epochs, compiled=compiled):
                seconds.append(time.perf_counter() - start)
                losses.append(loss)
                report(loss)
                start = time.perf_counter()
            medians.append(statistics.median(seconds))
        return Run(
            backend=backend,
            device=str(data.images.device),
            losses=losses,
            accuracy=digits.accuracy(model, data.held_out_images, data.held_out_labels),
            seconds=medians[1],
            compiled_seconds=medians[0],
            parameters=[parameter.detach().numpy() for parameter in model.parameters],
        )


def reference_of(runs: list[Run]) -> Run:
    """The run that the others are compared with."""
    by_name = {run.backend: run for run in runs}
    return next((by_name[name] for name in REFERENCES if name in by_name), runs[0])


def print_table(runs: list[Run]) -> None:
    """Print a table of loss, accuracy, seconds of an epoch, eager and compiled, and difference from the reference."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    reference = reference_of(runs)
    table = Table("device", box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for header in ("loss", "accuracy", "s/epoch", "compiled", f"from {reference.backend}"):
        table.add_column(header, justify="right", no_wrap=True)
    for run in runs:
        table.add_row(
            run.device,
            f"{run.losses[-1]:.4f}",
            f"{run.accuracy:.2%}",
            f"{run.seconds:.4f}",
            f"{run.compiled_seconds:.4f}",
            "reference" if run is reference else f"{run.difference(reference):.1e}",
        )
    Console().print(table)


def plot(runs: list[Run], file: Path) -> None:
    """Write a PNG with the loss curves; they should coincide, so lower ones are wider."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss", title="Handwritten digits: one program on every backend")
    for i, run in enumerate(runs):
        epochs = range(1, len(run.losses) + 1)
        axes.plot(epochs, run.losses, marker="o", markersize=3, linewidth=3 * (len(runs) - i), label=run.backend)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    figure.savefig(file, format="png", dpi=150)
