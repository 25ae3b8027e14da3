"""Parametrizations of weights: by direction and length, by the largest singular value, and orthogonal ones."""

from __future__ import annotations

from typing import Any

from ...autograd.modes import no_grad
from ...core import Tensor
from ...core.pytorch.linalg import householder_product, matrix_exp
from ...core.random.generator import randn
from ...core.standard.creation import eye
from ...core.standard.data_types import finfo
from ...core.standard.linalg import qr, solve, vector_norm
from ...core.standard.manipulation import concat
from ...core.types.errors import ArgumentError, ShapeError
from .. import convolution
from ..functional import normalize
from ..module import Module
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Compute a weight from its direction and its length (Salimans and Kingma, 2016): ``original0 * v / norm(v)``.

    Parameters
    ----------
    module : Module
    name : str, default: "weight"
    dim : int or None, default: 0
        The axis along which each slice has a length of its own; with None there is one length.

    Returns
    -------
    Module
        The same one, with `parametrizations.weight.original0`, the length, and `original1`, the direction.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.utils.parametrizations.weight_norm(tp.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape
    (40, 1)
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        self.dim = dim

    def forward(self, length: Tensor, direction: Tensor) -> Tensor:
        return direction * (length / self._norm(direction))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return self._norm(weight), weight

    def _norm(self, x: Tensor) -> Tensor:
        if self.dim is None:
            return vector_norm(x)
        axes = tuple(axis for axis in range(x.ndim) if axis != self.dim % x.ndim)
        return vector_norm(x, axis=axes, keepdims=True) if axes else x.abs()


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value (Miyato et al., 2018), which power iteration estimates.

    Parameters
    ----------
    module : Module
    name : str, default: "weight"
    n_power_iterations : int, default: 1
        At each use in training.
    eps : float, default: 1e-12
        The least norm that vectors are divided by.
    dim : int, optional
        The axis of the matrix's rows; by default 1 for transposed convolutions, and else 0.

    Returns
    -------
    Module
        The same one, with `parametrizations.weight.original`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.utils.parametrizations.spectral_norm(tp.nn.Linear(2, 2), n_power_iterations=20)
    >>> bool((tp.linalg.matrix_norm(layer.weight, 2) - 1).abs() < 1e-3)
    True
    """
    dim = rows_of_weight(module) if dim is None else dim
    norm = _SpectralNorm(getattr(module, name), n_power_iterations, eps, dim)
    return register_parametrization(module, name, norm)


def rows_of_weight(module: Module) -> int:
    """The axis of a weight that belongs to outputs."""
    kinds = (convolution.ConvTranspose1d, convolution.ConvTranspose2d, convolution.ConvTranspose3d)
    return int(isinstance(module, kinds))


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int, eps: float, dim: int) -> None:
        if n_power_iterations < 1:
            raise ArgumentError(f"spectral_norm: got {n_power_iterations} power iterations, wanted 1 or more")
        self.n_power_iterations, self.eps, self.dim = n_power_iterations, eps, dim
        if weight.ndim > 1:
            u, v = start_power_iteration(as_matrix(weight, dim), eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            iterate(matrix, self._u, self._v, self.n_power_iterations, self.eps)
        return weight / largest_singular_value(matrix, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight as a matrix whose rows lie along an axis."""
    return weight.movedim(dim, 0).flatten(1)


def start_power_iteration(matrix: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Vectors near the singular ones of the largest singular value."""
    of: dict[str, Any] = {"dtype": matrix.dtype, "device": matrix.device}
    u, v = (normalize(randn(length, **of), dim=0, eps=eps) for length in matrix.shape)
    iterate(matrix, u, v, 15, eps)
    return u, v


def iterate(matrix: Tensor, u: Tensor, v: Tensor, count: int, eps: float) -> None:
    """Take steps of power iteration, which write the vectors."""
    with no_grad():
        for _ in range(count):
            u.copy_(normalize(matrix @ v, dim=0, eps=eps))
            v.copy_(normalize(matrix.mH @ u, dim=0, eps=eps))


def largest_singular_value(matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """An estimate from singular vectors, which are copied: later steps write them."""
    return (u.conj().clone() * (matrix @ v.clone())).sum()


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a matrix, or each of a batch, orthogonal: with orthonormal columns, or rows where these are fewer.

    Parameters
    ----------
    module : Module
    name : str, default: "weight"
    orthogonal_map : {"matrix_exp", "cayley", "householder"}, optional
        What computes an orthogonal matrix from the parameter; by default "matrix_exp" for square and complex matrices,
        and else "householder".
    use_trivialization : bool, default: True
        Whether the result is multiplied by a fixed orthogonal matrix, `base`, which training starts at.

    Returns
    -------
    Module
        The same one, with `parametrizations.weight.original`.

    Raises
    ------
    ValueError
        If the weight is no matrix, or no such map is known.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.utils.parametrizations.orthogonal(tp.nn.Linear(20, 40))
    >>> bool(tp.allclose(layer.weight.mT @ layer.weight, tp.eye(20), atol=1e-5))
    True
    """
    weight = getattr(module, name)
    if weight.ndim < 2:
        raise ShapeError(f"orthogonal: {name} is of shape {weight.shape}, wanted a matrix or a batch of them")
    is_square = weight.shape[-1] == weight.shape[-2]
    kind = orthogonal_map or ("matrix_exp" if is_square or weight.dtype.is_complex else "householder")
    if kind not in ("matrix_exp", "cayley", "householder"):
        raise ArgumentError(f"orthogonal: got {kind!r}, wanted 'matrix_exp', 'cayley' or 'householder'")
    if kind == "householder" and weight.dtype.is_complex:
        raise ArgumentError("orthogonal: 'householder' takes no complex matrices")
    return register_parametrization(module, name, _Orthogonal(kind, use_trivialization), unsafe=True)


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, kind: str, use_trivialization: bool) -> None:
        self.orthogonal_map = kind
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        is_wide = x.shape[-2] < x.shape[-1]
        x = x.mT if is_wide else x
        rows, columns = x.shape[-2:]
        if self.orthogonal_map == "householder":
            vectors = x.tril(-1)
            found = householder_product(vectors, 2.0 / (1.0 + (vectors * vectors).sum(-2)))
            found = found * x.diagonal(dim1=-2, dim2=-1).detach().sign().unsqueeze(-2)
        else:
            lower = x.tril()
            lower = concat([lower, lower.new_zeros(*x.shape[:-1], rows - columns)], axis=-1)
            skew = lower - lower.mH
            if self.orthogonal_map == "matrix_exp":
                found = matrix_exp(skew)
            else:
                one = eye(rows, dtype=x.dtype, device=x.device)
                found = solve(one - skew / 2, one + skew / 2)
            found = found[..., :columns]
        base = self._buffers.get("base")
        found = found if base is None else base @ found
        return found.mT if is_wide else found

    def right_inverse(self, value: Tensor) -> Tensor:
        is_wide = value.shape[-2] < value.shape[-1]
        q = value.mT if is_wide else value
        rows, columns = q.shape[-2:]
        if "base" not in self._buffers:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    f"orthogonal: what {self.orthogonal_map!r} computes can't be assigned with use_trivialization=False"
                )
            found = _reflectors(q)
            return found.mT if is_wide else found
        product = q.mH @ q
        one = eye(columns, dtype=q.dtype, device=q.device)
        is_orthogonal = rows == columns and bool((product - one).abs().max() < 10 * columns * finfo(q.dtype).eps)
        if not is_orthogonal:
            more = randn(*q.shape[:-1], rows - columns, dtype=q.dtype, device=q.device)
            q, r = qr(concat([q, more], axis=-1))
            q = q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)
        self.base = q.clone()
        return -eye(*value.shape[-2:], dtype=value.dtype, device=value.device).expand(value.shape).clone()


def _reflectors(q: Tensor) -> Tensor:
    """Householder vectors of which a matrix is the product, below the diagonal, with signs on it."""
    found = q.clone()
    for i in range(q.shape[-1]):
        column, others = found[..., i:, i], found[..., i:, i + 1 :]
        first = column[..., :1]
        length = -vector_norm(column, axis=-1, keepdims=True).copysign(first)
        vector = column / (first - length)
        vector[..., 0] = 1.0
        weight = (length - first) / length
        others -= (weight * vector).unsqueeze(-1) * (vector.unsqueeze(-2) @ others)
        column.copy_(vector)
        column[..., :1] = length.sign()
    return found
