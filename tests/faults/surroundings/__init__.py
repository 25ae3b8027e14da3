"""Faults of what is around a kernel: global settings, warnings, leaks, threads, DLPack, places in the random stream."""

from __future__ import annotations

from . import exchange, leaks, places, reported, settings, threads

FAULTS = (*settings.FAULTS, *leaks.FAULTS, *threads.FAULTS, *exchange.FAULTS, *places.FAULTS, *reported.FAULTS)
