"""What the suite says of one aspect of one operation on one backend."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

PASSED: Final = "passed"
FAILED: Final = "failed"
UNSUPPORTED: Final = "unsupported"
STATUSES = (PASSED, FAILED, UNSUPPORTED)
"""What a backend says that it does not support is counted apart, once asking for it gave the documented error."""


@dataclass(frozen=True)
class Failure:
    """The smallest example found that fails.

    Attributes
    ----------
    message : str
        What is wrong, in one line.
    call : str
        The line of Python that shows it: ``"tp.add(x1, x2)"``.
    inputs : dict of str to str
        The operands by name, as Python source.
    expected, actual : str
        What was wanted and what came, as text.
    snippet : str
        A program that shows it again, complete with its inputs.
    kernels : tuple of str
        The operations whose kernels it uses: where one of these fails by itself, that one is at fault.
    culprit : str
        The operation whose kernel is the first to give something else than the reference's does for the same operands.
    shown_by : str
        The operation whose check found it, where that is another one.
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
    """What became of one check.

    Attributes
    ----------
    backend : str
    chapter : str
        The module of `tensorplug.core` or `tensorplug.losses` that declares the operation: ``"elementwise"``.
    operation : str
        The name of an operation, or the subject of a check that belongs to none: ``"indexing"``.
    aspect : str
        What was checked of it: ``"values"``, ``"gradients"``, ...
    status : str
        One of `STATUSES`.
    examples : int
        How many examples were tried.
    seconds : float
    reason : str
        Why it is unsupported, in the backend's own words.
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

    @property
    def identifier(self) -> str:
        """Names the check in reports and to ``-k``."""
        return f"{self.backend}::{self.chapter}::{self.operation}::{self.aspect}"

    @property
    def checked(self) -> str:
        """The operation whose check this is, or which it was shown by."""
        return (self.failure and self.failure.shown_by) or self.operation

    def to_dict(self) -> dict[str, Any]:
        """The same of plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Outcome:
        """The inverse of `to_dict`."""
        failure = values.get("failure")
        if failure is not None:
            failure = Failure(**{**failure, "kernels": tuple(failure.get("kernels", ()))})
        return cls(**{**values, "failure": failure})
