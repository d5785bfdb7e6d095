"""Arrays as short, aligned columns of numbers.

Arrays that belong together (an input, what was expected of it, what came) are laid out together:
the same columns, the same digits, the same elements left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Cell", "as_array", "lay_out", "number"]

#: Stands for the elements that are left out.
GAP = "…"
_ROWS = 5
_COLUMNS = 12
_FEWEST_DIGITS, _MOST_DIGITS = 6, 17

#: Every array is laid out as a table: rows and columns, the leading axes run together.
_Table = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """A padded number; ``marked`` where it is not what was expected."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Block:
    """An array laid out: its label and its rows."""

    label: str
    rows: Sequence[Sequence[Cell]]


def number(value: float, digits: int = _FEWEST_DIGITS) -> str:
    """Write a number shortly.

    Examples
    --------
    >>> number(0.1), number(1e-7), number(3), number(float("-inf")), number(-0.0), number(1 / 3)
    ('0.1', '1e-07', '3', '-inf', '0', '0.333333')
    """
    return f"{value + 0.0:.{digits}g}"  # + 0.0 takes the sign off -0


def as_array(value: object) -> NDArray[np.float64] | None:
    """Give a number or nested lists of numbers as an array; ``None`` for what is neither."""
    if isinstance(value, bool | str | None):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        return None
    return array.astype(np.float64) if array.dtype.kind in "fiub" else None


def lay_out(
    arrays: Mapping[str, object],
    *,
    width: int,
    compare: tuple[str, str] | None = None,
    index: Sequence[int] = (),
) -> list[Block]:
    """Lay out arrays in rows of numbers, aligned among those of the same number of columns.

    ``compare`` names two of them that are told apart: they get the digits that it takes, and the
    second is marked where it differs. ``width`` is the room for the numbers, in characters. Of long
    arrays some elements are left out, but not the one at ``index``, or else the first that differs.
    What is no array of numbers is passed over.

    Examples
    --------
    >>> for block in lay_out({"input": [1.0, -2.5], "got": [0.25, 3.0]}, width=60):
    ...     print(block.label, *(cell.text for cell in block.rows[0]))
    input    1 -2.5
    got   0.25    3
    """
    found = {label: array for label, value in arrays.items() if (array := as_array(value)) is not None}
    places = {_columns(array): place for array in found.values() if (place := _place(index, array))}
    marks: dict[str, NDArray[np.bool]] = {}
    digits = _FEWEST_DIGITS
    if compare and set(compare) <= found.keys():
        expected, got = (found[label] for label in compare)
        if expected.shape == got.shape:
            digits = _digits(expected, got)
            marks[compare[1]] = differs = _table(_differs(expected, got))
            if differs.any():
                places.setdefault(_columns(got), tuple(np.argwhere(differs)[0].tolist()))
    blocks: dict[str, Block] = {}
    for columns in {_columns(array) for array in found.values()}:
        group = {label: _table(array) for label, array in found.items() if _columns(array) == columns}
        for block in _align(group, marks, places.get(columns), digits, width):
            blocks[block.label] = block
    return [blocks[label] for label in found]


def _columns(array: NDArray[Any]) -> int:
    return array.shape[-1] if array.ndim else 1


def _table(array: NDArray[Any]) -> NDArray[Any]:
    return array.reshape(-1, _columns(array)) if array.size else array.reshape(0, _columns(array))


def _differs(expected: NDArray[np.float64], got: NDArray[np.float64]) -> NDArray[np.bool]:
    differs: NDArray[np.bool] = (expected != got) & ~(np.isnan(expected) & np.isnan(got))
    return differs


def _digits(expected: NDArray[np.float64], got: NDArray[np.float64]) -> int:
    """Find how many digits tell each pair of different numbers apart."""
    where = _differs(expected, got)
    pairs = list(zip(expected[where].tolist(), got[where].tolist(), strict=True))
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        if all(number(one, digits) != number(other, digits) for one, other in pairs):
            return digits
    return _MOST_DIGITS


def _place(index: Sequence[int], array: NDArray[np.float64]) -> tuple[int, int] | None:
    """Find the row and the column of the element at ``index``, if the array has it."""
    if array.ndim != len(index) or not all(0 <= i < n for i, n in zip(index, array.shape, strict=True)):
        return None
    if not index:
        return 0, 0
    row, column = divmod(int(np.ravel_multi_index(tuple(index), array.shape)), _columns(array))
    return row, column


def _align(
    group: Mapping[str, _Table],
    marks: Mapping[str, NDArray[np.bool]],
    place: tuple[int, int] | None,
    digits: int,
    width: int,
) -> Iterable[Block]:
    """Lay out tables of the same number of columns."""
    wanted_row, wanted_column = place or (None, None)
    rows = {label: _chosen(len(table), _ROWS, wanted_row) for label, table in group.items()}
    shown = [table[row] for label, table in group.items() for row in rows[label] if row is not None]
    widest = max((len(number(x, digits)) for row in shown for x in row.tolist()), default=1)
    total = next(iter(group.values())).shape[1]
    fitting = min(_COLUMNS, width // (widest + 2))
    if total > fitting:  # two gaps need room too
        fitting = max(3, min(_COLUMNS, (width - 2 * (len(GAP) + 2)) // (widest + 2)))
    columns = _chosen(total, fitting, wanted_column)
    room = {
        c: max((len(number(row[c], digits)) for row in shown), default=1) for c in columns if c is not None
    }

    def cell(label: str, row: int | None, column: int | None) -> Cell:
        if row is None or column is None:
            return Cell(GAP if column is None else GAP.rjust(room[column]))
        marked = label in marks and bool(marks[label][row, column])
        return Cell(number(group[label][row, column], digits).rjust(room[column]), marked)

    for label in group:
        yield Block(label, [[cell(label, row, column) for column in columns] for row in rows[label]])


def _chosen(count: int, limit: int, wanted: int | None) -> list[int | None]:
    """Choose which of ``count`` rows or columns to show; ``None`` stands where some are left out."""
    if count <= limit:
        return list(range(count))
    shown = sorted({*range(limit - 2), count - 1, limit - 2 if wanted is None else wanted})
    chosen: list[int | None] = []
    for before, position in zip([-1, *shown], shown, strict=False):
        chosen += [position] if position == before + 1 else [None, position]
    return chosen
