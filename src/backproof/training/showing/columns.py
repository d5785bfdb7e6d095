"""Columns in characters."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["aligned"]


def aligned(rows: Sequence[Sequence[str]], left: int = 0) -> list[str]:
    """Write rows in columns: the first so many to the left, the others to the right.

    Examples
    --------
    >>> aligned([["", "loss"], ["train", "0.25"]], left=1)
    ['       loss', 'train  0.25']
    """
    columns = []
    for place, cells in enumerate(zip(*rows, strict=True)):
        wide = max(map(len, cells))
        columns.append([cell.ljust(wide) if place < left else cell.rjust(wide) for cell in cells])
    return ["  ".join(row) for row in zip(*columns, strict=True)]
