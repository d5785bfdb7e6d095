"""Boxes and edges with their labels are given their places."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backproof.graphs.drawing.layout.heights import Segment, heights
from backproof.graphs.drawing.layout.ordering import ordered
from backproof.graphs.drawing.layout.ranks import ranked

__all__ = ["Arrow", "Layout", "Point", "Size", "Wire", "arranged"]

#: What lies between two neighbours in a column: of two boxes, and where one is an edge or a label.
_BETWEEN_BOXES, _BETWEEN = 22.0, 9.0
#: What lies between two columns at least, and more where edges are steep, up to a bound.
_GAP, _STEEPER, _WIDEST = 18.0, 0.16, 90.0
#: More vertices than this take too long, and nobody could follow the edges.
_MOST = 20_000
#: How far apart edges end at a box.
_PORTS = 12.0
#: How much more it matters that an edge is straight between two points where it passes something.
_STRAIGHT = 3.0
#: How far the points that bend a curve are from its ends, of its width.
_BEND = 0.45


class Point(NamedTuple):
    """A place, to the right and down."""

    x: float
    y: float


class Size(NamedTuple):
    """A width and a height; what is nothing but a point on an edge has none."""

    width: float
    height: float


_NOTHING = Size(0, 0)


@dataclass(frozen=True)
class Arrow:
    """An edge to be drawn: from one box to a later one, with the size of its label if it has one."""

    start: int
    end: int
    label: Size = _NOTHING


@dataclass(frozen=True)
class Wire:
    """An edge as it is drawn.

    Attributes
    ----------
    points
        A smooth line of cubic pieces: the first point, then for each piece two that bend it and its end.
    label
        The middle of the label.
    """

    points: tuple[Point, ...]
    label: Point


@dataclass(frozen=True)
class Layout:
    """The middle of each box, the line of each edge, and the size of it all: from 0 to the right and down."""

    boxes: tuple[Point, ...]
    wires: tuple[Wire, ...]
    size: Size


def arranged(sizes: Sequence[Size], arrows: Sequence[Arrow]) -> Layout:
    """Give boxes and edges their places; boxes come in an order in which every edge leads to a later one.

    Raises
    ------
    ValueError
        If the edges pass too many columns.

    Examples
    --------
    >>> layout = arranged([Size(40, 20), Size(60, 20)], [Arrow(0, 1)])
    >>> [box.x for box in layout.boxes], layout.size.width
    ([20.0, 106.0], 136.0)
    """
    return _Arranger(sizes, arrows).layout()


class _Arranger:
    """Boxes stand in the even columns, labels in the odd ones; a vertex in each column that an edge passes.

    The vertices are the boxes in their order, then those of the edges. Those of one box go together as
    far as they can: what is used in many places is one line with branches.
    """

    def __init__(self, sizes: Sequence[Size], arrows: Sequence[Arrow]) -> None:
        self.arrows, self.boxes = arrows, len(sizes)
        self.sizes = list(sizes)
        self.column = [2 * rank for rank in ranked(len(sizes), [(a.start, a.end) for a in arrows])]
        self.passed: dict[tuple[int, int], int] = {}
        self.chains = [self.chain(arrow) for arrow in arrows]
        self.pairs = list(dict.fromkeys(pair for chain in self.chains for pair in itertools.pairwise(chain)))
        self.layers = self.in_order()
        self.ports = self.ends()
        self.heights = heights(self.layers, self.segments(), self.apart, self.lines())

    def chain(self, arrow: Arrow) -> list[int]:
        """Give the vertices of an edge from box to box; the last before its end holds the label."""
        last = self.column[arrow.end] - 1
        between = [self.passing(arrow.start, column) for column in range(self.column[arrow.start] + 1, last)]
        return [arrow.start, *between, self.vertex(last, arrow.label), arrow.end]

    def passing(self, start: int, column: int) -> int:
        """Give the vertex at which the edges of a box pass a column."""
        if (start, column) not in self.passed:
            self.passed[start, column] = self.vertex(column, _NOTHING)
        return self.passed[start, column]

    def vertex(self, column: int, size: Size) -> int:
        if len(self.sizes) >= _MOST:
            raise ValueError(
                f"a picture has room for boxes and edges that pass {_MOST} columns together; got more: "
                "look at a part, a graph of fewer steps"
            )
        self.column.append(column)
        self.sizes.append(size)
        return len(self.sizes) - 1

    def lines(self) -> list[list[int]]:
        """Give what is to be straight: of each box the longest edge, and of the others what is their own."""
        longest: dict[int, list[int]] = {}
        for chain in self.chains:
            if len(chain) > len(longest.get(chain[0], [])):
                longest[chain[0]] = chain
        return [chain[1:-1] if longest[chain[0]] is chain else [chain[-2]] for chain in self.chains]

    def in_order(self) -> list[list[int]]:
        count = len(self.sizes)
        layers: list[list[int]] = [[] for _ in range(max(self.column, default=-1) + 1)]
        for vertex, column in enumerate(self.column):
            layers[column].append(vertex)
        before: list[list[int]] = [[] for _ in range(count)]
        behind: list[list[int]] = [[] for _ in range(count)]
        for start, end in self.pairs:
            before[end].append(start)
            behind[start].append(end)
        return ordered(layers, before, behind)

    def ends(self) -> dict[int, float]:
        """Give for the last vertex of each edge how far from the middle of the box it ends."""
        rank = {vertex: index for layer in self.layers for index, vertex in enumerate(layer)}
        found: dict[int, float] = {}
        ending: dict[int, list[int]] = {}
        for chain in self.chains:
            ending.setdefault(chain[-1], []).append(chain[-2])
        for box, vertices in ending.items():
            room = min(_PORTS * (len(vertices) - 1), 0.6 * self.sizes[box].height)
            step = room / max(len(vertices) - 1, 1)
            for index, vertex in enumerate(sorted(vertices, key=rank.__getitem__)):
                found[vertex] = index * step - room / 2
        return found

    def segments(self) -> list[Segment]:
        found = []
        for start, end in self.pairs:
            inner = start >= self.boxes and end >= self.boxes
            ends = self.ports[start] if end < self.boxes else 0.0
            found.append(Segment(start, end, 0.0, ends, _STRAIGHT if inner else 1.0))
        return found

    def apart(self, one: int, other: int) -> float:
        between = _BETWEEN_BOXES if one < self.boxes and other < self.boxes else _BETWEEN
        return (self.sizes[one].height + self.sizes[other].height) / 2 + between

    def columns(self) -> list[tuple[float, float]]:
        """Give the left and the right end of each column."""
        steepest = [0.0] * len(self.layers)
        for start, end in self.pairs:
            ends = self.ports[start] if end < self.boxes else 0.0
            rise = abs(self.heights[start] - self.heights[end] - ends)
            steepest[self.column[start]] = max(steepest[self.column[start]], rise)
        found, x = [], 0.0
        for layer, steep in zip(self.layers, steepest, strict=True):
            width = max(self.sizes[vertex].width for vertex in layer)
            found.append((x, x + width))
            x += width + min(_GAP + _STEEPER * steep, _WIDEST)
        return found

    def layout(self) -> Layout:
        if not self.sizes:
            return Layout((), (), _NOTHING)
        columns = self.columns()
        placed = list(zip(self.heights, self.sizes, strict=True))
        top = min(y - size.height / 2 for y, size in placed)
        bottom = max(y + size.height / 2 for y, size in placed)
        middles = [
            Point(sum(columns[self.column[vertex]]) / 2, self.heights[vertex] - top)
            for vertex in range(len(self.sizes))
        ]
        wires = tuple(self.wire(chain, middles, columns) for chain in self.chains)
        return Layout(tuple(middles[: self.boxes]), wires, Size(columns[-1][1], bottom - top))

    def wire(
        self, chain: Sequence[int], middles: Sequence[Point], columns: Sequence[tuple[float, float]]
    ) -> Wire:
        """Draw an edge: level at the boxes and through what it passes, and through its label on a slope."""
        start, *between, label, end = chain
        here, there = middles[start], Point(middles[end].x, middles[end].y + self.ports[label])
        leaves = columns[self.column[start]][1]
        knots = [_Knot(here.x + self.sizes[start].width / 2, here.y), _Knot(leaves, here.y)]
        for vertex in between:
            knots += [_Knot(x, middles[vertex].y) for x in columns[self.column[vertex]]]
        arrives = columns[self.column[end]][0]
        last = [_Knot(arrives, there.y), _Knot(there.x - self.sizes[end].width / 2, there.y)]
        left, right = columns[self.column[label]]
        room = (self.sizes[label].height / 2 + _BETWEEN) * 0.8
        knots += [_through(knots[-1], middles[label], last[0], room / max((right - left) / 2, 1)), *last]
        return Wire(_smooth(knots), middles[label])


class _Knot(NamedTuple):
    """A place that a line goes through, with its slope there."""

    x: float
    y: float
    slope: float = 0.0


def _through(before: _Knot, middle: Point, behind: _Knot, most: float) -> _Knot:
    """Give the slope between two others: none where the line turns, none so steep that it meets a label."""
    rise, further = middle.y - before.y, behind.y - middle.y
    if rise * further <= 0:
        return _Knot(*middle)
    slopes = (rise / (middle.x - before.x), further / (behind.x - middle.x))
    steep = 1.5 * min(map(abs, slopes))
    return _Knot(*middle, math.copysign(min(steep, most), rise))


def _smooth(knots: Sequence[_Knot]) -> tuple[Point, ...]:
    """Join the knots by cubic pieces, each with the slopes of its ends."""
    points = [Point(knots[0].x, knots[0].y)]
    for one, other in itertools.pairwise(knots):
        bend = (other.x - one.x) * _BEND
        if bend > 0:
            points += [
                Point(one.x + bend, one.y + bend * one.slope),
                Point(other.x - bend, other.y - bend * other.slope),
                Point(other.x, other.y),
            ]
    return tuple(points)
