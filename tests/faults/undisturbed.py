"""What a faulty backend does to the process is undone afterwards."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator

import numpy

import tensorplug as tp
from tensorplug.conformance.checks.surroundings import bind, processors


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """A scope that leaves global settings as they were."""
    errors, printing, state = numpy.geterr(), numpy.get_printoptions(), numpy.random.get_state()  # noqa: NPY002
    filters, drawn, environment = list(warnings.filters), random.getstate(), dict(os.environ)
    collects, limit, folder = gc.isenabled(), sys.getrecursionlimit(), os.getcwd()
    stream = tp.get_rng_state()
    root = logging.getLogger()
    cores, handler, interval, size = (
        processors(),
        signal.getsignal(signal.SIGTERM),
        sys.getswitchinterval(),
        threading.stack_size(),
    )
    mask = os.umask(0o022)
    os.umask(mask)
    threading.stack_size(size)
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        tp.set_rng_state(stream)
        numpy.seterr(**errors)
        numpy.set_printoptions(**printing)
        numpy.random.set_state(state)  # noqa: NPY002
        warnings.filters[:] = filters  # type: ignore[index]
        random.setstate(drawn)
        os.environ.clear()
        os.environ.update(environment)
        (gc.enable if collects else gc.disable)()
        sys.setrecursionlimit(limit)
        os.chdir(folder)
        os.umask(mask)
        bind(cores)
        signal.signal(signal.SIGTERM, handler)
        sys.setswitchinterval(interval)
        threading.stack_size(size)
        root.level, root.handlers[:] = level, handlers
