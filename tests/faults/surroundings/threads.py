"""What threads share."""

from __future__ import annotations

from ..fault import Fault, Row, bare_kernel, kernel
from ..state.changes import handed_out_again
from .changes import IN, LoadedInMainThread, elsewhere, in_main_thread, single

ROWS: tuple[Row, ...] = (
    (
        "library_loads_in_the_main_thread",
        ("host transfer", *IN),
        "what is first used in another thread cannot be loaded",
        LoadedInMainThread,
        "together(lambda i: tp.asarray([1.0], device=f'{BACKEND}:cpu'), count=1)",
    ),
    (
        "svd_loads_in_the_main_thread",
        "linalg.svd",
        "the first call has to be the main thread's",
        bare_kernel("linalg.svd", in_main_thread("signal only works in main thread of the main interpreter", True)),
        "together(lambda i: tp.linalg.svd(tp.eye(2))[1], count=1)",
    ),
    (
        "fft_works_in_the_main_thread",
        "fft.fft",
        "other threads have no context of the device",
        bare_kernel("fft.fft", in_main_thread("no current context", False)),
        "together(lambda i: tp.fft.fft(tp.ones(3, dtype='complex64')), count=1)",
    ),
    (
        "sinh_of_doubles_in_other_threads",
        "sinh",
        "doubles are switched on in the first thread alone",
        kernel("sinh", elsewhere(single)),
        "x = tp.sinh(wave(3))\ntogether(lambda i: tp.sinh(wave(3)), count=1)",
    ),
    (
        "cumulative_sum_of_doubles_in_other_threads",
        "cumulative_sum",
        "doubles are switched on in the first thread alone",
        kernel("cumulative_sum", elsewhere(single)),
        "x = tp.cumulative_sum(wave(3))\ntogether(lambda i: tp.cumulative_sum(wave(3)), count=1)",
    ),
    (
        "vecdot_of_threads_in_a_ring",
        "vecdot",
        "results of the last two calls lie in memory that threads share",
        bare_kernel("vecdot", handed_out_again(2)),
        "together(lambda i: tp.vecdot(tp.full((2, 2), float(i)), tp.ones((2, 2))))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
