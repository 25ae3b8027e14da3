"""Layers that move or resize images: folding, shuffling, resampling."""

from .function_layer import FunctionLayer

__all__ = [
    "ChannelShuffle",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


class ChannelShuffle(FunctionLayer, function="channel_shuffle"):
    """Channels interleaved in groups: see `nn.functional.channel_shuffle`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ChannelShuffle(2)(tp.arange(4).reshape(1, 4, 1)).flatten()
    tensor([0, 2, 1, 3])
    """


class Fold(FunctionLayer, function="fold"):
    """Images from sliding blocks: see `nn.functional.fold`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Fold((2, 3), 2)(tp.ones(1, 4, 2)).shape
    (1, 1, 2, 3)
    """


class PixelShuffle(FunctionLayer, function="pixel_shuffle"):
    """Images with more pixels, from channels: see `nn.functional.pixel_shuffle`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.PixelShuffle(2)(tp.zeros(1, 4, 2, 2)).shape
    (1, 1, 4, 4)
    """


class PixelUnshuffle(FunctionLayer, function="pixel_unshuffle"):
    """Images with fewer pixels and more channels: see `nn.functional.pixel_unshuffle`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.PixelUnshuffle(2)(tp.zeros(1, 1, 4, 4)).shape
    (1, 4, 2, 2)
    """


class Unfold(FunctionLayer, function="unfold"):
    """Sliding blocks of images as columns: see `nn.functional.unfold`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Unfold(2)(tp.zeros(1, 1, 2, 3)).shape
    (1, 4, 2)
    """


class _Upsampling(FunctionLayer):
    mode: str

    def extra_repr(self) -> str:
        """The size or the factor, and the mode."""
        factor = self.scale_factor
        factor = tuple(map(float, factor)) if isinstance(factor, tuple | list) else factor and float(factor)
        size = f"size={self.size}" if factor is None else f"scale_factor={factor}"
        return f"{size}, mode={self.mode!r}"


class Upsample(_Upsampling, function="upsample"):
    """Images of another size: see `nn.functional.upsample`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.Upsample(scale_factor=2)(tp.tensor([[[0.0, 1.0]]]))
    tensor([[[0., 0., 1., 1.]]])
    """


class UpsamplingBilinear2d(_Upsampling, function="upsample_bilinear"):
    """Images of another size, with aligned corners: see `nn.functional.upsample_bilinear`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.UpsamplingBilinear2d((1, 3))(tp.tensor([[[[0.0, 1.0]]]]))
    tensor([[[[0.0000, 0.5000, 1.0000]]]])
    """

    mode = "bilinear"


class UpsamplingNearest2d(_Upsampling, function="upsample_nearest"):
    """Images of another size, by the nearest pixel: see `nn.functional.upsample_nearest`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.UpsamplingNearest2d(scale_factor=2)(tp.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """

    mode = "nearest"
