"""Uses of conversions between dtypes and devices, copies, and writes to a whole tensor."""

from __future__ import annotations

from .use import (
    Operand,
    Use,
    between,
    fixed,
)

WHOLE = Operand((2, 3), between(0, 9))
"""Integers that every dtype but bool represents."""

TARGETS: dict[str, str] = {
    "bool": "biufc",
    "int8": "biuf",
    "int16": "biuf",
    "int32": "biuf",
    "int64": "biuf",
    "uint8": "biuf",
    "uint16": "biuf",
    "uint32": "biuf",
    "uint64": "biuf",
    "float16": "biuf",
    "bfloat16": "biuf",
    "float32": "biuf",
    "float64": "biuf",
    "complex64": "biufc",
    "complex128": "biufc",
}
"""The kinds of dtypes that the standard converts to each dtype."""

NAN, INF = float("nan"), float("inf")

OUTSIDE = fixed([300.7, -1.5, 1e6, -1e6, 1e30, INF, -INF, NAN])
"""Numbers out of the range of narrow dtypes."""

GREAT = {"uint64": (2.0**63, 2.0**64 - 2.0**11), "uint32": (2.0**31, 2.0**32 - 1)}
"""Ranges of numbers that are too large for signed integers."""

_WRITTEN = "(lambda y: (y.{}, y)[1])(x.clone())"

USES: dict[str, tuple[Use, ...]] = {
    "cast": (
        Use("tp.astype(x, tp.float64)", dtypes="biuf", x=(2, 3)),
        *(Use(f'tp.astype(x, "{name}")', dtypes=kinds, smooth=False, x=WHOLE) for name, kinds in TARGETS.items()),
        *(
            Use(f"tp.astype(x, tp.{name})", dtypes="biuf", smooth=name == "float64", x=Operand(shape, WHOLE.values))
            for name in ("int64", "float64")
            for shape in ((), (0, 3), (2, 3, 2, 2))
        ),
        Use("tp.astype(x, tp.int64)", dtypes="f", smooth=False, x=fixed([2.7, -2.7, 0.5, -0.5])),
        Use("tp.astype(x, tp.bool)", dtypes="fc", smooth=False, x=fixed([0.0, -0.0, 0.25, -3.0])),
        Use('tp.astype(x, "int8")', dtypes="i", smooth=False, x=fixed([-1, 0, 127, 300, -129, 2**40 + 5])),
        Use('tp.astype(x, "uint64")', dtypes="i", smooth=False, x=(2, 3)),
        *(Use(f'tp.astype(x, "{name}")', dtypes="f", smooth=False, x=OUTSIDE) for name in TARGETS if "int" in name),
        *(Use(f'tp.astype(x, "{name}")', dtypes="f", smooth=False, x=OUTSIDE) for name in ("float16", "bfloat16")),
        *(
            Use(f'tp.astype(x, "{name}")', dtypes="f", smooth=False, x=fixed(numbers, "float64"))
            for name, numbers in GREAT.items()
        ),
        Use("tp.astype(x[:, ::-1].mT, tp.complex128)", dtypes="iufc", x=(2, 3)),
        Use("tp.astype(x, x.dtype)", x=(2, 3)),
        Use("tp.astype(x, x.dtype, copy=False)", x=(2, 3)),
        Use("x.to(tp.float64)", dtypes="iuf", x=(2, 3)),
        Use("x.double()", dtypes="biuf", x=(2, 3)),
        Use("x.type_as(y)", dtypes="f", x=(2, 3), y=()),
        Use("TENSOR_OPS.cast(x, tp.float64)", dtypes="biuf", x=(2, 3)),
    ),
    "clone": (
        Use("tp.clone(x)", x=(2, 3)),
        *(Use("tp.clone(x)", x=shape) for shape in ((), (0, 3), (2, 3, 2, 2))),
        Use("tp.clone(x[:, ::-1].mT)", x=(2, 3)),
        Use("x.contiguous()", x=(2, 3)),
        Use("x.mT.contiguous()", x=(2, 3)),
        # A copy is contiguous, so `view(-1)` is a view of it.
        Use("(lambda y: (y.view(-1)[1:].fill_(1), y)[1])(tp.clone(x.mT))", smooth=False, x=(2, 3)),
    ),
    "to_device": (
        Use("x.to_device(x.device)", x=(2, 3)),
        Use("x.to(x.device, copy=True)", x=(2, 3)),
        Use('x.to("numpy:cpu").to(x.device, copy=True)', x=(2, 3)),
        *(Use('x.to("numpy:cpu").to(x.device, copy=True)', x=shape) for shape in ((), (0, 3), (2, 3, 2, 2))),
        Use('x[:, ::-1].mT.to("numpy:cpu").to(x.device, copy=True)', x=(2, 3)),
        Use("x.cpu().to(x.device)", x=(2, 3)),
    ),
    "fill": (
        Use(_WRITTEN.format("fill_(1)"), x=(2, 3)),
        Use(_WRITTEN.format("fill_(v)"), x=(2, 3), v=()),
        Use(_WRITTEN.format("zero_()"), x=(2, 3)),
        *(Use(_WRITTEN.format("fill_(True)"), x=shape) for shape in ((), (0, 3), (2, 3, 2, 2))),
        Use(_WRITTEN.format("mT[1:].fill_(1)"), x=(2, 3)),
        Use(_WRITTEN.format("__getitem__((slice(None), slice(None, None, -2))).zero_()"), x=(2, 3)),
        Use('OPERATIONS["fill"](x, value=True)', x=(2, 3)),
    ),
    "copy": (
        Use(_WRITTEN.format("copy_(v)"), x=(2, 3), v=(2, 3)),
        Use(_WRITTEN.format("copy_(v)"), x=(2, 3), v=(3,)),
        Use(_WRITTEN.format("copy_(v)"), x=(2, 3), v=()),
        Use(_WRITTEN.format("copy_(v)"), x=(2, 3, 2, 2), v=(3, 1, 2)),
        Use(_WRITTEN.format("copy_(v)"), x=(), v=()),
        Use(_WRITTEN.format("copy_(v)"), x=(0, 3), v=(3,)),
        Use(_WRITTEN.format("mT.copy_(v)"), x=(2, 3), v=(3, 2)),
        Use(_WRITTEN.format("__getitem__((slice(None), slice(None, None, -1))).copy_(v[:, ::-1])"), x=(2, 3), v=(2, 3)),
        Use(_WRITTEN.format("__getitem__(slice(1, None)).copy_(y[:-1])"), x=(2, 3)),
    ),
}
