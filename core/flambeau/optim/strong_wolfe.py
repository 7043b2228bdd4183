"""A line search for the strong Wolfe conditions: enough descent, and a slope that has flattened.

Source: Nocedal and Wright 2006, algorithms 3.5 and 3.6, with the safeguards of PyTorch's `torch.optim.LBFGS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .._tensor import Tensor


class Point(NamedTuple):
    """A step and what was found there: the loss, its gradient, and the slope along the direction."""

    t: Any
    loss: float
    grad: Tensor
    slope: Any


def strong_wolfe(
    evaluate: Callable[[Any], tuple[float, Tensor]],
    t: Any,
    direction: Tensor,
    loss: float,
    grad: Tensor,
    slope: Any,
    most: int,
    descent: float = 1e-4,
    flatness: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[float, Tensor, Any, int]:
    """(loss, gradient, step, evaluations) of a step along `direction` that satisfies the conditions, or of the best seen.

    Args:
        evaluate: gives the loss and gradient of a step.
        t: the first step tried.
        loss, grad, slope: at step 0.
        most: evaluations after the first.
    """
    origin = Point(0, loss, grad.clone(), slope)

    def at(size: Any) -> Point:
        value, gradient = evaluate(size)
        return Point(size, value, gradient, gradient.dot(direction))

    def too_high(p: Point) -> bool:
        return bool(p.loss > loss + descent * p.t * slope)

    def is_flat(p: Point) -> bool:
        return bool(abs(p.slope) <= -flatness * slope)

    last, now = origin, at(t)
    tried = 0
    done = False
    ends: list[Point] | None = None
    while tried < most:  # go on until a step is good, or lies beyond one that is
        if too_high(now) or (tried > 1 and now.loss >= last.loss):
            ends = [last, now]
            break
        if is_flat(now):
            ends = [now]
            done = True
            break
        if now.slope >= 0:
            ends = [last, now]
            break
        bounds = (now.t + 0.01 * (now.t - last.t), now.t * 10)
        size = _cubic_minimum(last, now, bounds)
        last, now = now, at(size)
        tried += 1
    if ends is None or tried == most:
        ends = [origin, now]

    stuck = False
    low, high = (0, 1) if ends[0].loss <= ends[-1].loss else (1, 0)
    widest = direction.abs().max()
    while not done and tried < most:  # narrow the bracket
        if abs(ends[1].t - ends[0].t) * widest < tolerance:
            break
        left, right = min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
        size = _cubic_minimum(ends[0], ends[1])
        margin = 0.1 * (right - left)
        if min(right - size, size - left) < margin:  # too near an end: the second time, keep away from it
            if stuck or size >= right or size <= left:
                size = right - margin if abs(size - right) < abs(size - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now = at(size)
        tried += 1
        if too_high(now) or now.loss >= ends[low].loss:
            ends[high] = now
            low, high = (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)
        else:
            if is_flat(now):
                done = True
            elif now.slope * (ends[high].t - ends[low].t) >= 0:
                ends[high] = ends[low]
            ends[low] = now
    best = ends[low]
    return best.loss, best.grad, best.t, tried + 1


def _cubic_minimum(a: Point, b: Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic through both points with their slopes is least within the bounds, else halfway between them."""
    if bounds is None:
        bounds = (a.t, b.t) if a.t <= b.t else (b.t, a.t)
    least, largest = bounds
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if square < 0 or square != square:
        return (least + largest) / 2.0
    d2 = square.sqrt()
    if a.t <= b.t:
        t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        t = a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(t, least), largest)
