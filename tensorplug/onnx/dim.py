"""Integers that depend on the length of an axis."""

from __future__ import annotations

from typing import Any


class Dim(int):
    """An integer that depends on the length of an axis: ``factor * length + offset``.

    Attributes
    ----------
    symbol : str
        The name of the length; empty if the integer depends on several, or in another way.
    factor, offset : int
    """

    symbol: str
    factor: int
    offset: int

    @classmethod
    def of(cls, value: int, symbol: str, factor: int, offset: int) -> Dim:
        """The integer, with what it depends on."""
        found = cls(value)
        found.symbol, found.factor, found.offset = symbol, factor, offset
        return found

    def __add__(self, other: int) -> Any:
        if isinstance(other, Dim):
            return int(self) + int(other)
        return Dim.of(int(self) + other, self.symbol, self.factor, self.offset + other)

    def __mul__(self, other: int) -> Any:
        if isinstance(other, Dim):
            return Dim.of(int(self) * int(other), "", 0, 0)
        return Dim.of(int(self) * other, self.symbol, self.factor * other, self.offset * other)

    def __sub__(self, other: int) -> Any:
        return int(self) - int(other) if isinstance(other, Dim) else self + -other

    def __neg__(self) -> Any:
        return self * -1

    def __rsub__(self, other: int) -> Any:
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        times = self.symbol if self.factor == 1 else f"{self.factor}*{self.symbol}"
        return f"{times}{self.offset:+d}" if self.offset else times
