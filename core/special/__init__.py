"""Special functions that the standard lacks, under SciPy's names.

Imports `standard` and the floors below. A kernel is a library's, else an approximation that is made of operations.
"""

import typing as _typing

from . import bessel_functions, error_functions, gamma_functions, incomplete_gamma, logarithmic, zeta_function
from .bessel_functions import *
from .error_functions import *
from .gamma_functions import *
from .incomplete_gamma import *
from .logarithmic import *
from .zeta_function import *

if not _typing.TYPE_CHECKING:
    __all__ = [
        name
        for chapter in (
            bessel_functions,
            error_functions,
            gamma_functions,
            incomplete_gamma,
            logarithmic,
            zeta_function,
        )
        for name in chapter.__all__
    ]
