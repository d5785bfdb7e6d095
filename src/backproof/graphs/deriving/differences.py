"""Finite differences, extrapolated to the step 0, with an estimate of their own error."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

__all__ = ["derivative"]

#: Each step is this share of the one before.
_SHRINK = 2.0
_ROWS = 12
#: So many times what rounding may be a gap is, to be one.
_CERTAIN = 100
_EPSILON = float(np.finfo(np.float64).eps)


def derivative(function: Callable[[float], float], at: float, noise: float = 0.0) -> tuple[float, float]:
    """Give the derivative at a point, and by how much it may be wrong.

    Central differences D(h) = (f(x + h) − f(x − h)) / 2h have the error c₂h² + c₄h⁴ + …: of two steps the
    first term is eliminated, of three the second (Richardson). Of all extrapolations the one is taken that
    moved least against its neighbours; it may be wrong by as much as it moved and by what the values are
    rounded, to which ``noise`` is added. At a kink it may be anything between the derivatives on either side.

    A first step that jumps over a kink or a pole misleads that estimate, too. So three sequences begin at
    three scales, that of 1 and that of x among them, and two must agree; where none do, the error is by how
    much they are apart.

    Source: C. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982.

    Examples
    --------
    >>> import math
    >>> found, error = derivative(math.exp, 1.0)
    >>> abs(found - math.e) < error < 1e-8
    True
    """
    large, small = 0.1 * max(abs(at), 1.0), 0.011 * (abs(at) or 1.0)
    here = function(at)
    found = [
        _extrapolated(function, at, here, (step, noise)) for step in (large, math.sqrt(large * small), small)
    ]
    pairs = [sorted(pair, key=lambda each: each[1]) for pair in itertools.combinations(found, 2)]
    agree = [pair for pair in pairs if abs(pair[0][0] - pair[1][0]) <= pair[0][1] + pair[1][1]]
    if not agree:
        values = [value for value, _ in found if np.isfinite(value)]
        best, error = min(found, key=lambda each: each[1])
        return best, error + (max(values) - min(values) if values else np.inf)
    (best, error), (other, _) = min(agree, key=lambda pair: pair[1][1])
    return best, max(error, abs(best - other)) if np.isfinite(other) else error


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
