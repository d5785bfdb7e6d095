"""The graph as HTML: in a notebook, and as a page with buttons that go through it step by step."""

from __future__ import annotations

import dataclasses
import json
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from backproof.graphs.drawing.scene import laid_out
from backproof.graphs.drawing.steps import told
from backproof.graphs.drawing.svg import as_svg
from backproof.graphs.drawing.terminal import headings, rows
from backproof.graphs.drawing.view import View, require_few, seen

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["as_page", "fragment"]

#: In a notebook: more nodes than this get no picture, and no more rows.
_MOST_DRAWN, _MOST_ROWS = 300, 60
#: A page that goes through more nodes than this is not gone through by anybody.
_MOST = 500
_TABLE = "border-collapse:collapse;font-size:13px;margin:8px 0"
_CELLS = ("left", "left", "right", "right")


def fragment(graph: Graph) -> str:
    """Give a part of a page: the picture, or why there is none, and the table below."""
    view = seen(graph)
    try:
        require_few(view, _MOST_DRAWN, "a picture in a notebook")
        picture = f'<div style="overflow-x:auto">{as_svg(laid_out(view))}</div>'
    except ValueError as error:
        picture = f"<p>No picture: {escape(str(error))}</p>"
    return f'<div class="backproof-graph">\n{picture}\n{_table(view)}\n</div>'


def _table(view: View) -> str:
    lines = [_row("th", headings(view)), *(_row("td", row) for row in rows(view, _MOST_ROWS))]
    return f'<table style="{_TABLE}">\n' + "\n".join(lines) + "\n</table>"


def _row(tag: str, cells: tuple[str, ...]) -> str:
    shown = (
        f'<{tag} style="text-align:{side};padding:2px 12px">{escape(cell)}</{tag}>'
        for cell, side in zip(cells, _CELLS, strict=True)
    )
    return f"<tr>{''.join(shown)}</tr>"


def as_page(view: View) -> str:
    """Give a page that goes through a graph node by node, forward and then backward; it needs nothing else.

    Raises
    ------
    ValueError
        If there are too many nodes.
    """
    require_few(view, _MOST, "a page of steps")
    told_steps = json.dumps([dataclasses.asdict(step) for step in told(view)], ensure_ascii=False)
    parts = {
        "title": escape(f"The graph of {view.output.name}, step by step"),
        "style": _file("page.css"),
        "svg": as_svg(laid_out(view)),
        "steps": told_steps.replace("<", "\\u003c"),  # no text ends the script
        "script": _file("page.js"),
    }
    page = _file("page.html")
    before, *rest = page.split("{{")
    return before + "".join(parts[name] + text for name, text in (part.split("}}", 1) for part in rest))


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
