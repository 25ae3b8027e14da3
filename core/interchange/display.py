"""What notebooks show for a tensor: its shape, dtype, device and backend, and a table or a picture of its values."""

from __future__ import annotations

import base64
import html
import struct
import zlib

import numpy

from ..dispatch.registry import method
from ..memory.tensor import Tensor
from .interop import host_array
from .printing import PrintOptions, column, summarize

PICTURED = 12
"""A matrix with more rows and columns is shown as a picture, others as a table, which has so many at most."""

LONGEST = 256
"""Pixels of a picture's longer side at most; a longer one shows every second, third, ... element."""

COLOURS = (0x440154, 0x46327E, 0x365C8D, 0x277F8E, 0x1FA187, 0x4AC16D, 0xA0DA39, 0xFDE725)
"""The colour map "viridis", from the least value to the greatest, at equal steps."""

STYLE = "border-spacing:10px 0;margin-left:-10px;font-family:monospace;font-size:12px;text-align:right"


@method("_repr_html_")
def as_html(self: Tensor) -> str:
    """The tensor as notebooks show it: a line with shape, dtype, device and backend above its values.

    Up to two axes are a table, a large real matrix is a picture of its values, anything else the text of ``repr``.
    """
    facts = [f"shape {tuple(self.shape)}", self.dtype.name, str(self.device), f"backend {self.device.backend}"]
    if self.requires_grad:
        facts.append("requires_grad" if self.is_leaf else f"grad_fn {self._node.name}")
    if self._key.library.depth or self.ndim not in (1, 2) or 0 in self.shape:
        values = f"<pre>{html.escape(repr(self))}</pre>"
    elif self.ndim == 2 and min(self.shape) > PICTURED and self.dtype.kind != "c":
        values = _picture(host_array(self))
    else:
        values = _table(numpy.atleast_2d(host_array(self)))
    return f"<div><small>tensor &middot; {' &middot; '.join(map(html.escape, facts))}</small>{values}</div>"


def _table(array: numpy.ndarray) -> str:
    """The rows of a matrix; of a long axis its ends."""
    ends = PICTURED // 2
    shown, shortened = summarize(array, PrintOptions(threshold=0, edgeitems=ends))
    write, _ = column(shown, PrintOptions())
    rows = [[f"<td>{html.escape(write(value).strip())}</td>" for value in row] for row in shown.tolist()]
    if shortened[1]:
        rows = [[*row[:ends], "<td>&hellip;</td>", *row[ends:]] for row in rows]
    if shortened[0]:
        rows.insert(ends, [f'<td colspan="{len(rows[0])}" style="text-align:center">&hellip;</td>'])
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<table style="{STYLE}">{lines}</table>'


def _picture(array: numpy.ndarray) -> str:
    """A picture of a matrix with its range below; what is not finite is transparent."""
    step = -(-max(array.shape) // LONGEST)
    values = array[::step, ::step].astype(numpy.float64)
    known = values[numpy.isfinite(values)]
    least, greatest = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    span = greatest - least or 1.0
    levels = numpy.where(numpy.isfinite(values), 1 + (values - least) / span * 254, 0).astype(numpy.uint8)
    size = max(1, LONGEST // max(levels.shape))
    height, width = (length * size for length in levels.shape)
    every = f", every {step}th row and column" if step > 1 else ""
    return (
        f'<br><img alt="values of the tensor" width="{width}" height="{height}" style="image-rendering:pixelated" '
        f'src="data:image/png;base64,{base64.b64encode(_png(levels)).decode()}"><br>'
        f'<small>{least:.4g} <span style="color:#440154">&#9632;</span> to {greatest:.4g} '
        f'<span style="color:#fde725">&#9632;</span>{every}</small>'
    )


def _png(levels: numpy.ndarray) -> bytes:
    """A PNG of positions in the colour map, of which 0 is transparent."""
    anchors = numpy.array([[colour >> 16, colour >> 8 & 255, colour & 255] for colour in COLOURS])
    at = numpy.linspace(0, len(COLOURS) - 1, 255)
    palette = numpy.stack([numpy.interp(at, range(len(COLOURS)), channel) for channel in anchors.T], axis=1)
    rows = numpy.pad(levels, ((0, 0), (1, 0)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(3) + palette.astype(numpy.uint8).tobytes()),
            _chunk(b"tRNS", bytes(1)),
            _chunk(b"IDAT", zlib.compress(rows.tobytes())),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
