"""Devices, CUDA's runtime, and the count of waits."""

from .device import Device, Pool, allocated, current, runtime, wait, waits  # noqa: F401
