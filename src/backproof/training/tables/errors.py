"""What is wrong with a table, or with what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backproof._names import meant

__all__ = ["TableError", "listed", "nearest"]

#: How many names are told before the rest is only counted.
_TOLD = 8


class TableError(ValueError):
    """Says in one line what is wrong, where, and what to do."""


def listed(names: Iterable[object], told: int = _TOLD) -> str:
    """Give names in a row; of many, the first ones and how many more there are.

    Examples
    --------
    >>> listed("abc"), listed("abcde", told=2)
    ('a, b, c', 'a, b and 3 more')
    """
    every = [str(name) for name in names]
    if len(every) <= told + 1:
        return ", ".join(every)
    return f"{', '.join(every[:told])} and {len(every) - told} more"


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which name was probably meant, or which there are.

    Examples
    --------
    >>> nearest("Heigth", ["height", "weight"]), nearest("q", ["height", "weight"])
    ('did you mean height?', 'there are height, weight')
    """
    return meant(name, known, f"there are {listed(known)}")
