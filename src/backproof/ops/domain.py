"""What an argument of an op may be: the set its values come from, and its axes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

__all__ = [
    "BINARY",
    "CLASS",
    "DOMAINS",
    "LOG_PROBABILITY",
    "MASK",
    "POSITIVE",
    "PROBABILITY",
    "REAL",
    "SIGN",
    "SMALL",
    "UNIT",
    "Argument",
    "Domain",
]

#: The set that an argument's values come from.
Domain: TypeAlias = Literal[
    "real", "small", "positive", "unit", "probability", "log probability", "binary", "sign", "mask", "class"
]

REAL: Domain = "real"  # all of ℝ
SMALL: Domain = "small"  # real, drawn small: weights
POSITIVE: Domain = "positive"  # (0, ∞): variances, rates, arguments of a logarithm
UNIT: Domain = "unit"  # (−1, 1)
PROBABILITY: Domain = "probability"  # (0, 1)
LOG_PROBABILITY: Domain = "log probability"  # (−∞, 0)
BINARY: Domain = "binary"  # probabilities that may be 0 and 1
SIGN: Domain = "sign"  # −1 or 1
MASK: Domain = "mask"  # true or false
CLASS: Domain = "class"  # an index below the size of axis C

DOMAINS: tuple[Domain, ...] = get_args(Domain)


@dataclass(frozen=True)
class Argument:
    """The domain of an argument and the letters of its axes.

    Equal letters in one op are equal sizes; a case chooses a size for each letter. ``4H`` is four
    times the size of H. An ``optional`` argument is one that people mostly leave out: it is ``None``
    in a case unless the case is about it.

    Examples
    --------
    >>> Argument(REAL, "N 4D").shape({"N": 7, "D": 5})
    (7, 20)
    """

    domain: Domain
    axes: str
    optional: bool = False

    @property
    def letters(self) -> list[str]:
        """The letter of each axis, without the number before it."""
        return re.findall(r"[A-Z]", self.axes)

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Give the shape for the sizes of the letters."""
        return tuple(int(axis[:-1] or 1) * sizes[axis[-1]] for axis in self.axes.split())
