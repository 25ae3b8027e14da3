"""Uses of Fourier transforms."""

from __future__ import annotations

from .use import Use, fixed

Options = tuple[tuple[tuple[int, ...], str], ...]

LINES: Options = (
    ((2, 3), ""),
    ((2, 3), ", axis=0"),
    ((2, 3), ", n=5"),
    ((2, 3), ", n=2, axis=-1"),
    ((2, 4), ", n=4"),
    ((2, 3), ', norm="ortho"'),
    ((2, 3), ', n=4, axis=-2, norm="forward"'),
    ((2, 3), ', norm="backward"'),
    ((2, 3, 2, 2), ", axis=1"),
    ((3,), ""),
    ((0, 3), ""),
    ((2, 3), ", 4, 1"),
)
"""Shapes and arguments of transforms along one axis."""

BOXES: Options = (
    ((2, 3), ""),
    ((2, 3), ", axes=(1, 0)"),
    ((2, 3), ", s=(3, 4)"),
    ((2, 3), ", s=(3, 2), axes=(0, 1)"),
    ((2, 3), ", s=(2,)"),
    ((2, 3), ', norm="ortho"'),
    ((2, 3), ', norm="forward"'),
    ((2, 3, 2, 2), ", axes=(-1, 1)"),
    ((2, 3, 2, 2), ', s=(-1, 4), axes=(0, 2), norm="ortho"'),
    ((3,), ""),
    ((0, 3), ", axes=(1,)"),
    ((2, 3), ", (2, 2), (0, 1)"),
)
"""Shapes and arguments of transforms along several axes."""

NOT_FINITE = fixed([[1.0, float("nan"), 2.0], [float("inf"), 1.0, 2.0], [1.0, 2.0, 3.0]])

SHIFTS: Options = (
    ((2, 3), ""),
    ((2, 3), ", axes=1"),
    ((2, 3), ", axes=(0,)"),
    ((2, 3, 2, 2), ", axes=(1, -1)"),
    ((3,), ""),
    ((), ""),
    ((0, 3), ""),
)


def _of(name: str, options: Options, dtypes: str = "fc") -> tuple[Use, ...]:
    return (
        *(Use(f"tp.fft.{name}(x{arguments})", dtypes=dtypes, x=shape) for shape, arguments in options),
        # Which parts become NaN depends on the method.
        Use(f"tp.isfinite(tp.fft.{name}(x))", dtypes=dtypes.replace("biu", ""), smooth=False, x=NOT_FINITE),
    )


def _strided(name: str, dtypes: str = "fc") -> tuple[Use, ...]:
    return (Use(f"tp.fft.{name}(x[:, ::-1].mT)", dtypes=dtypes, x=(2, 3)),)


USES: dict[str, tuple[Use, ...]] = {
    "fft.fft": (*_of("fft", (*LINES, ((2, 1, 3), ", axis=1"))), *_strided("fft")),
    "fft.ifft": (*_of("ifft", (*LINES, ((2, 1, 3), ", axis=1"))), *_strided("ifft")),
    "fft.fftn": (*_of("fftn", (*BOXES, ((2, 1, 3), ""))), *_strided("fftn")),
    "fft.ifftn": (*_of("ifftn", (*BOXES, ((2, 1, 3), ""))), *_strided("ifftn")),
    "fft.rfft": (*_of("rfft", (*LINES, ((2, 1, 3), ", axis=1")), "f"), *_strided("rfft", "f")),
    "fft.irfft": (*_of("irfft", (*LINES, ((2, 1, 3), ", n=1, axis=1"))), *_strided("irfft")),
    "fft.hfft": _of("hfft", LINES),
    "fft.ihfft": _of("ihfft", LINES, "f"),
    "fft.rfftn": _of("rfftn", BOXES, "f"),
    "fft.irfftn": _of("irfftn", BOXES),
    **{
        f"fft.{name}": tuple(
            Use(f"tp.fft.{name}(x{arguments})", dtypes=dtypes, x=(2, 3, 2, 2))
            for arguments in ("", ', (3, 4), norm="ortho"', ", dim=(0, 2)")
        )
        for name, dtypes in (
            ("fft2", "fc"),
            ("ifft2", "fc"),
            ("rfft2", "f"),
            ("irfft2", "fc"),
            ("hfft2", "fc"),
            ("hfftn", "fc"),
            ("ihfft2", "f"),
            ("ihfftn", "f"),
        )
    },
    "fft.fftshift": _of("fftshift", SHIFTS, "biufc"),
    "fft.ifftshift": _of("ifftshift", SHIFTS, "biufc"),
    "fft.fftfreq": tuple(
        Use(f"tp.fft.fftfreq({arguments})", dtypes="f")
        for arguments in ("4", "5", "1", "6, d=0.5", "5, d=-2.0, dtype=tp.float64")
    ),
    "fft.rfftfreq": tuple(
        Use(f"tp.fft.rfftfreq({arguments})", dtypes="f")
        for arguments in ("4", "5", "1", "6, d=0.5", "5, d=-2.0, dtype=tp.float64")
    ),
}
