"""NumPy's ufuncs and functions on tensors: ``np.exp(t)``, ``np.add(array, t)``, ``np.concatenate([t, t])``.

They call Tensorplug's functions of the same meaning, on the tensor's backend, and are recorded. A function without a
counterpart raises TypeError; a function that writes into a NumPy array is left to NumPy.
"""

from . import algebra as algebra
from . import arrays as arrays
from . import functions as functions
from . import statistics as statistics
from . import ufuncs as ufuncs
