"""NumPy's ufuncs and functions on tensors: ``np.exp(t)``, ``np.add(array, t)``, ``np.concatenate([t, t])``.

They compute what Tensorplug's functions of the same meaning compute, on the tensor's backend and as recorded
operations. One that has no counterpart raises TypeError; one that writes into a NumPy array is done by NumPy.
"""

from . import algebra as algebra
from . import arrays as arrays
from . import functions as functions
from . import statistics as statistics
from . import ufuncs as ufuncs
