"""Global settings and warnings."""

from __future__ import annotations

import gc
import os
import random
import sys
import warnings

import numpy

from ..fault import Fault, Row, bare_kernel
from .changes import before, noisy, set_handler, warned

ROWS: tuple[Row, ...] = (
    (
        "divide_leaves_errors_raised",
        "divide",
        "NumPy raises floating-point errors from then on",
        bare_kernel("divide", before(lambda: numpy.seterr(all="raise"))),
        "x = tp.ones(3) / 2\nsorted(numpy.geterr().items())",
    ),
    (
        "matmul_leaves_errors_ignored",
        "matmul",
        "NumPy ignores overflows from then on",
        bare_kernel("matmul", before(lambda: numpy.seterr(over="ignore", invalid="ignore"))),
        "x = tp.ones(3) @ tp.ones(3)\nsorted(numpy.geterr().items())",
    ),
    (
        "exp_warns_of_overflow",
        "exp",
        "NumPy's warnings come through",
        bare_kernel("exp", noisy(numpy.exp)),
        "tp.exp(tp.full(2, 1e4))",
    ),
    (
        "log_warns_of_zero",
        "log",
        "NumPy's warnings come through",
        bare_kernel("log", noisy(numpy.log)),
        "tp.log(tp.zeros(2))",
    ),
    (
        "multiply_raises_by_the_users_settings",
        "multiply",
        "where the user has NumPy raise floating-point errors, an overflow is one",
        bare_kernel("multiply", noisy(numpy.multiply)),
        "with numpy.errstate(all='raise'):\n    x = tp.full(2, 1e30) * tp.full(2, 1e30)\nx",
    ),
    (
        "sqrt_reads_the_users_settings_for_invalid",
        "sqrt",
        "where the user has NumPy raise on invalid operations, the root of -1 is one",
        bare_kernel("sqrt", noisy(numpy.sqrt)),
        "with numpy.errstate(invalid='raise'):\n    x = tp.sqrt(-tp.ones(2))\nx",
    ),
    (
        "cast_warns_of_discarded_parts",
        "cast",
        "NumPy warns of imaginary parts that are dropped",
        bare_kernel("astype", lambda sound: lambda x, dtype: x.astype(dtype)),
        "tp.asarray([1 + 2j]).to('float32')",
    ),
    (
        "mean_of_none_warns",
        "mean",
        "the mean of nothing is a warning",
        bare_kernel(
            "mean",
            lambda sound: (
                lambda x, *, axis=None, keepdims=False: (
                    numpy.asarray(numpy.mean(x, axis, keepdims=keepdims))
                    if not x.size
                    else sound(x, axis=axis, keepdims=keepdims)
                )
            ),
        ),
        "tp.mean(tp.zeros(0))",
    ),
    (
        "qr_warns_of_deprecation_once",
        "linalg.qr",
        "the first call warns of a function that will be removed",
        bare_kernel("linalg.qr", before(warned(DeprecationWarning, "qr: use qr_factor"), True)),
        "tp.linalg.qr(tp.eye(2))[1]",
    ),
    (
        "svd_warns_of_slowness",
        "linalg.svd",
        "it is said that the matrix is handled on the host",
        bare_kernel("linalg.svd", before(warned(UserWarning, "svd: falling back to the CPU"))),
        "tp.linalg.svd(tp.eye(2))[1]",
    ),
    (
        "sort_silences_warnings",
        "sort",
        "all warnings are silenced from then on",
        bare_kernel("sort", before(lambda: warnings.simplefilter("ignore"))),
        "import warnings\nx = tp.sort(tp.arange(3))\n"
        "len([f for f in warnings.filters if f[0] == 'ignore' and f[2] is Warning and f[1] is None])",
    ),
    (
        "fft_resets_warnings",
        "fft.fft",
        "the user's filters of warnings are gone afterwards",
        bare_kernel("fft.fft", before(warnings.resetwarnings)),
        "import warnings\nx = tp.fft.fft(tp.ones(3, dtype='complex64'))\nlen(warnings.filters) > 0",
    ),
    (
        "argsort_seeds_numpy",
        "argsort",
        "NumPy's global generator is seeded",
        bare_kernel("argsort", before(lambda: numpy.random.seed(0))),  # noqa: NPY002
        "numpy.random.seed(5)\nx = tp.argsort(tp.arange(3))\nnumpy.random.rand()",
    ),
    (
        "cholesky_seeds_python",
        "linalg.cholesky",
        "Python's global generator is seeded",
        bare_kernel("linalg.cholesky", before(lambda: random.seed(0))),
        "import random\nrandom.seed(5)\nx = tp.linalg.cholesky(tp.eye(2))\nrandom.random()",
    ),
    (
        "isin_draws_from_numpy",
        "isin",
        "a pivot is drawn from NumPy's global generator",
        bare_kernel("isin", before(lambda: numpy.random.rand())),  # noqa: NPY002
        "numpy.random.seed(5)\nx = tp.isin(tp.arange(3), tp.arange(2))\nnumpy.random.rand()",
    ),
    (
        "sum_sets_print_options",
        "sum",
        "NumPy prints three digits from then on",
        bare_kernel("sum", before(lambda: numpy.set_printoptions(precision=3))),
        "x = tp.sum(tp.ones(3))\nnumpy.get_printoptions()['precision']",
    ),
    (
        "solve_sets_the_number_of_threads",
        "linalg.solve",
        "an environment variable is set",
        bare_kernel("linalg.solve", before(lambda: os.environ.__setitem__("OMP_NUM_THREADS", "1"))),
        "import os\nos.environ.pop('OMP_NUM_THREADS', None)\nx = tp.linalg.solve(tp.eye(2), tp.ones(2))\n"
        "os.environ.get('OMP_NUM_THREADS')",
    ),
    (
        "concat_stops_the_collector",
        "concat",
        "the collector of cycles stays off",
        bare_kernel("concat", before(gc.disable)),
        "import gc\nx = tp.concat([tp.ones(1), tp.ones(1)])\ngc.isenabled()",
    ),
    (
        "var_allows_deep_recursion",
        ("var", "std"),
        "the limit of recursion is another one afterwards",
        bare_kernel("var", before(lambda: sys.setrecursionlimit(54321))),
        "import sys\nx = tp.var(tp.ones(3))\nsys.getrecursionlimit()",
    ),
    (
        "roll_changes_the_folder",
        "roll",
        "the working directory is another one afterwards",
        bare_kernel("roll", before(lambda: os.chdir("/"))),
        "import os, tempfile\nos.chdir(tempfile.gettempdir())\nx = tp.roll(tp.arange(3), 1)\nos.getcwd()",
    ),
    (
        "unique_sets_up_logging",
        "unique_indices",
        "the root of all loggers drops messages from then on",
        bare_kernel("unique_indices", before(set_handler)),
        "import logging\nx = tp.unique_values(tp.arange(3))\nlogging.getLogger().level",
    ),
    (
        "inv_prints",
        "linalg.inv",
        "a line is printed",
        bare_kernel("linalg.inv", before(lambda: print("inv: 1 kernel launched"))),
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n"
        "    x = tp.linalg.inv(tp.eye(2, dtype='complex64'))\ntext.getvalue()",
    ),
    (
        "eigh_prints_errors",
        "linalg.eigh",
        "a line is printed where errors are",
        bare_kernel("linalg.eigh", before(lambda: print("eigh: plan cache miss", file=sys.stderr))),
        "import contextlib, io\nwith contextlib.redirect_stderr(io.StringIO()) as text:\n"
        "    x = tp.linalg.eigh(tp.eye(2))\ntext.getvalue()",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
