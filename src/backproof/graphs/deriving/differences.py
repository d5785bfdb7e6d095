"""Finite differences, extrapolated to the step 0, with an estimate of their own error."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["derivative"]

#: Each step is this share of the one before.
_SHRINK = 2.0
_ROWS = 12
#: So much smaller is the last first step: what has a shorter period is not differentiated in float64.
_TINY = 1 / 2000
#: So many times what rounding may be a gap is, to be one.
_CERTAIN = 100
_EPSILON = float(np.finfo(np.float64).eps)


def derivative(function: Callable[[float], float], at: float, noise: float = 0.0) -> tuple[float, float]:
    """Give the derivative at a point, and by how much it may be wrong.

    Central differences D(h) = (f(x + h) − f(x − h)) / 2h have the error c₂h² + c₄h⁴ + …: of two steps the
    first term is eliminated, of three the second (Richardson). Of all extrapolations the one is taken that
    moved least against its neighbours; it may be wrong by as much as it moved and by what the values are
    rounded, to which ``noise`` is added. At a kink it may be anything between the derivatives on either side.

    A first step that jumps over a kink, a pole or a period misleads that estimate, too. So four sequences
    begin at four scales, those of x and of 1 among them, and none may contradict one of larger steps by more
    than both may be wrong: the largest are left out until none does. Where the two smallest do, the error is
    by how much they are apart.

    Source: C. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982.

    Examples
    --------
    >>> import math
    >>> found, error = derivative(math.exp, 1.0)
    >>> abs(found - math.e) < error < 1e-8
    True
    """
    large, small = 0.1 * max(abs(at), 1.0), 0.011 * min(abs(at) or 1.0, 1.0)
    steps = (large, math.sqrt(large * small), small, small * _TINY)
    here = function(at)
    every = [_extrapolated(function, at, here, (step, noise)) for step in steps]
    known = [each for each in every if np.isfinite(each[0])]
    agree = (known[first:] for first in range(len(known) - 1))
    found = next((each for each in agree if _agree(each)), None)
    if found is None:
        values = [value for value, _ in known]
        best, error = min(known, key=lambda each: each[1], default=(np.nan, np.inf))
        return best, error + (max(values) - min(values) if values[1:] else np.inf)
    (best, error), (other, _) = sorted(found, key=lambda each: each[1])[:2]
    return best, max(error, abs(best - other))


def _agree(found: Sequence[tuple[float, float]]) -> bool:
    """Say whether no two of some numbers with their errors are further apart than these allow."""
    return all(
        abs(one - other) <= error + further
        for (one, error), (other, further) in itertools.combinations(found, 2)
    )


def _extrapolated(
    function: Callable[[float], float], at: float, here: float, scale: tuple[float, float]
) -> tuple[float, float]:
    """Extrapolate from one first step; ``scale`` is this step, and the noise."""
    step, noise = scale
    best, error = np.nan, np.inf
    rows: list[list[float]] = []
    gaps: list[float] = []
    for _ in range(_ROWS):
        above, below = at + step, at - step
        if not below < at < above:  # no smaller step can be told from none
            break
        one, other = function(above), function(below)
        step /= _SHRINK
        if not (np.isfinite(one) and np.isfinite(other)):
            rows, gaps = [], []  # the step leaves the domain: begin again with smaller ones
            continue
        row = [(one - other) / (above - below)]
        # The values are rounded, and so is what they are computed from.
        least = max(abs(one), abs(other)) + abs(at * row[0])
        rounded = 2 * (_EPSILON * least + noise) / (above - below)
        gap = 2 * abs(one + other - 2 * here) / (above - below)  # between the slopes on either side
        gaps.append(gap if gap > _CERTAIN * rounded else 0.0)
        power = 1.0
        for before in rows[-1] if rows else []:
            power *= _SHRINK**2
            row.append(row[-1] + (row[-1] - before) / (power - 1))
            moved = max(abs(row[-1] - row[-2]), abs(row[-1] - before)) + 8 * rounded
            if moved < error:
                best, error = row[-1], moved
        rows.append(row)
    # Where there is a derivative the gap shrinks with the step.
    kink = gaps and gaps[-1] > 0.25 * max(gaps)
    return best, error + (gaps[-1] if kink else 0.0)
