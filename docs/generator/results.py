"""Keeps the measured errors in a file, and says which of them need an explanation.

Measuring takes a while and depends on the machine's libraries; the pages are made from the file, so
that they are the same everywhere.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from docs.generator.accuracy import POINTS, Row, measure
from docs.generator.reasons import REASONS
from tests.ops.true_values import TRUTHS, op_of

__all__ = [
    "ALLOWED",
    "BY_CHANCE",
    "CHANCE",
    "FAR",
    "ORDER",
    "WORSE",
    "Measured",
    "doubted",
    "flags",
    "load",
    "reason",
    "save",
    "unexplained",
]

#: Units by which the larger of two errors may be larger by the choice of the points, and the factor
#: where terms cancel, so that it also depends on the order in which they are added.
CHANCE, ORDER = 0.5, 1.25
#: The factor by which the root mean squares of two libraries' errors may differ by chance.
ALIKE = 1.1
#: Units that an op on NumPy may add to the error of the elementary functions.
ALLOWED = 4

#: What may need an explanation: ours on PyTorch is worse than PyTorch's, or NumPy is far off.
WORSE, FAR = "worse than PyTorch", "far on NumPy"

#: Why PyTorch is better, where it is so by chance.
BY_CHANCE = (
    "the largest of thousands of errors is one of chance; their root mean square is at most 10 % above "
    "PyTorch's, and at other points the largest is not above PyTorch's (accuracy.json)"
)

Errors = Mapping[str, float | None]


@dataclass(frozen=True)
class Measured:
    """What was measured: the errors of the ops and of NumPy's elementary functions, and with what."""

    rows: tuple[Row, ...]
    elementary: Mapping[str, Mapping[str, float]]
    versions: Mapping[str, str]
    points: int

    def of(self, op: str) -> list[Row]:
        """Give the rows of an op."""
        return [row for row in self.rows if op_of(row.op).name == op]

    def floor(self, dtype: str) -> float:
        """Give the error of the least accurate elementary function."""
        return max(errors[dtype] for errors in self.elementary.values())


def flags(row: Row, floor: float) -> list[str]:
    """Say what of a row needs an explanation: in the measure that the tests hold the op to.

    ``floor`` is the error of the least accurate elementary function.
    """
    numpy = row.held["numpy"]
    found = [WORSE] if _is_worse(row.held, ORDER if row.relative else 1.0) else []
    if numpy is not None and numpy > floor + ALLOWED:
        found.append(FAR)
    return found


def _is_worse(errors: Errors, factor: float) -> bool:
    ours, theirs = errors["front door"], errors["torch"]
    return ours is not None and theirs is not None and ours > max(theirs + CHANCE, theirs * factor)


def _is_alike(row: Row) -> bool:
    """Say whether the root mean squares of the errors, ours and PyTorch's, are alike."""
    typical = row.typical or dict.fromkeys(row.errors)
    ours, theirs = typical["front door"], typical["torch"]
    return ours is not None and theirs is not None and ours <= theirs * ALIKE


def doubted(rows: Iterable[Row]) -> list[Row]:
    """Measure again, at other points, where PyTorch's largest error is smaller and it may be chance."""

    @functools.cache
    def others(op: str, dtype: str) -> dict[str, Row]:
        return {row.result: row for row in measure(op, np.dtype(dtype).type, seed="again")}

    return [
        dataclasses.replace(row, again=others(row.op, row.dtype)[row.result].held)
        if row.typical and _is_worse(row.held, ORDER) and _is_alike(row)
        else row
        for row in rows
    ]


def unexplained(measured: Measured) -> list[str]:
    """Give the rows that need an explanation and have none, each as a line."""
    return [
        f"{row.op} {row.result} {row.dtype}: {', '.join(found)}: {dict(row.relative or row.errors)}"
        for row in measured.rows
        if (found := [flag for flag in flags(row, measured.floor(row.dtype)) if not reason(row, flag)])
    ]


def reason(row: Row, flag: str) -> str:
    """Give the explanation of a flag.

    That NumPy is far off is explained in the tests' row. That PyTorch is better is chance if it is so at
    the worst point only, and not again at other points; it is else explained in `REASONS`.
    """
    if flag == FAR:
        return TRUTHS[row.op].within[row.result].why
    if _is_alike(row) and row.again and not _is_worse(row.again, ORDER):
        return BY_CHANCE
    return REASONS.get((row.op, row.result), "")


def save(rows: Iterable[Row], elementary: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Write down what was measured, to three digits."""
    content: dict[str, Any] = {
        "points": POINTS,
        "versions": {
            "python": platform.python_version(),
            "processor": platform.machine(),
            **{name: version(name) for name in ("numpy", "scipy", "torch", "mpmath")},
        },
        "elementary": {name: _plain(errors) for name, errors in elementary.items()},
        "rows": [
            {
                **dataclasses.asdict(row),
                "errors": _plain(row.errors),
                "relative": None if row.relative is None else _plain(row.relative),
                "typical": None if row.typical is None else _plain(row.typical),
                "again": None if row.again is None else _plain(row.again),
            }
            for row in rows
        ],
    }
    lines = ",\n    ".join(json.dumps(row) for row in content.pop("rows"))
    head = json.dumps(content, indent=2).removesuffix("\n}")
    path.write_text(f'{head},\n  "rows": [\n    {lines}\n  ]\n}}\n', encoding="utf-8")


def _plain(errors: Errors) -> dict[str, float | str | None]:
    """Give errors as JSON has them, which knows no infinity."""
    return {
        name: None if error is None else "inf" if error == float("inf") else float(f"{error:.3g}")
        for name, error in errors.items()
    }


def load(path: Path) -> Measured:
    """Read what was measured."""
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = tuple(
        Row(
            **{
                **row,
                "errors": _numbers(row["errors"]),
                "relative": None if row["relative"] is None else _numbers(row["relative"]),
                "typical": None if row.get("typical") is None else _numbers(row["typical"]),
                "again": None if row.get("again") is None else _numbers(row["again"]),
            }
        )
        for row in content["rows"]
    )
    elementary = {name: dict(errors) for name, errors in content["elementary"].items()}
    return Measured(rows, elementary, content["versions"], content["points"])


def _numbers(errors: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: None if error is None else float(error) for name, error in errors.items()}
