"""Export to ONNX, as by `torch.onnx`."""

from .errors import OnnxExporterError as OnnxExporterError
from .export import export as export

__all__ = ["OnnxExporterError", "export"]
