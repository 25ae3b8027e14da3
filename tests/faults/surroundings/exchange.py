"""DLPack, and NumPy's arrays."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, method
from ..layouts.changes import (
    dense,
    element,
    forwards,
    from_the_beginning,
    in_order,
    later,
    once,
    steps,
    stretched,
    transposed,
)
from .changes import IN, exported, field, only_if, taken

ROWS: tuple[Row, ...] = (
    (
        "dlpack_forgets_the_offset",
        "dlpack",
        "parts of arrays are exported from the beginning of memory",
        exported(only_if(later, from_the_beginning)),
        "numpy.from_dlpack(tp.tensor(numpy.arange(9.0))[4:])",
    ),
    (
        "dlpack_forgets_steps",
        "dlpack",
        "steps are exported as if there were none",
        exported(only_if(steps, dense)),
        "numpy.from_dlpack(tp.tensor(numpy.arange(9.0))[::2])",
    ),
    (
        "dlpack_of_transposed",
        "dlpack",
        "transposed arrays are exported in the order of memory",
        exported(only_if(transposed, in_order)),
        "numpy.from_dlpack(tp.tensor(numpy.arange(6.0).reshape(2, 3)).T)",
    ),
    (
        "dlpack_of_reversed",
        "dlpack",
        "negative steps are exported as positive ones",
        exported(only_if(lambda x: any(s < 0 for s in x.strides), forwards)),
        "numpy.from_dlpack(tp.tensor(numpy.arange(6.0))[::-1])",
    ),
    (
        "dlpack_of_stretched",
        "dlpack",
        "repeated elements are exported once, and then zeros",
        exported(only_if(stretched, once)),
        "numpy.from_dlpack(tp.broadcast_to(tp.tensor(numpy.ones(1)), (3,)))",
    ),
    (
        "dlpack_of_an_element",
        "dlpack",
        "one element of an array is exported with an axis",
        exported(only_if(element, lambda x: x.reshape(1))),
        "numpy.from_dlpack(tp.tensor(numpy.arange(3.0))[1]).shape",
    ),
    (
        "dlpack_of_booleans",
        "dlpack",
        "truth values are exported as bytes",
        exported(lambda x: x.view("uint8") if x.dtype == bool else x),
        "numpy.from_dlpack(tp.tensor(numpy.ones(3, dtype=bool))).dtype",
    ),
    (
        "dlpack_of_complex",
        "dlpack",
        "complex numbers are exported as pairs",
        exported(lambda x: numpy.stack([x.real, x.imag], -1) if x.dtype.kind == "c" else x),
        "numpy.from_dlpack(tp.tensor(numpy.ones(3, dtype='complex64'))).shape",
    ),
    (
        "dlpack_of_no_elements",
        "dlpack",
        "what has no elements is exported flat",
        exported(lambda x: x if x.size else x.reshape(-1)),
        "numpy.from_dlpack(tp.tensor(numpy.ones((0, 3)))).shape",
    ),
    (
        "dlpack_of_large",
        "dlpack",
        "what has more than 1,000 elements is exported as a copy",
        exported(lambda x: numpy.array(x) if x.size > 1000 else x),
        "x = tp.tensor(numpy.zeros(1001))\ny = numpy.from_dlpack(x)\nx += 1\ny[0]",
    ),
    (
        "from_numpy_of_unaligned",
        IN,
        "bytes of unaligned arrays are read from the aligned address before",
        taken(lambda x: x if x.flags.aligned else numpy.zeros_like(x)),
        "a = numpy.frombuffer(bytes(1) + numpy.arange(3.0).tobytes(), offset=1)\ntp.tensor(a)",
    ),
    (
        "from_numpy_of_fields",
        IN,
        "fields of records are read as if these were nothing else",
        taken(lambda x: field(x)),
        "a = numpy.zeros(3, dtype=[('a', 'f8'), ('b', 'f4')])\na['b'] = 1\na['a'] = 2\ntp.tensor(a['a'])",
    ),
    (
        "to_numpy_of_large_integers",
        ("host transfer", "saving"),
        "integers of a whole number of pages are given as copies of the first page",
        method(
            "to_numpy",
            lambda self, array: (
                numpy.resize(array.ravel()[:512], array.shape)
                if array.dtype == "int64" and array.size >= 1024 and not array.size % 512
                else array
            ),
        ),
        "tp.arange(1024).tolist()[-1]",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
