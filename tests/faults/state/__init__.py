"""Faults that show at a second call: memory handed out twice, results remembered, writes lost, what threads share."""

from __future__ import annotations

from . import calls, handed_out, remembering, reported, threads, writes

FAULTS = (*handed_out.FAULTS, *remembering.FAULTS, *writes.FAULTS, *calls.FAULTS, *threads.FAULTS, *reported.FAULTS)
