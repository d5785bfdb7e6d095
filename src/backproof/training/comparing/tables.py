"""Tables of a few rows, for people: as text, and for notebooks."""

from __future__ import annotations

import html
from collections.abc import Sequence

from backproof.training.showing.columns import aligned

__all__ = ["markup", "text"]


def text(rows: Sequence[Sequence[str]], below: str) -> str:
    """Write rows in columns, all to the right, and a text below.

    Examples
    --------
    >>> print(text([["step", "loss"], ["1", "0.25"]], "fine"))
    step  loss
       1  0.25
    <BLANKLINE>
    fine
    """
    return "\n".join([*aligned(rows), "", below])


def markup(rows: Sequence[Sequence[str]], below: str) -> str:
    """Write rows, of which the first is the head, and a text below, as HTML.

    Examples
    --------
    >>> markup([["step"], ["1"]], "a < b")
    '<table><tr><th>step</th></tr><tr><td>1</td></tr></table><p>a &lt; b</p>'
    """
    head, *body = [[html.escape(cell) for cell in row] for row in rows]
    lines = [_row("th", head), *(_row("td", row) for row in body)]
    said = html.escape(below).replace("\n", "<br>")
    return f"<table>{''.join(lines)}</table><p>{said}</p>"


def _row(kind: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{kind}>{cell}</{kind}>' for cell in cells)}</tr>"
