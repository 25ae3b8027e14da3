"""Public names that differ from those at the declaration: PyTorch's spellings, and names of Python's builtins.

They are the very functions: PyTorch's `mul` is `multiply`. Methods get theirs where an operation is declared.
"""

import typing as _typing

from .. import special as _special
from ..standard import creation as _creation
from ..standard import elementwise as _elementwise
from ..standard import linalg as _linalg
from ..standard import linear_algebra as _linear_algebra
from ..standard import manipulation as _manipulation
from ..standard.linalg import norms as _norms
from ..standard.linalg import parts as _parts
from ..types import devices as _devices
from ..types import dtypes as _dtypes
from . import linalg as _pytorch_linalg
from . import moments as _moments

bitwise_not = _elementwise.bitwise_invert
clamp = _elementwise.clip
eq = _elementwise.equal
ge = _elementwise.greater_equal
gt = _elementwise.greater
le = _elementwise.less_equal
lt = _elementwise.less
mul = _elementwise.multiply
ne = _elementwise.not_equal
neg = _elementwise.negative
conj_physical = _elementwise.conj
sgn = _elementwise.sign
absolute = _elementwise.abs
arccos = _elementwise.acos
arccosh = _elementwise.acosh
arcsin = _elementwise.asin
arcsinh = _elementwise.asinh
arctan = _elementwise.atan
arctan2 = _elementwise.atan2
arctanh = _elementwise.atanh
fix = _elementwise.trunc
sub = _elementwise.subtract
true_divide = _elementwise.divide

digamma = _special.digamma
erf = _special.erf
erfc = _special.erfc
erfinv = _special.erfinv
exp2 = _special.exp2
i0 = _special.i0
igamma = _special.gammainc
igammac = _special.gammaincc
lgamma = _special.gammaln
logaddexp2 = _special.logaddexp2
logit = _special.logit
mvlgamma = _special.multigammaln
polygamma = _special.polygamma
sinc = _special.sinc
xlogy = _special.xlogy

range = _creation.range_

cat = concatenate = _manipulation.concat
movedim = _manipulation.movedim
swapdims = _manipulation.transpose

adjoint = _parts.adjoint
cholesky = _linalg.cholesky
det = _linalg.det
ger = _linear_algebra.outer
inverse = _linalg.inv
matrix_exp = _pytorch_linalg.matrix_exp
matrix_power = _linalg.matrix_power
norm = _norms.norm
orgqr = _pytorch_linalg.householder_product
pinverse = _linalg.pinv
slogdet = _linalg.slogdet
trace = _linalg.trace
trapz = _moments.trapezoid

device = _devices.Device
dtype = _dtypes.DType

bool = _dtypes.bool_
double = _dtypes.float64
float = _dtypes.float32
half = _dtypes.float16
int = _dtypes.int32
long = _dtypes.int64
short = _dtypes.int16

# Type checkers take every name without an underscore.
if not _typing.TYPE_CHECKING:
    __all__ = [name for name in dir() if not name.startswith("_")]
