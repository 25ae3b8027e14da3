"""Uses of creation functions; the tested backend is the default backend."""

from __future__ import annotations

from .use import Use, fixed, indices


def _calls(*codes: str) -> tuple[Use, ...]:
    """Uses without operands; the call names the dtype."""
    return tuple(Use(f"tp.{code}", dtypes="f") for code in codes)


def _filled(name: str) -> tuple[Use, ...]:
    return _calls(
        f"{name}((2, 3))",
        f"{name}(3)",
        f"{name}(2, 3)",
        f"{name}(())",
        f"{name}((0, 3))",
        f"{name}((2, 3, 2, 2))",
        *(f"{name}((2, 3), dtype={dtype!r})" for dtype in ("bool", "uint8", "int64", "float64", "complex128")),
    )


def _like(name: str, arguments: str = "") -> tuple[Use, ...]:
    return (
        Use(f"tp.{name}(x{arguments})", x=(2, 3)),
        *(Use(f"tp.{name}(x{arguments})", x=shape) for shape in ((), (0, 3), (2, 3, 2, 2))),
        Use(f"tp.{name}(x{arguments}, dtype=tp.float64)", x=(2, 3)),
        Use(f"tp.{name}(x[:, ::-1].mT{arguments})", x=(2, 3)),
    )


USES: dict[str, tuple[Use, ...]] = {
    "zeros": _filled("zeros"),
    "ones": _filled("ones"),
    "full": (
        *_calls(
            "full((2, 3), 2)",
            "full(3, 2.5)",
            "full((2, 3), True)",
            "full((2, 3), 1 - 2j)",
            "full((), 7)",
            "full((0, 3), 1.0)",
            'full((2, 3), float("nan"))',
            'full((2,), -float("inf"), dtype=tp.float64)',
            'full((2, 3, 2, 2), 3, dtype="float64")',
            'full((2, 3), 300, dtype="int32")',
        ),
        Use("tp.full((2, 3), x)", x=()),
    ),
    "empty": (
        Use("tp.zeros_like(tp.empty((2, 3)))", dtypes="f"),
        Use("tp.zeros_like(tp.empty((0, 3), dtype=tp.int64))", dtypes="f"),
        Use("tp.empty((0, 3), dtype=tp.float64)", dtypes="f"),
        Use("tp.zeros_like(tp.empty(()))", dtypes="f"),
    ),
    "empty_like": (
        Use("tp.zeros_like(tp.empty_like(x))", smooth=False, x=(2, 3)),
        Use("tp.empty_like(x)", smooth=False, x=(0, 3)),
        Use("tp.zeros_like(tp.empty_like(x, dtype=tp.float64))", smooth=False, x=()),
    ),
    "zeros_like": _like("zeros_like"),
    "ones_like": _like("ones_like"),
    "full_like": (*_like("full_like", ", True"), Use("tp.full_like(x, 2)", dtypes="iufc", x=(2, 3))),
    "arange": (
        *_calls(
            "arange(5)",
            "arange(1, 7, 2)",
            "arange(5, -4, -3)",
            "arange(0.0, 1.0, 0.25)",
            "arange(-1.5, 2)",
            "arange(5.0, 0.0, -1.5)",
            "arange(3, 3)",
            "arange(4, 0)",
            "arange(0)",
            "arange(3, dtype=tp.float64)",
            'arange(3, dtype="uint8")',
            "arange(0, 1, 0.1, dtype=tp.float64)",
            "arange(start=1, end=4)",
        ),
    ),
    "linspace": _calls(
        "linspace(0, 1, 5)",
        "linspace(-2.5, 3.5, 4)",
        "linspace(3, 0, 4)",
        "linspace(0, 1, 4, endpoint=False)",
        "linspace(0, 1, 1)",
        "linspace(0, 1, 0)",
        "linspace(0, 1, 7, dtype=tp.float64)",
        "linspace(1j, 2, 3, dtype=tp.complex128)",
        "linspace(2, 2, 3)",
        "linspace(0, 10, steps=6)",
    ),
    "eye": _calls(
        "eye(3)",
        "eye(2, 3)",
        "eye(3, k=1)",
        "eye(3, 2, k=-1)",
        "eye(3, k=9)",
        "eye(0)",
        "eye(0, 3)",
        "eye(2, dtype=tp.int64)",
        "eye(2, dtype=tp.bool)",
        "eye(2, 3, k=1, dtype=tp.complex128)",
    ),
    "asarray": (
        *_calls(
            "asarray([[1, 2, 3], [4, 5, 6]])",
            "asarray([1.5, -2.0])",
            "asarray([True, False])",
            "asarray([1j, 2])",
            "asarray([1, 2.5])",
            "asarray(3)",
            "asarray(2.5)",
            "asarray(True)",
            "asarray([])",
            "asarray([[], []])",
            "asarray((1, 2, 3))",
            "asarray(range(3))",
            "asarray([1, 2], dtype=tp.float64)",
            'asarray([1.7, -1.7], dtype="int64")',
            "asarray([0, 2], dtype=tp.bool)",
            'asarray([float("nan"), float("inf"), -0.0])',
        ),
        Use("tp.asarray(x)", x=(2, 3)),
        Use("tp.asarray(x, copy=True)", x=(2, 3)),
        Use("tp.asarray([x, y, x])", x=(), y=()),
        Use("tp.asarray([[x, 2.0], [y, x]])", dtypes="f", x=(), y=()),
    ),
    "tensor": _calls(
        "tensor([[1, 2], [3, 4]])",
        "tensor(1.5)",
        "tensor([1, 2], dtype=tp.float64)",
        "tensor([])",
        "tensor([True, False])",
    ),
    "as_tensor": (*_calls("as_tensor([1.5, 2.0])"), Use("tp.as_tensor(x)", x=(2, 3))),
    "meshgrid": (
        Use("tp.meshgrid(x, y)", x=(3,), y=(2,)),
        Use('tp.meshgrid(x, y, indexing="ij")', x=(3,), y=(2,)),
        Use("tp.meshgrid(x, y, z)", x=(3,), y=(2,), z=(1,)),
        Use('tp.meshgrid(x, y, z, indexing="ij")', x=(3,), y=(2,), z=(1,)),
        Use("tp.meshgrid(x)", x=(3,)),
        Use("tp.meshgrid(x, y)", x=(0,), y=(3,)),
        Use("tp.meshgrid(x[::-1], y)", x=(3,), y=(2,)),
    ),
    "one_hot": (
        Use("tp.one_hot(i)", smooth=False, dtypes="f", i=fixed([2, 0, 1], "int64")),
        Use("tp.one_hot(i, 3)", smooth=False, dtypes="f", i=indices((2, 3), 0, 3)),
        Use("tp.one_hot(i, num_classes=4)", smooth=False, dtypes="f", i=indices((), 0, 3)),
        Use("tp.one_hot(i, 3)", smooth=False, dtypes="f", i=indices((0, 3), 0, 3)),
    ),
}
