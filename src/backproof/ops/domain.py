"""What an argument of an op may be: the set its values come from, and its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["BINARY", "CLASS", "PROBABILITY", "REAL", "SMALL", "Argument", "Domain"]

#: ``real``: all of ℝ. ``small``: real, drawn small (weights). ``probability``: (0, 1).
#: ``binary``: probabilities that may be 0 and 1. ``class``: an index below the size of axis ``C``.
Domain: TypeAlias = Literal["real", "small", "probability", "binary", "class"]

REAL: Domain = "real"
SMALL: Domain = "small"
PROBABILITY: Domain = "probability"
BINARY: Domain = "binary"
CLASS: Domain = "class"


@dataclass(frozen=True)
class Argument:
    """The domain of an argument and the letters of its axes.

    Equal letters in one op are equal sizes; a case chooses a size for each letter.

    Examples
    --------
    >>> Argument(REAL, "N D").shape({"N": 7, "D": 5})
    (7, 5)
    """

    domain: Domain
    axes: str

    def shape(self, sizes: dict[str, int]) -> tuple[int, ...]:
        """Give the shape for the sizes of the letters."""
        return tuple(sizes[axis] for axis in self.axes.split())
