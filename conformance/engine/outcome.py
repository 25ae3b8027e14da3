"""The outcome of a check: one aspect of one operation on one backend."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

PASSED: Final = "passed"
FAILED: Final = "failed"
UNSUPPORTED: Final = "unsupported"
STATUSES = (PASSED, FAILED, UNSUPPORTED)
"""``"unsupported"`` is an operation that a backend declares unsupported, and that raises the documented error."""


@dataclass(frozen=True)
class Failure:
    """The smallest failing example that was found.

    Attributes
    ----------
    message : str
        The failure, in one line.
    call : str
        The Python expression that fails: ``"tp.add(x1, x2)"``.
    inputs : dict of str to str
        The operands by name, as Python source.
    expected, actual : str
        The expected and the actual result, as text.
    snippet : str
        A program that reproduces the failure.
    kernels : tuple of str
        The operations whose kernels the example uses; if one of these fails itself, it is at fault.
    culprit : str
        The first operation whose kernel differs from the reference for equal operands.
    shown_by : str
        The operation whose check found the failure, if it is another one.
    """

    message: str
    call: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    expected: str = ""
    actual: str = ""
    snippet: str = ""
    kernels: tuple[str, ...] = ()
    culprit: str = ""
    shown_by: str = ""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check.

    Attributes
    ----------
    backend : str
    chapter : str
        The module of `tensorplug.core` or `tensorplug.losses` that declares the operation: ``"elementwise"``.
    operation : str
        The name of an operation, or of another subject such as ``"indexing"``.
    aspect : str
        The aspect: ``"values"``, ``"gradients"``, ...
    status : str
        One of `STATUSES`.
    examples : int
        Number of examples.
    seconds : float
    reason : str
        The backend's reason, if unsupported.
    departure : str
        The name of the library's departure that the check fails for: see `tensorplug.conformance.departures`.
    failure : Failure or None
    """

    backend: str
    chapter: str
    operation: str
    aspect: str
    status: str
    examples: int = 0
    seconds: float = 0.0
    reason: str = ""
    failure: Failure | None = None
    departure: str = ""

    @property
    def identifier(self) -> str:
        """The identifier of the check in reports and for ``-k``."""
        return f"{self.backend}::{self.chapter}::{self.operation}::{self.aspect}"

    @property
    def checked(self) -> str:
        """The operation whose check found the outcome."""
        return (self.failure and self.failure.shown_by) or self.operation

    def to_dict(self) -> dict[str, Any]:
        """Convert to values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Outcome:
        """The inverse of `to_dict`."""
        failure = values.get("failure")
        if failure is not None:
            failure = Failure(**{**failure, "kernels": tuple(failure.get("kernels", ()))})
        return cls(**{**values, "failure": failure})
