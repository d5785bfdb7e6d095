"""A table of all nodes as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backproof.graphs.drawing.view import View, seen
from backproof.graphs.drawing.writing import cut, short

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["headings", "rows", "table"]

_DIGITS = 6
_LONGEST = 48
_RIGHT = {2, 3}  # numbers


def table(graph: Graph, most: int | None = None) -> str:
    """Give a table of the nodes: name, formula, value, and the gradient of the output.

    Of a graph with more nodes than ``most`` it is the first and the last.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> print(table(graph("e = log(1 + d); f = e**2", d=3.0)))
    node  formula    value    ∂f/∂node
    ──────────────────────────────────
    d                    3    0.693147
    a     1 + d          4    0.693147
    e     log(a)   1.38629     2.77259
    f     e**2     1.92181           1
    """
    view = seen(graph)
    title, *lines = [headings(view), *rows(view, most)]
    widths = [max(len(line[column]) for line in (title, *lines)) for column in range(len(title))]
    aligned = [_aligned(line, widths) for line in (title, *lines)]
    return "\n".join([aligned[0], "─" * max(map(len, aligned)), *aligned[1:]])


def headings(view: View) -> tuple[str, str, str, str]:
    """Give the names of the columns."""
    return "node", "formula", "value", f"∂{view.target}/∂node"


def rows(view: View, most: int | None = None) -> list[tuple[str, str, str, str]]:
    """Give a row of texts for each node; constants stand in the formulas."""
    found = [
        (node.name, cut(node.formula, _LONGEST), short(node.value, _DIGITS), short(node.grad, _DIGITS))
        for node in view.boxes
    ]
    if most is None or len(found) <= most:
        return found
    half = most // 2
    return [*found[:half], ("…", f"{len(found) - 2 * half} more", "", ""), *found[len(found) - half :]]


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(wide) if column in _RIGHT else cell.ljust(wide)
        for column, (cell, wide) in enumerate(zip(line, widths, strict=True))
    ]
    return f"{cells[0]}  {cells[1]}  {'    '.join(cells[2:])}".rstrip()
