"""Line search: a step along a direction that satisfies the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ...core import Tensor


class Point(NamedTuple):
    """The loss at a step along a direction.

    Attributes
    ----------
    step : float
        Multiple of the direction.
    loss : float
    gradient : Tensor
    slope : float
        Derivative of the loss along the direction.
    """

    step: float
    loss: float
    gradient: Tensor
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point],
    start: Point,
    step: float,
    length: float,
    tolerance: float,
    max_iter: int,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[Point, int]:
    """Find a step with sufficient decrease and a small slope, by bracketing and cubic interpolation, as PyTorch does.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(step)`` is the point at a step.
    start : Point
        That at step 0, whose slope is negative.
    step : float
        The first one to try.
    length : float
        Largest absolute element of the direction.
    tolerance : float
        A bracket below this, times `length`, is not divided further.
    max_iter : int
        Number of steps tried after the first.
    c1, c2 : float
        Constants of the conditions (Nocedal and Wright, "Numerical optimization", section 3.1).

    Returns
    -------
    point : Point
    evaluations : int
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + c1 * point.step * start.slope

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    count = 0
    before, now = start, evaluate(step)
    while count < max_iter:
        rises = too_high(now) or (count > 1 and now.loss >= before.loss)
        if not rises and is_flat(now):
            return now, count + 1
        if rises or now.slope >= 0:
            break
        step = cubic_minimum(before, now, now.step + 0.01 * (now.step - before.step), now.step * 10)
        before, now = now, evaluate(step)
        count += 1

    bracket = [before if count < max_iter else start, now]
    low = 0 if bracket[0].loss <= bracket[1].loss else 1
    stalled = False
    while count < max_iter and abs(bracket[1].step - bracket[0].step) * length > tolerance:
        first, last = sorted(point.step for point in bracket)
        step, margin = cubic_minimum(bracket[0], bracket[1], first, last), 0.1 * (last - first)
        near_end = min(last - step, step - first) < margin
        if near_end and (stalled or not first < step < last):
            step = last - margin if abs(step - last) < abs(step - first) else first + margin
            near_end = False
        stalled = near_end
        now = evaluate(step)
        count += 1
        if too_high(now) or now.loss >= bracket[low].loss:
            bracket[1 - low] = now
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
            continue
        if not is_flat(now) and now.slope * (bracket[1 - low].step - bracket[low].step) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = now
        if is_flat(now):
            break
    return bracket[low], count + 1


def cubic_minimum(a: Point, b: Point, low: float, high: float) -> float:
    """The minimum, within bounds, of the cubic through two points with their slopes; else the middle of the bounds."""
    left, right = (a, b) if a.step <= b.step else (b, a)
    mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    square = mean**2 - a.slope * b.slope
    divisor = right.slope - left.slope + 2 * math.sqrt(square) if square >= 0 else 0.0
    if not divisor:
        return (low + high) / 2
    step = right.step - (right.step - left.step) * ((right.slope + math.sqrt(square) - mean) / divisor)
    return min(max(step, low), high)
