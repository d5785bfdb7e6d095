"""One node at a time: forward with its computation, backward with what comes along each edge and the sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backproof.graphs.drawing.view import SeenEdge, SeenNode, View, seen
from backproof.graphs.drawing.writing import bracketed, short

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["Visit", "steps", "told"]

#: More edges than this that leave a node are not written out one by one.
_MOST = 8
#: An array with more numbers than this is told by its shape alone.
_FEW = 30


@dataclass(frozen=True)
class Visit:
    """One node on the way forward, or on the way back.

    Attributes
    ----------
    node
        Its name.
    lines
        What is computed.
    index
        The number of the node among all of the graph.
    edges
        The edges by which it is computed: their ends' numbers, the child's first, and which argument it is.
    """

    phase: Literal["forward", "backward"]
    node: str
    lines: tuple[str, ...]
    index: int
    edges: tuple[tuple[int, int, int], ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def steps(graph: Graph) -> list[Visit]:
    """Tell how a graph is computed: each node forward, then each backward.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> for step in steps(graph("a = w*x; f = a + w", w=2.0, x=3.0)):
    ...     print(step)
    w = 2
    x = 3
    a = w*x = 2*3 = 6
    f = a + w = 6 + 2 = 8
    ∂f/∂f = 1
    ∂f/∂a = ∂f/∂f · ∂f/∂a = 1 · 1 = 1
    ∂f/∂x = ∂f/∂a · ∂a/∂x = 1 · 2 = 2
    ∂f/∂w = ∂f/∂a · ∂a/∂w + ∂f/∂f · ∂f/∂w
          = 1 · 3 + 1 · 1
          = 3 + 1
          = 4
    """
    return told(seen(graph))


def told(view: View) -> list[Visit]:
    """Tell the same of what is to be seen of a graph."""
    entering: dict[int, list[SeenEdge]] = {}
    leaving: dict[int, list[SeenEdge]] = {}
    for edge in view.lines:
        entering.setdefault(edge.child.index, []).append(edge)
        leaving.setdefault(edge.parent.index, []).append(edge)
    found = []
    for node in view.boxes:
        edges = entering.get(node.index, [])
        found.append(
            Visit("forward", node.name, _computed(node), node.index, tuple(edge.ends for edge in edges))
        )
    needed = _needed(view)
    for node in reversed(view.boxes):
        edges = [edge for edge in leaving.get(node.index, []) if edge.flows and edge.child.place in needed]
        lines = _flowing(view, node, edges)
        found.append(Visit("backward", node.name, lines, node.index, tuple(edge.ends for edge in edges)))
    return found


def _needed(view: View) -> set[int]:
    """Give the places that the last output is computed from: a gradient flows to no other."""
    needed = {view.output.place}
    for edge in reversed(view.edges):
        if edge.child.place in needed:
            needed.add(edge.parent.place)
    return needed


def _computed(node: SeenNode) -> tuple[str, ...]:
    """Write ``a = w*x = 2*3 = 6``; of an array how many numbers there are, and, if they are few, these."""
    parts = [node.name, node.formula]
    if np.ndim(node.value):
        return f"{' = '.join(filter(None, parts))}: {short(node.value)}", *_rows(node.value)
    return (" = ".join(dict.fromkeys(filter(None, [*parts, node.filled, short(node.value)]))),)


def _flowing(view: View, node: SeenNode, edges: Sequence[SeenEdge]) -> tuple[str, ...]:
    """Write the chain rule for a node: its factors, their numbers, what comes along each edge, the sum."""
    name, result = view.gradient(node), short(node.grad)
    if not edges:
        why = "" if node is view.output else f": {view.output.name} does not depend on it"
        return (f"{name} = {result}{why}",)
    first, rest = edges[:_MOST], len(edges[_MOST:])

    def added(parts: Iterable[str]) -> str:
        return " + ".join([*parts, *([f"{rest} more"] if rest else [])])

    factors = added(f"{view.gradient(edge.child)} · {edge.factor}" for edge in first)
    if np.ndim(node.grad) or any(edge.shape for edge in first):
        return f"{name} = {factors}: {result}", *_rows(node.grad)
    numbers = added(f"{bracketed(short(edge.child.grad))} · {bracketed(edge.label)}" for edge in first)
    if len(edges) == 1:
        return (f"{name} = {factors} = {numbers} = {result}",)
    lines = [factors, numbers, added(bracketed(short(edge.contribution)) for edge in first), result]
    return (f"{name} = {lines[0]}", *(" " * len(name) + f" = {line}" for line in lines[1:]))


def _rows(value: Any) -> list[str]:
    """Write the numbers of a small array that is not written already."""
    array = np.asarray(value)
    if array.ndim == 0 or array.size > _FEW or not short(value).endswith("numbers"):
        return []
    return [f"    {line}" for line in np.array2string(array, precision=4, suppress_small=True).splitlines()]
