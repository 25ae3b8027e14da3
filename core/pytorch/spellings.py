"""PyTorch's names of functions that go by another name already, and of dtypes.

They are the very functions: PyTorch's `mul` is `multiply`. Methods get theirs where an operation is declared.
"""

from __future__ import annotations

from ..interchange import interop
from ..standard import (
    elementwise,
    linalg,
    linear_algebra,
    manipulation,
)
from ..types import dtypes

bitwise_not = elementwise.bitwise_invert
clamp = elementwise.clip
div = elementwise.divide
eq = elementwise.equal
ge = elementwise.greater_equal
gt = elementwise.greater
le = elementwise.less_equal
lt = elementwise.less
mul = elementwise.multiply
ne = elementwise.not_equal
neg = elementwise.negative
sub = elementwise.subtract
true_divide = elementwise.divide

cat = manipulation.concat
movedim = manipulation.movedim

cholesky = linalg.cholesky
det = linalg.det
ger = linear_algebra.outer
inverse = linalg.inv
matrix_power = linalg.matrix_power
norm = linalg.norm
pinverse = linalg.pinv
slogdet = linalg.slogdet
trace = linalg.trace

is_floating_point = interop.is_floating_point

double = dtypes.float64
float = dtypes.float32
half = dtypes.float16
int = dtypes.int32
long = dtypes.int64
short = dtypes.int16
