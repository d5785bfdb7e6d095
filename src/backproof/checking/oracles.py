"""Oracles of the candidate's own forward: finite differences with an error estimate.

A directional derivative costs seven forwards whatever the number of elements. Central differences at
h, h/2 and h/4 are extrapolated twice (Romberg); the difference of the last two stages, together with
the rounding that a division by h magnifies, bounds the error. Where a kink lies between the points
or the function is too rough, smaller steps are tried and the best is kept: the estimate then says
itself how little it is worth.

Source: Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982; Press et al., "Numerical
Recipes", 2007, section 5.7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "along", "differentiate", "directional", "elementwise"]

#: A scalar function of a step along a direction; its second value is the size of the terms it sums.
Line: TypeAlias = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class Estimate:
    """A derivative and a bound on its error."""

    value: float
    error: float


#: First steps, in turn, by the precision of the function; each is halved twice.
_STEPS = {"float64": (2.0**-8, 2.0**-13, 2.0**-19, 2.0**-24), "float32": (2.0**-4, 2.0**-7)}
#: An estimate this good, relative to the terms it sums, needs no smaller step.
_GOOD = {"float64": 1e-9, "float32": 1e-3}


def directional(line: Line, dtype: str = "float64") -> Estimate:
    """Estimate the derivative at 0 of a function of one step."""
    value, error = _estimated(line, dtype)
    return Estimate(float(value), float(error))


def elementwise(
    function: Callable[[NDArray[Any]], NDArray[Any]], at: NDArray[Any], dtype: str = "float64"
) -> NDArray[np.float64]:
    """Estimate the derivatives of a function that works element by element, of all elements at once."""

    def line(step: float) -> tuple[NDArray[Any], NDArray[Any]]:
        values = np.asarray(function(np.asarray(at + step, dtype=at.dtype)), dtype=float)
        return values, np.abs(values)

    return _estimated(line, dtype)[0]


def _estimated(line: Callable[[float], tuple[Any, Any]], dtype: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Estimate derivatives, and bounds on their errors: of one function, or of one for each element."""
    one = float(np.finfo(dtype).eps)
    centre, size = line(0.0)
    best, least = np.full(np.shape(centre), np.nan), np.full(np.shape(centre), np.inf)
    for first in _STEPS[dtype]:
        slopes, bends = [], []
        for step in (first, first / 2, first / 4):
            (above, size_above), (below, size_below) = line(step), line(-step)
            slopes.append((above - below) / (2 * step))
            bends.append(abs(above - 2 * centre + below) / (2 * step))
            size = np.maximum(size, np.maximum(size_above, size_below))
        once = [(4 * slopes[1] - slopes[0]) / 3, (4 * slopes[2] - slopes[1]) / 3]
        twice = (16 * once[1] - once[0]) / 15
        rounding = 8 * one * size / (first / 4)
        error = 2 * abs(twice - once[1]) + rounding
        # A smooth bend shrinks with the step; at a kink the two sides keep their own slopes, of
        # which the central difference is only the mean.
        error = error + np.where(bends[2] > bends[0] / 2 + rounding, bends[2], 0.0)
        # A smooth function's slopes come nearer to each other with the step; across many kinks they do not.
        apart, before = abs(slopes[2] - slopes[1]), abs(slopes[1] - slopes[0])
        error = error + np.where(apart > before / 2 + rounding, apart, 0.0)
        best, least = np.where(error < least, twice, best), np.where(error < least, error, least)
        if np.all(least <= _GOOD[dtype] * (size + abs(twice))):
            break
    return best, least


def along(
    forward: Callable[[Sequence[NDArray[Any]]], NDArray[Any]],
    arrays: Sequence[NDArray[Any]],
    directions: Sequence[NDArray[Any] | None],
    grad_output: NDArray[Any],
) -> Line:
    """Give ⟨grad_output, forward(arrays + step · directions)⟩ as a function of the step."""

    def line(step: float) -> tuple[float, float]:
        moved = [
            a if d is None else np.asarray(a + step * d, dtype=a.dtype)
            for a, d in zip(arrays, directions, strict=True)
        ]
        terms = np.asarray(grad_output * forward(moved), dtype=float)
        return float(np.sum(terms)), float(np.sqrt(np.sum(terms * terms)))

    return line


def differentiate(
    forward: Callable[[Sequence[NDArray[Any]]], NDArray[Any]],
    arrays: Sequence[NDArray[Any]],
    index: int,
    grad_output: NDArray[Any],
    dtype: str = "float64",
) -> NDArray[np.float64]:
    """Estimate the gradient of ⟨grad_output, forward⟩ for one array, element by element.

    Its cost grows with the array's size: it locates and names a difference that a directional
    derivative has found.
    """
    gradient = np.zeros(arrays[index].shape)
    for place in np.ndindex(gradient.shape):
        direction = np.zeros(gradient.shape)
        direction[place] = 1.0
        directions: list[NDArray[Any] | None] = [None] * len(arrays)
        directions[index] = direction
        gradient[place] = directional(along(forward, arrays, directions, grad_output), dtype).value
    return gradient
