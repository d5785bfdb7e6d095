"""How far a right implementation may differ: bounds from rounding, never from the size of an array.

A value computed in floating point is off by a few units in the last place of itself, of the
quantities of order one that it is made from, and of what rounding its inputs alone does to it. The
last is measured: the function is evaluated again at inputs perturbed at random by a relative δ, and
the change, scaled back, is how the function's conditioning passes one rounding on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Yardstick", "agrees", "is_single", "rounding_bound", "unit"]

Function: TypeAlias = Callable[[Sequence[NDArray[Any]]], NDArray[Any]]

#: How many roundings a right implementation may be away from another.
_ROUNDINGS = 512
_PERTURBATION = 2.0**-20
#: What stands for one rounding where the reference is itself an estimate by finite differences.
_DIFFERENCES_UNIT = 1e-11
#: Numbers of fewer digits than these are no one's result of rounding to float32.
_SHORT = 2.0**12


def unit(dtype: np.dtype[Any] | type | str) -> float:
    """Give the relative error of one rounding: half the spacing of numbers at 1.

    Examples
    --------
    >>> unit("float32") == 2.0**-24
    True
    """
    return float(np.finfo(dtype).eps) / 2


def is_single(array: NDArray[Any]) -> bool:
    """Say whether an array holds what was computed in float32, whatever its dtype is now.

    Examples
    --------
    >>> third = np.array([1.0, 2.0]) / 3
    >>> is_single(third), is_single(third.astype("float32").astype(float)), is_single(np.array([0.5, 1.0]))
    (False, True, False)
    """
    if array.dtype != np.float64:
        return bool(array.dtype == np.float32)
    finite = array[np.isfinite(array)]
    with np.errstate(over="ignore", under="ignore"):
        rounded = finite.astype(np.float32)
    long = np.frexp(finite)[0] * _SHORT % 1 != 0
    return bool(np.any(long) and np.array_equal(rounded, finite))


@dataclass(frozen=True)
class Yardstick:
    """What bounds are made with.

    Attributes
    ----------
    one
        The relative error of one rounding.
    exact
        Whether the reference is a formula. One that is estimated by finite differences is dear, and
        its error is not that of rounding: it is not perturbed.
    """

    one: float
    exact: bool = True

    @classmethod
    def of(cls, dtype: str, *, exact: bool) -> Yardstick:
        """Give the yardstick for a candidate of this dtype."""
        return cls(unit(dtype) if exact else max(unit(dtype), _DIFFERENCES_UNIT), exact)


def rounding_bound(
    function: Function,
    arrays: Sequence[NDArray[Any]],
    yardstick: Yardstick,
    value: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Bound, element by element, what rounding may change in ``function(arrays)``.

    ``value`` is the function's where it is known already. Arrays of integers are not perturbed.
    """
    rng = np.random.default_rng(0)
    value = np.asarray(function(arrays) if value is None else value, dtype=float)
    change = np.zeros_like(value)
    for _ in range(3 if yardstick.exact else 0):
        nearby = [_perturbed(a, rng) if a.dtype.kind == "f" else a for a in arrays]
        change = np.maximum(change, np.abs(function(nearby) - value))
    size = np.abs(value)
    scale = min(1.0, float(size.max(initial=0.0)))
    return np.asarray(_ROUNDINGS * yardstick.one * (scale + size + change / _PERTURBATION))


def _perturbed(array: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Move each element by the relative δ, up or down."""
    up = rng.integers(0, 2, array.shape, dtype=np.int8)
    return np.asarray(array * (1 - _PERTURBATION + 2 * _PERTURBATION * up))


def agrees(got: NDArray[Any], expected: NDArray[Any], bound: NDArray[Any]) -> bool:
    """Say whether two arrays have one shape and differ by no more than the bound anywhere."""
    if got.shape != expected.shape:
        return False
    with np.errstate(invalid="ignore"):
        # A bound that is not finite bounds nothing.
        near = np.isfinite(bound) & (np.abs(got - expected) <= bound)
    return bool(np.all(near | (got == expected) | (np.isnan(got) & np.isnan(expected))))
