"""Special functions, under the names of SciPy and of `torch.special`."""

import typing as _typing

from .core import special as _special
from .core.pytorch.softmax import log_softmax as log_softmax
from .core.pytorch.softmax import logsumexp as logsumexp
from .core.pytorch.softmax import softmax as softmax
from .core.special import *
from .core.standard.elementwise import expm1 as expm1
from .core.standard.elementwise import log1p as log1p
from .core.standard.elementwise import sigmoid as _sigmoid

expit = _sigmoid
psi = _special.digamma

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = ["expit", "expm1", "log1p", "log_softmax", "logsumexp", "psi", "softmax"]
    __all__ += _special.__all__
