"""Curves drawn in characters, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["curves", "showable"]

#: What each dot of a cell adds to its character, by row and column of the cell: Braille, or what ASCII has.
_BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_ASCII = {0: " ", 1: "'", 2: ".", 3: ":"}
_LEAST = 16
_DECADES = 100.0


def showable(encoding: str | None) -> bool:
    """Say whether an encoding has Braille.

    Examples
    --------
    >>> showable("utf-8"), showable("ascii"), showable(None)
    (True, False, False)
    """
    try:
        "⣿─│".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def curves(
    columns: Mapping[str, NDArray[np.float64]],
    width: int = 72,
    height: int = 8,
    *,
    ends: tuple[str, str] = ("", ""),
    braille: bool = True,
) -> str:
    """Draw curves, one number after the other from left to right, on one scale; what is not finite is a gap.

    The scale is logarithmic where the values span decades. ``ends`` is written below, at the left and right.

    Examples
    --------
    >>> print(curves({"loss": np.array([1.0, 0.5, 0.25, 0.125])}, 24, 3, ends=("1", "4")))
        1 │⠑⠢⢄⡀
          │   ⠈⠒⠤⣀⣀
    0.125 │        ⠉⠑⠒⠢⠤⠤⠤⣀⣀
          └─────────────────
           1               4
    """
    values = np.concatenate([np.asarray(column, float) for column in columns.values()] or [np.zeros(0)])
    finite = values[np.isfinite(values)]
    if not finite.size:
        return ""
    least, most = float(finite.min()), float(finite.max())
    logarithmic = least > 0 and most >= _DECADES * least
    marks = [f"{most:.3g}", f"{least:.3g}"] if most > least else [f"{most:.3g}", ""]
    margin = max(map(len, marks)) + 1
    across = max(width - margin - 1, _LEAST)
    tall, wide = (4, 2) if braille else (2, 1)
    dots = np.zeros((height * tall, across * wide), bool)
    for column in columns.values():
        _draw(dots, np.asarray(column, float), (least, most), logarithmic)
    rows = _characters(dots, height, across, braille=braille)
    side, corner, below = ("│", "└", "─") if braille else ("|", "+", "-")
    named = {0: marks[0], height - 1: marks[1]}
    lines = [f"{named.get(index, ''):>{margin - 1}} {side}{row}".rstrip() for index, row in enumerate(rows)]
    lines.append(" " * margin + corner + below * across)
    left, right = ends
    if left or right:
        lines.append(" " * (margin + 1) + left + right.rjust(across - len(left)))
    return "\n".join(lines)


def _draw(
    dots: NDArray[np.bool_], column: NDArray[np.float64], ends: tuple[float, float], logarithmic: bool
) -> None:
    """Set the dots of a curve: those of each column of dots, from its least value to its largest."""
    high, wide = dots.shape
    if logarithmic:
        column, ends = np.log(column), (float(np.log(ends[0])), float(np.log(ends[1])))
    span = ends[1] - ends[0]
    place = np.linspace(0, wide - 1, len(column)) if len(column) > 1 else np.array([0.0])
    level = (ends[1] - column) / span * (high - 1) if span else np.full(len(column), (high - 1) / 2)
    level[~np.isfinite(column)] = np.nan
    # Between points that are further apart than a dot the curve is straight.
    fine = np.unique(np.concatenate([place, np.arange(wide)])) if len(place) > 1 else place
    heights = np.interp(fine, place, level)
    before = -1
    for at, height in zip(np.rint(fine).astype(int), heights, strict=True):
        if not np.isfinite(height):
            before = -1
            continue
        here = round(float(height))
        start = before + (1 if before < here else -1) if before >= 0 and before != here else here
        dots[min(start, here) : max(start, here) + 1, at] = True
        before = here


def _characters(dots: NDArray[np.bool_], height: int, across: int, *, braille: bool) -> list[str]:
    if braille:
        cells = dots.reshape(height, 4, across, 2).transpose(0, 2, 1, 3)
        codes = (cells * _BRAILLE).sum(axis=(2, 3))
        return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes]
    cells = dots.reshape(height, 2, across, 1)[..., 0].transpose(0, 2, 1)
    return ["".join(_ASCII[int(top) + 2 * int(bottom)] for top, bottom in row) for row in cells]
