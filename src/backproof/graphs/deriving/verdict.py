"""What is known of a step: that it is proven, that it holds at some points, or that it is refuted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["Kind", "Verdict"]

Kind: TypeAlias = Literal["proven", "holds", "refuted", "undecided"]


@dataclass(frozen=True)
class Verdict:
    """Whether two formulas are equal, and how that is known.

    Attributes
    ----------
    kind
        ``proven`` by algebra; ``holds`` at random points only; ``refuted``; or ``undecided``.
    points
        At how many points they were compared.
    at
        Where they differ: the values of the inputs.
    values
        Their two values there.
    positive
        The inputs that the proof takes as positive: elsewhere the formulas are no real numbers.
    why
        Why it is not proven.
    element
        Of arrays: the indices of an element that differs.
    digits
        The two values as they were computed, where a float has too few digits to tell them apart.

    Examples
    --------
    >>> print(Verdict("holds", 12)), print(Verdict("proven", 12, positive=("x",)))
    holds at 12 points
    proven, for x > 0
    (None, None)
    """

    kind: Kind
    points: int = 0
    at: Mapping[str, float] = field(default_factory=dict)
    values: tuple[float, float] | None = None
    positive: tuple[str, ...] = ()
    why: str = ""
    element: tuple[int, ...] = ()
    digits: tuple[str, str] = ("", "")

    @property
    def holds(self) -> bool:
        """Whether the formulas are equal, as far as is known."""
        return self.kind in ("proven", "holds")

    def __str__(self) -> str:
        if self.kind == "proven":
            return "proven" + (f", for {', '.join(self.positive)} > 0" if self.positive else "")
        if self.kind == "holds":
            return f"holds at {self.points} point{'s' * (self.points != 1)}"
        if self.kind == "undecided":
            return f"undecided: {self.why}"
        if self.values is None:
            return f"refuted: {self.why}"
        at = ", ".join(f"{name} = {value:g}" for name, value in self.at.items())
        element = f" in element [{', '.join(map(str, self.element))}]" if self.element else ""
        return f"refuted: {self._apart()}{element}" + (f" at {at}" if at else "")

    def _apart(self) -> str:
        """Write the two values with so many digits that they differ."""
        one, other = self.values or (math.nan, math.nan)
        for digits in range(6, 18):
            if f"{one:.{digits}g}" != f"{other:.{digits}g}":
                return f"{one:.{digits}g} ≠ {other:.{digits}g}"
        return " ≠ ".join(self.digits)
