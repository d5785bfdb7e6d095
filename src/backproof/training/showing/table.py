"""A history as a table: in characters, in HTML, in a file."""

from __future__ import annotations

import csv
import html as escaping
import io
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from backproof._files import write_whole
from backproof.training.history import History
from backproof.training.showing.characters import curves, showable
from backproof.training.showing.columns import aligned

__all__ = ["html", "picture", "save", "text"]

#: So many of the first rows are shown, and of the last.
_FIRST, _LAST = 3, 5
_WIDEST = 100
_GAP = "…"


def text(history: History) -> str:
    """Give a table of the epochs, the first and last if there are many, with the loss as a curve below."""
    if not len(history):
        return repr(history)
    braille = showable(getattr(sys.stdout, "encoding", None))
    gap = _GAP if braille else "..."
    lines = aligned([history.columns, *_rows(history, gap)])
    lines.insert(1, ("─" if braille else "-") * len(lines[0]))
    wide = min(shutil.get_terminal_size().columns or _WIDEST, _WIDEST)
    return "\n".join(filter(None, [*lines, *_remarks(history), picture(history, wide, braille=braille)]))


def picture(history: History, width: int, height: int = 8, *, braille: bool = True) -> str:
    """Give the loss, and that of the validation data, as curves; nothing before the second epoch."""
    if len(history) < 2:
        return ""
    names = [name for name in ("loss", "validation") if name in history.columns]
    ends = (f"epoch {history[0].epoch}", str(history[-1].epoch))
    drawn = curves({name: history[name] for name in names}, width, height, ends=ends, braille=braille)
    return f"\n{' and '.join(names)}\n{drawn}" if drawn else ""


def html(history: History) -> str:
    """Give the table for a notebook."""
    if not len(history):
        return f"<p>{escaping.escape(repr(history))}</p>"
    head = "".join(f"<th>{escaping.escape(name)}</th>" for name in history.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escaping.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in _rows(history, _GAP)
    )
    remarks = "".join(f"<p>{escaping.escape(line)}</p>" for line in _remarks(history))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{remarks}"


def save(history: History, path: str | os.PathLike[str]) -> None:
    """Write all columns as comma-separated values."""
    target = Path(path)
    if target.suffix.lower() != ".csv":
        raise ValueError(f"expected a path that ends in .csv; got path={os.fspath(path)!r}")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = history.to_dict()
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    write_whole(target, stream.getvalue())


def _rows(history: History, gap: str) -> list[list[str]]:
    names, count = history.columns, len(history)
    which = [*range(count)] if count <= _FIRST + _LAST + 1 else [*range(_FIRST), *range(count - _LAST, count)]
    columns = [history.column(name)[which] for name in names]
    rows = [
        [_cell(name, value) for name, value in zip(names, row, strict=True)]
        for row in zip(*columns, strict=True)
    ]
    if len(which) < count:
        rows.insert(_FIRST, [gap] * len(names))
    return rows


def _cell(name: str, value: Any) -> str:
    if name in ("epoch", "step"):
        return str(int(value))
    return f"{value:.3g}" if name in ("lr", "seconds") else f"{value:.6g}"


def _remarks(history: History) -> list[str]:
    """Say why it ended, and what went wrong."""
    stopped = [f"stopped: {history.stopped}"] if history.stopped else []
    return [*stopped, *(f"trouble: {each}" for each in history.troubles)]
