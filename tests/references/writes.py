"""Writes writes.json: results that PyTorch lets one write before the backward pass, and the gradients then.

Run it with PyTorch 2.13 installed.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import torch
from torch.nn import functional

CALLS = """
a.abs() | a.acos() | (a + 1).acosh() | a + b | a.asin() | a.asinh() | a.atan() | m.atan2(a, b) | a.atanh()
a.ceil() | a.floor() | a.round() | a.trunc() | a.sign() | a.clamp(0.2, 0.5) | m.clamp(a, b, c) | m.copysign(a, b)
a.cos() | a.cosh() | a / b | a / 2.0 | 2.0 / a | 1 / a | a.exp() | a.expm1() | m.hypot(a, b) | a.log() | a.log10()
a.log1p() | a.log2() | m.logaddexp(a, b) | m.maximum(a, b) | m.minimum(a, b) | a * b | a * 2.0 | -a | a**b | a**2.0
2.0**a | a**0.5 | a.reciprocal() | a.relu() | m.remainder(a, b) | a.sigmoid() | a.sin() | a.sinh() | a.sqrt()
a.square() | a - b | 1.0 - a | a.tan() | a.tanh() | m.where(a > 0.5, a, b) | a.masked_fill(a > 0.5, 0.0)
m.floor_divide(a, b) | a.float() | m.add(a, b, alpha=2.0) | m.addmm(a, b, c) | a.clamp(min=0.3) | a.clamp(max=0.3)
a.sum() | a.sum(0) | a.mean() | a.mean(1) | a.prod() | a.prod(0) | a.std() | a.std(0) | a.var() | a.var(1)
a.max() | a.min() | a.amax(0) | a.amin(1) | a.max(0)[0] | a.min(1)[0] | a.norm() | a.norm(dim=0) | a.norm(1)
a.norm(3.0) | a.norm(float("inf")) | a.cumsum(0) | a.cumprod(0) | a.cumprod(1) | a.logsumexp(0) | a.softmax(0)
a.log_softmax(1) | a.sort(0)[0] | a.topk(2, 0)[0] | a.diff() | a.trace() | a.std(0, unbiased=False) | a @ b
m.matmul(a, b[0]) | m.mm(a, b) | m.mv(a, b[0]) | m.dot(a[0], b[0]) | m.outer(a[0], b[0]) | a.t() | a.T
m.bmm(a[None], b[None]) | m.einsum("ij,jk->ik", a, b) | m.tensordot(a, b, 1) | m.linalg.vecdot(a, b)
m.linalg.cross(a, b) | m.linalg.det(a) | m.linalg.slogdet(a)[1] | m.linalg.inv(a) | m.linalg.pinv(a)
m.linalg.solve(a, b) | m.linalg.cholesky(a @ a.T) | m.linalg.qr(a)[0] | m.linalg.qr(a)[1]
m.linalg.eigh(a + a.T)[0] | m.linalg.eigvalsh(a + a.T) | m.linalg.svdvals(a) | m.linalg.svd(a)[1]
m.linalg.matrix_norm(a) | m.linalg.vector_norm(a) | m.linalg.matrix_power(a, 3) | m.linalg.matrix_power(a, -1)
m.linalg.matrix_norm(a, 2) | m.linalg.matrix_norm(a, "nuc") | m.linalg.vector_norm(a, 3.0, 0) | m.inverse(a)
m.det(a) | m.pinverse(a) | a.tril() | a.triu() | a.diagonal() | a.reshape(9) | a[0] | a[a > 0.5]
a[m.tensor([0, 0])] | a.flip(0) | a.roll(1, 0) | m.cat([a, b]) | m.stack([a, b])
a.gather(0, m.zeros((1, 3), dtype=m.int64)) | a.clone() | a.repeat(2, 1) | a.repeat_interleave(2, 0)
a.index_select(0, m.tensor([0, 0])) | a.masked_select(a > 0.5) | a.expand(2, 3, 3)
a.scatter(0, m.zeros((1, 3), dtype=m.int64), b) | a.scatter_add(0, m.zeros((1, 3), dtype=m.int64), b)
a.index_add(0, m.tensor([0]), b[:1]) | a.index_copy(0, m.tensor([0]), b[:1]) | a.index_fill(0, m.tensor([0]), 0.5)
m.complex(a, b) | m.fft.fft(a) | m.fft.rfft(a) | m.fft.irfft(a + 0j) | m.real(m.complex(a, b))
m.abs(m.complex(a, b)) | m.fft.ifft(a) | m.conj(m.complex(a, b)) * 1.0 | f.elu(a - 0.5) | f.leaky_relu(a - 0.5)
f.logsigmoid(a) | f.silu(a) | f.softplus(a) | f.elu(a) | f.relu(a) | f.sigmoid(a) | f.tanh(a) | f.softmax(a, 0)
f.log_softmax(a, 0) | f.normalize(a) | f.normalize(a, p=1.0) | f.cosine_similarity(a, b)
f.pairwise_distance(a, b) | f.linear(a, b, c[0]) | f.mse_loss(a, b, reduction="none")
f.l1_loss(a, b, reduction="none") | f.smooth_l1_loss(a, b, reduction="none") | f.huber_loss(a, b, reduction="none")
f.binary_cross_entropy(a, b, reduction="none") | f.binary_cross_entropy_with_logits(a, b, reduction="none")
f.cross_entropy(a, m.tensor([0, 1, 2]), reduction="none") | f.cross_entropy(a, b, reduction="none")
f.nll_loss(a, m.tensor([0, 1, 2]), reduction="none") | f.kl_div(a, b, reduction="none")
f.kl_div(a, b, reduction="none", log_target=True) | f.poisson_nll_loss(a, b, reduction="none")
f.poisson_nll_loss(a, b, log_input=False, reduction="none") | f.gaussian_nll_loss(a, b, c, reduction="none")
f.hinge_embedding_loss(a, m.ones_like(a), reduction="none")
f.margin_ranking_loss(a, b, m.ones_like(a), reduction="none") | f.soft_margin_loss(a, b.detach(), reduction="none")
f.cosine_embedding_loss(a, b, m.tensor([1, -1, 1]), reduction="none")
f.triplet_margin_loss(a, b, c, reduction="none") | f.multilabel_soft_margin_loss(a, b.detach(), reduction="none")
f.multi_margin_loss(a, m.tensor([0, 1, 2]), reduction="none")
f.multilabel_margin_loss(a, m.tensor([[0, 1, -1]] * 3), reduction="none") | f.mse_loss(a, b) | f.l1_loss(a, b)
f.smooth_l1_loss(a, b) | f.huber_loss(a, b) | f.binary_cross_entropy(a, b)
f.binary_cross_entropy_with_logits(a, b) | f.cross_entropy(a, m.tensor([0, 1, 2]))
f.kl_div(a, b, reduction="sum")
f.ctc_loss(a[:, None].log_softmax(2), m.tensor([[1]]), (3,), (1,), reduction="none")
"""
"""Uses of operations, of matrices `a`, `b` and `c`; `m` is the package, `f` its functions of networks."""

VALUES = [
    [[0.61, 0.27, 0.83], [0.35, 0.92, 0.14], [0.48, 0.73, 0.56]],
    [[0.22, 0.68, 0.41], [0.87, 0.19, 0.53], [0.64, 0.31, 0.78]],
    [[0.91, 0.45, 0.66], [0.12, 0.58, 0.79], [0.37, 0.84, 0.29]],
]


def gradients(code: str) -> list[Any] | None:
    """The gradients of the sum of a result's squares, halved in place; None where that is refused."""
    leaves = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in VALUES]
    operands = {name: leaf * 1.0 for name, leaf in zip("abc", leaves, strict=True)}
    result = eval(code, {"m": torch, "f": functional, **operands})
    try:
        result.mul_(0.5)
        found = torch.autograd.grad((result.abs() ** 2).sum(), leaves, allow_unused=True)
    except RuntimeError:
        return None
    return [None if one is None else one.tolist() for one in found]


def main() -> None:
    calls = [call.strip() for line in CALLS.strip().splitlines() for call in line.split(" | ")]
    found = {call: gradients(call) for call in calls}
    lines = [f"{json.dumps(call)}: {json.dumps(one)}" for call, one in found.items() if one is not None]
    answers = ",\n".join(lines)
    file = pathlib.Path(__file__).with_suffix(".json")
    file.write_text(f'{{"values": {json.dumps(VALUES)},\n"gradients": {{\n{answers}\n}}}}\n')


if __name__ == "__main__":
    main()
