"""Numbers that a user gives: what counts as one, and as two of them that bound a domain."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeGuard

__all__ = ["interval", "is_number"]


def is_number(value: object) -> TypeGuard[int | float]:
    """Say whether a value is a number; a truth value is none.

    Examples
    --------
    >>> is_number(1), is_number(0.5), is_number(True), is_number("1")
    (True, True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool)


def interval(ends: Iterable[object]) -> tuple[float, float] | None:
    """Give the two ends of an interval, finite and the lower first; ``None`` where they are something else.

    Examples
    --------
    >>> interval([0, 1]), interval([1, 0]), interval(["a", 1])
    ((0.0, 1.0), None, None)
    """
    try:
        low, high = (float(end) for end in ends)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        return None
    return (low, high) if -math.inf < low < high < math.inf else None
