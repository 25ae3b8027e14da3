"""Functions of networks: what PyTorch's samples do not show, such as errors, half precision and second derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
import tensorplug.nn.functional as F
from tensorplug.core.types.errors import DeviceError

REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, r"hardtanh: got min_val 1.0, wanted one up to max_val, 0.0", lambda: F.hardtanh(tp.ones(2), 1.0, 0.0)),
    (TypeError, r"hardsigmoid: got tensorplug.int64, wanted a real-valued floating-point dtype",
     lambda: F.hardsigmoid(tp.ones(2, dtype="int64"))),
    (RuntimeError, r"softshrink: got lambd -1.0, wanted 0 or more", lambda: F.softshrink(tp.ones(2), -1.0)),
    (ValueError, r"glu: got shape \(2, 3\), wanted an even length along axis 1", lambda: F.glu(tp.ones(2, 3))),
    (RuntimeError, r"prelu: got a weight of shape \(2,\) for an input of shape \(2, 3\)",
     lambda: F.prelu(tp.ones(2, 3), tp.ones(2))),
    (RuntimeError, r"prelu: got a weight of tensorplug.float64 for an input of tensorplug.float32",
     lambda: F.prelu(tp.ones(2), tp.ones(1, dtype="float64"))),
    (ZeroDivisionError, r"celu: got alpha 0", lambda: F.celu(tp.ones(2), 0.0)),
    (RuntimeError, r"conv2d: got an input of shape \(1, 3, 4, 4\) and a weight of shape \(2, 2, 3, 3\) with 1 groups",
     lambda: F.conv2d(tp.ones(1, 3, 4, 4), tp.ones(2, 2, 3, 3))),
    (RuntimeError, r"conv2d: got an input of shape \(3, 2, 2\) with padding 0, wanted one not smaller than the kernel "
     r"of shape \(3, 3\)", lambda: F.conv2d(tp.ones(3, 2, 2), tp.ones(2, 3, 3, 3))),
    (RuntimeError, r"conv1d: got an input of shape \(2, 3, 4, 5\), wanted 3 axes, or 2 of one example",
     lambda: F.conv1d(tp.ones(2, 3, 4, 5), tp.ones(2, 3, 1))),
    (RuntimeError, r"conv2d: got a weight of shape \(2, 3, 3\), wanted 4 axes",
     lambda: F.conv2d(tp.ones(3, 4, 4), tp.ones(2, 3, 3))),
    (RuntimeError, r"conv2d: got a bias of shape \(3,\), wanted \(2,\)",
     lambda: F.conv2d(tp.ones(3, 4, 4), tp.ones(2, 3, 3, 3), tp.ones(3))),
    (RuntimeError, r"conv2d: got padding 'same' with a stride",
     lambda: F.conv2d(tp.ones(3, 4, 4), tp.ones(2, 3, 3, 3), padding="same", stride=2)),
    (TypeError, r"conv2d: got an input of tensorplug.float32 and a weight of tensorplug.float64",
     lambda: F.conv2d(tp.ones(3, 4, 4), tp.ones(2, 3, 3, 3, dtype="float64"))),
    (RuntimeError, r"conv2d: got stride 0, wanted 1 or more",
     lambda: F.conv2d(tp.ones(3, 4, 4), tp.ones(2, 3, 3, 3), stride=0)),
    (RuntimeError, r"conv_transpose2d: got output_padding 2, wanted less than the stride",
     lambda: F.conv_transpose2d(tp.ones(3, 4, 4), tp.ones(3, 3, 3, 3), output_padding=2)),
    (RuntimeError, r"conv_transpose1d: got an input of shape \(3, 4\) and a weight of shape \(2, 3, 3\)",
     lambda: F.conv_transpose1d(tp.ones(3, 4), tp.ones(2, 3, 3))),
    (RuntimeError, r"max_pool2d: got padding 2, wanted at most half of the kernel size 3",
     lambda: F.max_pool2d(tp.ones(1, 4, 4), 3, padding=2)),
    (RuntimeError, r"avg_pool2d: got an input of shape \(1, 2, 2\) with padding 0, wanted one not smaller",
     lambda: F.avg_pool2d(tp.ones(1, 2, 2), 3)),
    (RuntimeError, r"max_pool1d: got an input of shape \(1, 1\) with padding 1 and dilation 2, wanted something",
     lambda: F.max_pool1d(tp.ones(1, 1), 2, padding=1, dilation=2)),
    (RuntimeError, r"adaptive_avg_pool2d: got output_size \(1, 2, 3\), wanted one integer or 2",
     lambda: F.adaptive_avg_pool2d(tp.ones(1, 2, 2), (1, 2, 3))),
    (IndexError, r"scatter: index 9 is out of bounds", lambda: F.max_unpool1d(tp.ones(1, 1), tp.tensor([[9]]), 2)),
    (ValueError, r"max_unpool1d: got output_size \(5,\), wanted about \(2,\)",
     lambda: F.max_unpool1d(tp.ones(1, 1), tp.tensor([[0]]), 2, output_size=(5,))),
    (RuntimeError, r"fold: got an input of shape \(1, 4, 3\), wanted a multiple of 4 rows",
     lambda: F.fold(tp.ones(1, 4, 3), (2, 3), 2)),
    (RuntimeError, r"pad: got \(3, 0\) of axis 0 in mode 'reflect' for an input of shape \(3,\)",
     lambda: F.pad(tp.ones(3), (3, 0), "reflect")),
    (ValueError, r"pad: got mode 'mirror', wanted 'constant'", lambda: F.pad(tp.ones(3), (3, 0), "mirror")),
    (RuntimeError, r"pad: got 3 numbers for an input of shape \(3,\)", lambda: F.pad(tp.ones(3), (1, 0, 1))),
    (ValueError, r"gelu: got approximate 'erf'", lambda: F.gelu(tp.ones(2), "erf")),
    (RuntimeError, r"batch_norm: got an input of shape \(1, 3\), wanted several elements a channel",
     lambda: F.batch_norm(tp.ones(1, 3), None, None, training=True)),
    (RuntimeError, r"batch_norm: got a parameter of shape \(2,\), wanted \(3,\)",
     lambda: F.batch_norm(tp.ones(2, 3), tp.ones(2), tp.ones(3))),
    (RuntimeError, r"batch_norm: got no running_mean", lambda: F.batch_norm(tp.ones(2, 3), None, None)),
    (RuntimeError, r"layer_norm: got normalized_shape \(2,\) for an input of shape \(2, 3\)",
     lambda: F.layer_norm(tp.ones(2, 3), 2)),
    (RuntimeError, r"group_norm: got an input of shape \(2, 3\) and 2 groups", lambda: F.group_norm(tp.ones(2, 3), 2)),
    (ValueError, r"batch_norm: got eps -1.0", lambda: F.batch_norm(tp.ones(2, 3), tp.ones(3), tp.ones(3), eps=-1.0)),
    (IndexError, r"index_select: index 3 is out of bounds", lambda: F.embedding(tp.tensor([3]), tp.ones(3, 2))),
    (ValueError, r"embedding_bag: got indices in front of the first bag, wanted offsets that start at 0",
     lambda: F.embedding_bag(tp.tensor([0, 1]), tp.ones(3, 2), tp.tensor([1]))),
    (ValueError, r"histc: got a range of width inf, wanted a finite one", lambda: tp.histc(tp.tensor([1.0, math.inf]))),
    (ValueError, r"histc: got a range of width nan", lambda: tp.histc(tp.tensor([1.0, math.nan]))),
    (ValueError, r"histc: got a range of width inf", lambda: tp.histc(tp.ones(2), 3, -1e40, 1e40)),
    (NotImplementedError, r"embedding: max_norm writes into the weight",
     lambda: F.embedding(tp.tensor([0]), tp.ones(3, 2), max_norm=1.0)),
    (RuntimeError, r"bilinear: got inputs of shapes \(2, 3\) and \(2, 2\) and a weight of shape \(1, 2, 2\)",
     lambda: F.bilinear(tp.ones(2, 3), tp.ones(2, 2), tp.ones(1, 2, 2))),
    (RuntimeError, r"scaled_dot_product_attention: got shapes \(2, 3\), \(2, 2\) and \(2, 3\)",
     lambda: F.scaled_dot_product_attention(tp.ones(2, 3), tp.ones(2, 2), tp.ones(2, 3))),
    (ValueError, r"scaled_dot_product_attention: got a mask and is_causal",
     lambda: F.scaled_dot_product_attention(*[tp.ones(2, 3)] * 3, tp.ones(2, 2), is_causal=True)),
    (RuntimeError, r"interpolate: got an input of shape \(2, 3\), wanted 3 to 5 axes",
     lambda: F.interpolate(tp.ones(2, 3), 2)),
    (ValueError, r"interpolate: got size None and scale_factor None", lambda: F.interpolate(tp.ones(1, 2, 3))),
    (RuntimeError, r"grid_sample: got an input of shape \(1, 1, 2, 2\) and a grid of shape \(1, 2, 2, 3\)",
     lambda: F.grid_sample(tp.ones(1, 1, 2, 2), tp.ones(1, 2, 2, 3))),
    (RuntimeError, r"pixel_shuffle: got an input of shape \(3, 1, 1\), wanted a multiple of 4 channels",
     lambda: F.pixel_shuffle(tp.ones(3, 1, 1), 2)),
    (ValueError, r"dropout1d: p is a probability", lambda: F.dropout1d(tp.ones(1, 2, 2), 2.0)),
    (RuntimeError, r"cdist: got shapes \(2, 3\) and \(2, 2\)", lambda: tp.cdist(tp.ones(2, 3), tp.ones(2, 2))),
    (ValueError, r"rrelu: got slopes from 1.0 to 0.5", lambda: F.rrelu(tp.ones(2), 1.0, 0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("error", "message", "call"), REFUSED, ids=[message for _, message, _ in REFUSED])
def test_what_does_not_fit_is_refused(
    backend: str, error: type[Exception], message: str, call: Callable[[], Any]
) -> None:
    with pytest.raises(error, match=message):
        call()


PIECEWISE = {
    "hardtanh": ([-2.0, -1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]),
    "relu6": ([-1.0, 0.0, 6.0, 5.0], [0.0, 0.0, 0.0, 1.0]),
    "hardsigmoid": ([-3.0, 3.0, 0.0, math.inf], [0.0, 0.0, 1 / 6, 0.0]),
    "hardswish": ([-3.0, 3.0, 0.0, 9.0], [0.0, 1.0, 0.5, 1.0]),
    "hardshrink": ([-0.5, 0.5, 0.0, 0.75], [0.0, 0.0, 0.0, 1.0]),
    "softshrink": ([-0.5, 0.5, 0.0, 0.75], [0.0, 0.0, 0.0, 1.0]),
    "celu": ([-1.0, 0.0, 1.0, 1000.0], [math.exp(-1.0), 1.0, 1.0, 1.0]),
}
"""Points, kinks among them, and the slopes that PyTorch computes there."""


@pytest.mark.parametrize("name", PIECEWISE)
def test_slopes_at_kinks(backend: str, name: str) -> None:
    points, slopes = PIECEWISE[name]
    x = tp.tensor(points, dtype="float64", requires_grad=True)
    getattr(F, name)(x).sum().backward()
    assert x.grad.tolist() == pytest.approx(slopes, abs=1e-15)


def test_hardswish_of_the_greatest_numbers(backend: str) -> None:
    assert F.hardswish(tp.tensor([2.0**127, -(2.0**127)])).tolist() == [2.0**127, 0.0]


@pytest.mark.parametrize("name", [*PIECEWISE, "mish", "selu", "softsign", "tanhshrink", "glu"])
def test_half_precision_and_nan(backend: str, name: str) -> None:
    x = tp.tensor([-3.0, -0.7, 0.0, 0.3, 9.0, math.nan]).to("bfloat16")
    found = getattr(F, name)(x)
    assert found.dtype is tp.bfloat16
    assert found.tolist() == pytest.approx(getattr(F, name)(x.float()).tolist(), rel=2**-7, nan_ok=True)


def test_slopes_of_rrelu_are_drawn_in_training(backend: str) -> None:
    tp.manual_seed(0)
    found = F.rrelu(tp.full((100,), -1.0), 0.25, 0.5, training=True)
    assert -0.5 <= found.min().item() < found.max().item() <= -0.25


def tensor(*shape: int, **options: Any) -> tp.Tensor:
    """Distinct float64 numbers in a mixed order."""
    count = math.prod(shape)
    values = numpy.random.default_rng(count).permutation(count) / count - 0.4
    return tp.asarray(values.reshape(shape)).requires_grad_(options.get("requires_grad", True))


SECOND: dict[str, Callable[[], tuple[Callable[..., tp.Tensor], tuple[tp.Tensor, ...]]]] = {
    "conv2d": lambda: (
        lambda x, w, b: F.conv2d(x, w, b, (2, 1), padding=1, dilation=(1, 2), groups=2),
        (tensor(1, 2, 4, 3), tensor(2, 1, 2, 2), tensor(2)),
    ),
    "layer_norm": lambda: (
        lambda x, w, b: F.layer_norm(x, 3, w, b, eps=0.1) ** 2,
        (tensor(2, 3), tensor(3), tensor(3)),
    ),
    "max_pool2d": lambda: (lambda x: F.max_pool2d(x, 2, padding=1) ** 2, (tensor(1, 3, 4),)),
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives(name: str) -> None:
    function, inputs = SECOND[name]()
    assert tp.autograd.gradgradcheck(function, inputs)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("conv1d", (4, 12, 5), {"stride": 2, "padding": 2}),
        ("conv2d", (4, 12, 3, 2), {"stride": (1, 2), "padding": (0, 2), "dilation": (2, 1)}),
        ("conv_transpose2d", (4, 12, 3, 2), {"stride": (1, 2), "padding": 1, "output_padding": (0, 1)}),
        ("conv3d", (2, 12, 2, 1, 3), {"padding": "same"}),
    ],
)
def test_a_batch_is_convolved_as_its_examples_are(name: str, shape: Any, options: Any, groups: int) -> None:
    """Values, and gradients by input and weight; the weights are large enough for other ways to pay with a batch."""
    function = getattr(F, name)
    channels = shape[0] if "transpose" in name else shape[1]
    x, w = tensor(11, channels, *(7, 6, 5)[: len(shape) - 2]), tensor(shape[0], shape[1] // groups, *shape[2:])

    def results(x: tp.Tensor) -> tuple[tp.Tensor, tp.Tensor, tp.Tensor]:
        x, own = x.detach().requires_grad_(), w.detach().requires_grad_()
        found = function(x, own, groups=groups, **options)
        return found.detach(), *tp.autograd.grad((found * found).sum(), (x, own))

    with tp.backend("numpy"):
        many, alone = results(x), [results(one[None]) for one in x]
        for i, join in enumerate((tp.concat, tp.concat, sum)):
            numpy.testing.assert_allclose(many[i].numpy(), join([one[i] for one in alone]).numpy(), 1e-9, 1e-9)


def test_convolution_of_examples_and_of_kernels(backend: str) -> None:
    x, w = tensor(3, 2, 4, 4, requires_grad=False), tensor(3, 2, 2, 2, 2, requires_grad=False)
    whole = F.conv2d(x, w[0], stride=2, padding=1)
    one = tp.vmap(lambda x, w: F.conv2d(x, w, stride=2, padding=1), in_dims=(0, None))(x, w[0])
    numpy.testing.assert_allclose(one, whole, rtol=1e-12)
    each = tp.vmap(lambda x, w: tp.func.grad(lambda w: F.conv2d(x, w).sum())(w))(x, w)
    wanted = [tp.func.grad(lambda w, x=x: F.conv2d(x, w).sum())(w) for x, w in zip(x, w, strict=True)]
    numpy.testing.assert_allclose(each, tp.stack(wanted), rtol=1e-12)
    pooled = tp.vmap(lambda x: F.max_pool2d(x, 2))(x)
    assert pooled.tolist() == F.max_pool2d(x, 2).tolist()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.conv2d(x, x[:, :, :2, :2]),
        lambda x: F.conv_transpose2d(x, x[:, :, :2, :2].mT),
        lambda x: F.avg_pool2d(x, 3, padding=1),
        lambda x: F.adaptive_avg_pool2d(x, 2),
        lambda x: F.layer_norm(x, 5),
        lambda x: F.batch_norm(x, x[0, 0, 0, :1], tp.ones_like(x[0, 0, 0, :1])),
        lambda x: F.gelu(x),
        lambda x: F.interpolate(x, 7, mode="bilinear"),
        lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    ],
)
def test_half_precision_is_computed_in_single(backend: str, function: Callable[[tp.Tensor], tp.Tensor]) -> None:
    x = tensor(1, 1, 5, 5, requires_grad=False).to("float16")
    assert function(x).tolist() == function(x.float()).to("float16").tolist()


def test_pooling_of_nan_and_infinities(backend: str) -> None:
    x = tp.tensor([[math.nan, 1.0, -math.inf, -math.inf, math.inf, 2.0]])
    values, indices = F.max_pool1d(x, 2, return_indices=True)
    assert values[0].tolist() == pytest.approx([math.nan, -math.inf, math.inf], nan_ok=True)
    assert indices.tolist() == [[0, 2, 4]]
    # The padding is not read.
    padded, indices = F.max_pool1d(tp.full((1, 3), -math.inf), 2, padding=1, return_indices=True)
    assert padded.tolist() == [[-math.inf, -math.inf]]
    assert indices.tolist() == [[0, 1]]
    assert F.adaptive_avg_pool1d(tp.tensor([[1.0, math.inf, 2.0]]), 2).tolist() == [[math.inf, math.inf]]


@pytest.mark.parametrize("size", [(2, 3), (15, 18)])
def test_places_of_the_largest_elements(backend: str, size: tuple[int, int]) -> None:
    """Of windows of few elements, and of more than a byte counts."""
    x = numpy.random.default_rng(0).integers(0, 9, (2, 2, 20, 21)).astype("f4")
    found, places = F.max_pool2d(tp.asarray(x), size, 2, return_indices=True)
    windows = numpy.lib.stride_tricks.sliding_window_view(x, size, (2, 3))[:, :, ::2, ::2]
    inner = windows.reshape(*windows.shape[:4], -1).argmax(-1)
    rows, columns = (2 * one for one in numpy.ogrid[: inner.shape[2], : inner.shape[3]])
    numpy.testing.assert_array_equal(found.numpy(), windows.max((4, 5)))
    numpy.testing.assert_array_equal(places.numpy(), (rows + inner // size[1]) * 21 + columns + inner % size[1])


def test_nan_in_windows_that_padding_cuts_short(backend: str) -> None:
    x = tp.tensor([[math.nan, 1.0, 2.0], [0.0, math.nan, 3.0]])
    for rows in (1, 1500):
        # PyTorch's answers, of few windows and of many.
        values, places = F.max_pool1d(tp.tile(x, (rows, 1)), 2, padding=1, return_indices=True)
        numpy.testing.assert_array_equal(tp.isnan(values).numpy()[-2:], [[True, False], [False, True]])
        assert places.tolist()[-2:] == [[0, 2], [0, 1]]


def test_the_largest_element_of_one_great_window() -> None:
    x = tp.reshape(tp.arange(15625.0) * 7.0 % 15625.0, (1, 25, 25, 25))
    value, place = F.adaptive_max_pool3d(x, 1, return_indices=True)
    assert (value.item(), place.item()) == (15624.0, int(x.argmax().item()))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_largest_elements_of_no_images(backend: str, count: int) -> None:
    x = tp.zeros(0, 2, *(4,) * count, requires_grad=True)
    for name, size in (("max_pool", 2), ("adaptive_max_pool", 2)):
        values, places = getattr(F, f"{name}{count}d")(x, size, return_indices=True)
        assert values.shape == places.shape == (0, 2, *(2,) * count)
        values.sum().backward()


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_grids_that_are_not_finite(backend: str, mode: str, padding_mode: str) -> None:
    image = tp.reshape(tp.arange(6.0), (1, 1, 2, 3))
    grid = tp.tensor([[[[math.nan, 0.0], [0.0, 0.0], [math.inf, 0.0]]]])
    found = F.grid_sample(image, grid, mode, padding_mode, align_corners=True)
    # Those of PyTorch.
    first = {"nearest": 0.0, "bicubic": math.nan, "bilinear": math.nan if padding_mode == "zeros" else 1.5}[mode]
    second = {"nearest": 1.0, "bicubic": 2.96875 if padding_mode == "zeros" else 2.5, "bilinear": 2.5}[mode]
    numpy.testing.assert_allclose(found.flatten().tolist()[:2], [first, second], rtol=1e-6)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_nan_in_grids_of_volumes(backend: str, mode: str, padding_mode: str) -> None:
    """PyTorch takes NaN for the last place, or for none, and in images for the first, or has NaN."""
    volume = tp.reshape(tp.arange(1.0, 9.0), (1, 1, 2, 2, 2))
    points = [[math.nan, 0.2, 0.3], [0.2, math.nan, 0.3], [0.2, 0.3, math.nan], [0.2, 0.3, 0.1]]
    grid = tp.tensor(points).reshape(1, 4, 1, 1, 3).requires_grad_()
    found = F.grid_sample(volume, grid, mode, padding_mode, align_corners=True)
    beyond = [5.8, 6.2, 6.9] if mode == "bilinear" else [8.0, 8.0, 8.0]
    wanted = [*([0.0, 0.0, 0.0] if padding_mode == "zeros" else beyond), 5.1 if mode == "bilinear" else 8.0]
    numpy.testing.assert_allclose(found.flatten().tolist(), wanted, rtol=1e-6)
    found.sum().backward()
    assert tp.isfinite(grid.grad).all()
    if padding_mode == "zeros":
        assert not grid.grad[:, :3].any()


@pytest.mark.parametrize("padding_mode", ["border", "reflection"])
def test_the_ends_of_grids_have_no_gradient(backend: str, padding_mode: str) -> None:
    """The identity, whose corners are the first and last pixels."""
    grid = F.affine_grid(tp.eye(2, 3)[None], (1, 1, 3, 3), align_corners=True).detach().requires_grad_()
    image = tp.reshape(tp.arange(9.0), (1, 1, 3, 3)) ** 2
    F.grid_sample(image, grid, padding_mode=padding_mode, align_corners=True).sum().backward()
    # That of PyTorch.
    wanted = [0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 27.0, 9.0, 33.0, 0.0, 39.0, 0.0, 0.0, 15.0, 0.0, 0.0, 0.0]
    numpy.testing.assert_allclose(grid.grad.flatten().tolist(), wanted)


def test_grids_of_nearest_pixels_have_a_gradient_of_zeros(backend: str) -> None:
    grid = tp.zeros(1, 2, 2, 2, requires_grad=True)
    F.grid_sample(tp.ones(1, 3, 4, 4), grid, "nearest").sum().backward()
    assert grid.grad.tolist() == tp.zeros(1, 2, 2, 2).tolist()


def test_the_last_nan_of_a_window_is_the_largest(backend: str) -> None:
    """As in PyTorch's fractional pooling; its other pooling takes the last one, too."""
    nan = math.nan
    x = tp.tensor([[1.0, nan, 2.0, nan], [3.0, 4.0, nan, 5.0], [nan, 6.0, 7.0, nan], [0.0, 1.0, nan, nan]])[None]
    samples = tp.tensor([[[0.3, 0.6]]])
    x.requires_grad_()
    found, places = F.fractional_max_pool2d(x, 2, output_size=2, return_indices=True, _random_samples=samples)
    assert places.tolist() == [[[1, 6], [8, 15]]]
    found.sum().backward()
    assert [place for place, one in enumerate(x.grad.flatten().tolist()) if one] == [1, 6, 8, 15]
    _, places = F.max_pool2d(x, 2, return_indices=True)
    assert places.tolist() == [[[1, 6], [8, 15]]]


def test_bounds_beyond_the_range_of_the_dtype(backend: str) -> None:
    with numpy.errstate(all="raise"):
        x = tp.tensor([-2.0, 0.0, 3.0])
        assert F.hardtanh(x, -1e40, 1e40).tolist() == [-2.0, 0.0, 3.0]
        assert F.softshrink(x, 1e40).tolist() == [0.0, 0.0, 0.0]


def test_every_element_is_in_a_bin(backend: str) -> None:
    numbers = numpy.random.default_rng(0).normal(size=(100, 7)).astype("float32")
    assert all(tp.histc(tp.asarray(row), 4).sum().item() == 7.0 for row in numbers)


@pytest.mark.parametrize(("reduce", "wanted"), [("prod", [0, 1]), ("amax", [1, 1]), ("amin", [0, 1])])
def test_reductions_of_truth_values(backend: str, reduce: str, wanted: list[int]) -> None:
    x, index, source = tp.tensor([True, True]), tp.tensor([0, 0]), tp.tensor([False, True])
    for include_self in (False, True):
        found = tp.scatter_reduce(x, 0, index, source, reduce, include_self=include_self)
        assert found.dtype is tp.bool
        assert found.tolist() == wanted


ON_TWO_DEVICES: dict[str, Callable[[tp.Tensor, tp.Tensor], Any]] = {
    "histogram": lambda x, other: tp.histogram(x[0, 0, 0], other[0, 0, 0]),
    "histogramdd": lambda x, other: tp.histogramdd(x[0, 0], [2] * 4, weight=other[0, 0, 0]),
    "scatter_reduce": lambda x, other: tp.scatter_reduce(x, 0, tp.zeros(1, 1, 4, 4, dtype="int64"), other, "amax"),
    "index_reduce": lambda x, other: tp.index_reduce(x, 0, tp.tensor([0]), other, "prod"),
    "fractional_max_pool2d": lambda x, other: F.fractional_max_pool2d(
        x, 2, output_size=2, _random_samples=other[:, :, 0, :2]
    ),
}


@pytest.mark.parametrize("name", ON_TWO_DEVICES)
def test_operands_on_two_devices(name: str) -> None:
    pytest.importorskip("jax")
    x, other = (tp.full((1, 1, 4, 4), 0.5, device=device) for device in ("numpy", "jax"))
    with pytest.raises(DeviceError, match=f"{name}: expected all tensors to be on the same device"):
        ON_TWO_DEVICES[name](x, other)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_padding_by_nothing_copies(mode: str) -> None:
    x = tp.ones(1, 3)
    F.pad(x, (0, 0), mode)[0, 0] = 2.0
    assert x.tolist() == [[1.0, 1.0, 1.0]]


def test_batch_norm_updates_its_estimates(backend: str) -> None:
    x, center, spread = tensor(4, 2, requires_grad=False), tp.zeros(2, dtype="float64"), tp.ones(2, dtype="float64")
    F.batch_norm(x, center, spread, training=True, momentum=0.25)
    numpy.testing.assert_allclose(center, x.mean(0) / 4, rtol=1e-14)
    numpy.testing.assert_allclose(spread, 0.75 + x.var(0) / 4, rtol=1e-14)


def test_norm_of_examples(backend: str) -> None:
    x = tensor(3, 4, 2, requires_grad=False)
    assert tp.vmap(lambda x: F.layer_norm(x, 2))(x).tolist() == F.layer_norm(x, 2).tolist()


def test_a_query_that_sees_no_key_gets_zero(backend: str) -> None:
    x = tensor(2, 3)
    found = F.scaled_dot_product_attention(x, x, x, tp.tensor([[True, False], [False, False]]))
    found.sum().backward()
    assert found[1].tolist() == [0.0, 0.0, 0.0]
    assert tp.isfinite(x.grad).all()


def test_dropout_of_channels(backend: str) -> None:
    tp.manual_seed(0)
    found = F.dropout2d(tp.ones(20, 10, 2, 2), 0.5)
    assert set(found.flatten().tolist()) == {0.0, 2.0}
    assert (found == found[:, :, :1, :1]).all()
    assert F.dropout1d(tp.ones(3, 4), 0.5).unique().shape in ((1,), (2,))


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    tp.manual_seed(0)
    found = F.alpha_dropout(tp.randn(200_000), 0.3, training=True)
    assert abs(found.mean().item()) < 0.02
    assert abs(found.var().item() - 1.0) < 0.03


def test_bags_of_many_indices(backend: str) -> None:
    """Vectors that no bag has do not count, infinite ones neither."""
    rng = numpy.random.default_rng(0)
    vectors, share = rng.normal(size=(40, 64)), rng.normal(size=(50, 30))
    vectors[7] = numpy.inf
    places = rng.integers(8, 40, (50, 30))
    weight, factors = (tp.tensor(one, requires_grad=True) for one in (vectors, share))
    found = F.embedding_bag(tp.tensor(places), weight, mode="sum", per_sample_weights=factors)
    numpy.testing.assert_allclose(found.detach(), numpy.einsum("bl,bld->bd", share, vectors[places]))
    found.sum().backward()
    gradient = numpy.zeros(vectors.shape)
    numpy.add.at(gradient, places, share[..., None])
    numpy.testing.assert_allclose(weight.grad, gradient)
    numpy.testing.assert_allclose(factors.grad, vectors[places].sum(-1))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("count", [3, 3000])
def test_a_vector_of_padding_does_not_count(backend: str, count: int, mode: str) -> None:
    weight = tp.tensor([[math.nan] * 8, [1.0] * 8, [3.0] * 8], requires_grad=True)
    places = tp.tile(tp.tensor([[1, 0, 2], [0, 0, 0]]), (count, 1))
    found = F.embedding_bag(places, weight, mode=mode, padding_idx=0)
    assert found[:2, 0].tolist() == [{"sum": 4.0, "mean": 2.0, "max": 3.0}[mode], 0.0]
    assert found.shape == (2 * count, 8)
    found.sum().backward()
    share = count / 2 if mode == "mean" else count
    assert weight.grad[:, 0].tolist() == [0.0, 0.0 if mode == "max" else share, share]


def test_gradients_by_frequency_leave_vectors_as_they_are(backend: str) -> None:
    """PyTorch's bags divide by how often other indices occur."""
    rows = numpy.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    weight, places = tp.tensor(rows, requires_grad=True), [[0, 3, 3], [3, 1, 1]]
    for function, wanted in ((F.embedding, rows[places]), (F.embedding_bag, rows[places].mean(1))):
        found = function(tp.tensor(places), weight, scale_grad_by_freq=True)
        numpy.testing.assert_allclose(found.detach(), wanted, 0.0 if function is F.embedding else 1e-6)
        weight.grad = None
        found.sum().backward()
        each = 1.0 if function is F.embedding else 1.0 / 3.0
        numpy.testing.assert_allclose(weight.grad, numpy.outer([each, each, 0.0, each, 0.0], numpy.ones(4)), 1e-6)


@pytest.mark.parametrize("shape", [(3, 2, 40, 50), (1, 1, 3, 4)])
def test_means_of_windows_of_many_elements(backend: str, shape: tuple[int, ...]) -> None:
    x = numpy.random.default_rng(0).normal(size=shape).astype("float32")
    windows = numpy.lib.stride_tricks.sliding_window_view(x.astype("float64"), (2, 3), (2, 3))
    found = F.avg_pool2d(tp.tensor(x), (2, 3), 1)
    numpy.testing.assert_allclose(found, windows.mean((-2, -1)), 1e-4, 1e-6)


@pytest.mark.parametrize("special", [1.0, 0.0, 1e-30])
def test_gradient_of_the_product_of_many_factors(backend: str, special: float) -> None:
    factors = numpy.random.default_rng(0).uniform(0.9, 1.1, (1200, 33))
    factors[:3, 5] = special
    x = tp.tensor(factors, requires_grad=True)
    (found := tp.prod(x, axis=1)).sum().backward()
    numpy.testing.assert_allclose(found.detach(), factors.prod(1))
    others = [numpy.delete(factors, i, 1).prod(1) for i in range(33)]
    numpy.testing.assert_allclose(x.grad, numpy.stack(others, 1))


@pytest.mark.parametrize("alike", [False, True], ids=["different", "two alike"])
def test_distances_of_many_pairs(backend: str, alike: bool) -> None:
    """Equal rows have no gradient from each other."""
    points = numpy.random.default_rng(0).normal(size=(130, 130))
    if alike:
        points[3] = points[70]
    x = tp.tensor(points, requires_grad=True)
    first, second = numpy.triu_indices(130, 1)
    differences = points[first] - points[second]
    distances = numpy.sqrt((differences**2).sum(-1))
    (found := tp.pdist(x)).backward(tp.asarray(numpy.arange(float(len(first)))))
    numpy.testing.assert_allclose(found.detach(), distances)
    each = numpy.arange(len(first))[:, None] * differences / numpy.where(distances, distances, 1.0)[:, None]
    gradient = numpy.zeros(points.shape)
    numpy.add.at(gradient, first, each)
    numpy.subtract.at(gradient, second, each)
    numpy.testing.assert_allclose(x.grad, gradient, 1e-6, 1e-6)


def test_gradient_of_small_distances_that_is_great(backend: str) -> None:
    points = (numpy.random.default_rng(0).normal(size=(130, 130)) * 1e-13).astype("float32")
    x = tp.tensor(points, requires_grad=True)
    (tp.pdist(x) * 1e30).sum().backward()
    differences = points[:, None].astype("float64") - points
    distances = numpy.sqrt((differences**2).sum(-1, keepdims=True)) + numpy.eye(130)[:, :, None]
    numpy.testing.assert_allclose(x.grad, (differences / distances).sum(1) * 1e30, 1e-4, 1e25)
