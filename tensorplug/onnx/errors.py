"""The error of the exporter."""

from __future__ import annotations

__all__ = ["OnnxExporterError"]


class OnnxExporterError(RuntimeError):
    """What can't be exported to ONNX."""
