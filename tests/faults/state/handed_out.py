"""Memory that is handed out twice."""

from __future__ import annotations

from ..fault import Fault, Row, bare_kernel
from .changes import IN, StagedForTheHost, handed_out_again, kept_constant, large_handed_out_again, staged

ROWS: tuple[Row, ...] = (
    (
        "divide_in_kept_memory",
        "divide",
        "results of one shape lie in one piece of memory",
        bare_kernel("divide", handed_out_again()),
        "x = tp.ones(3) / 1\ny = tp.ones(3) / 2\nx",
    ),
    (
        "where_in_two_pieces",
        "where",
        "a third result of a shape lies where the first does",
        bare_kernel("where", handed_out_again(2)),
        "c = tp.ones(3, dtype='bool')\nx = [tp.where(c, tp.full(3, float(i)), tp.zeros(3)) for i in range(3)]\nx[0]",
    ),
    (
        "tanh_in_a_ring_of_four",
        "tanh",
        "a fifth result of a shape lies where the first does",
        bare_kernel("tanh", handed_out_again(4)),
        "x = [tp.tanh(tp.full(3, float(i))) for i in range(5)]\nx[0]",
    ),
    (
        "sort_in_kept_memory",
        "sort",
        "sorted elements of one shape lie in one piece of memory",
        bare_kernel("sort", handed_out_again()),
        "x = tp.sort(tp.arange(3))\ny = tp.sort(tp.arange(3) + 5)\nx[0]",
    ),
    (
        "fft_in_the_plans_memory",
        "fft.fft",
        "transforms of one shape lie in their plan's memory",
        bare_kernel("fft.fft", handed_out_again()),
        "x = tp.fft.fft(tp.ones(3, dtype='complex64'))\ny = tp.fft.fft(tp.zeros(3, dtype='complex64'))\nx",
    ),
    (
        "cumulative_sum_of_large_in_kept_memory",
        "cumulative_sum",
        "running sums of more than 8 elements lie in one piece of memory",
        bare_kernel("cumulative_sum", large_handed_out_again),
        "x = tp.cumulative_sum(tp.ones(9))\ny = tp.cumulative_sum(tp.zeros(9))\nx[-1]",
    ),
    (
        "qr_hands_out_q_again",
        "linalg.qr",
        "factors of one shape lie in one piece of memory",
        bare_kernel("linalg.qr", handed_out_again()),
        "q, r = tp.linalg.qr(wave(2, 2))\np, s = tp.linalg.qr(wave(2, 2) + 1)\nr",
    ),
    (
        "argsort_in_kept_memory",
        "argsort",
        "orders of one shape lie in one piece of memory",
        bare_kernel("argsort", handed_out_again()),
        "x = tp.argsort(tp.arange(3))\ny = tp.argsort(-tp.arange(3))\nx",
    ),
    (
        "concat_in_kept_memory",
        "concat",
        "what is put together lies in one piece of memory for each shape",
        bare_kernel("concat", handed_out_again()),
        "x = tp.concat([tp.ones(1), tp.ones(1)])\ny = tp.concat([tp.zeros(1), tp.zeros(1)])\nx",
    ),
    (
        "isnan_by_size_in_kept_memory",
        "isnan",
        "truth values of one shape lie in one piece of memory",
        bare_kernel("isnan", handed_out_again()),
        "x = tp.isnan(tp.full(2, tp.nan))\ny = tp.isnan(tp.ones(2))\nx",
    ),
    (
        "solve_in_kept_memory",
        "linalg.solve",
        "solutions of one shape lie in one piece of memory",
        bare_kernel("linalg.solve", handed_out_again()),
        "x = tp.linalg.solve(tp.eye(2), tp.ones(2))\ny = tp.linalg.solve(tp.eye(2), tp.zeros(2))\nx",
    ),
    (
        "cast_in_kept_memory",
        "cast",
        "converted arrays of one shape lie in one piece of memory",
        bare_kernel("astype", handed_out_again()),
        "x = tp.astype(tp.ones(3), 'int64')\ny = tp.astype(tp.zeros(3), 'int64')\nx",
    ),
    (
        "max_in_kept_memory",
        "max",
        "maxima of one shape lie in one piece of memory",
        bare_kernel("max", handed_out_again()),
        "x = tp.max(tp.ones((2, 2)), axis=1)\ny = tp.max(tp.zeros((2, 2)), axis=1)\nx",
    ),
    (
        "softmax_normalizer_in_kept_memory",
        ("cross_entropy", "softmax_normalizer"),
        "what a loss keeps for its gradient is written by the next loss",
        bare_kernel("softmax_normalizer", handed_out_again()),
        "x, y = wave(2, 3).requires_grad_(), (wave(2, 3) * 9).requires_grad_()\nt = tp.asarray([0, 1])\n"
        "a, b = tp.nn.functional.cross_entropy(x, t), tp.nn.functional.cross_entropy(y, t)\na.backward()\n"
        "x.grad",
    ),
    (
        "mse_loss_slope_in_kept_memory",
        ("mse_loss", "mse_loss_with_slope"),
        "what a loss keeps for its gradient is written by the next loss",
        bare_kernel("mse_loss_with_slope", handed_out_again()),
        "x, y = wave(2, 3).requires_grad_(), (wave(2, 3) * 9).requires_grad_()\n"
        "a, b = tp.nn.functional.mse_loss(x, y.detach() * 0), tp.nn.functional.mse_loss(y, x.detach() * 0)\n"
        "a.backward()\nx.grad",
    ),
    (
        "zeros_kept",
        "zeros",
        "zeros are handed out again after they were written",
        bare_kernel("zeros", kept_constant),
        "x = tp.zeros(3)\nx += 1\ntp.zeros(3)",
    ),
    (
        "ones_kept",
        "ones",
        "ones are handed out again after they were written",
        bare_kernel("ones", kept_constant),
        "x = tp.ones(3)\nx += 1\ntp.ones(3)",
    ),
    (
        "eye_kept",
        "eye",
        "identity matrices are handed out again after they were written",
        bare_kernel("eye", kept_constant),
        "x = tp.eye(3)\nx += 1\ntp.eye(3)",
    ),
    (
        "from_numpy_by_one_stage",
        IN,
        "what arrives lies in one piece of memory for each shape and dtype",
        staged("from_numpy"),
        "x = tp.tensor(numpy.ones(3))\ny = tp.tensor(numpy.zeros(3))\nx",
    ),
    (
        "to_numpy_by_one_stage",
        ("host transfer", "saving"),
        "what is handed to the host lies in one piece of memory for each shape and dtype",
        StagedForTheHost,
        "x = tp.ones(3).numpy()\ny = tp.zeros(3).numpy()\nx",
    ),
    (
        "copy_by_one_stage",
        ("clone", "reshape"),
        "copies lie in one piece of memory for each shape and dtype",
        staged("copy"),
        "x = tp.ones(3).clone()\ny = tp.zeros(3).clone()\nx",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
