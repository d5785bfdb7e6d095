"""How high each vertex lies: near its neighbours, so that edges are straight, and apart from the next."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

__all__ = ["Segment", "heights", "settled"]

_SWEEPS, _LAST = 32, 16
#: How much it matters that a vertex stays where it is that is joined to nothing, and that a box stays.
_FREE, _FIXED = 0.1, 1e6
#: What a vertex is joined to on a side: the other, how far from level with it, and how much that matters.
_Joined: TypeAlias = list[tuple[int, float, float]]


class Segment(NamedTuple):
    """A piece of an edge, from one column to the next, with how far from their middles it leaves and ends."""

    start: int
    end: int
    leaves: float = 0.0
    ends: float = 0.0
    weight: float = 1.0


def heights(
    layers: Sequence[Sequence[int]],
    segments: Sequence[Segment],
    apart: Callable[[int, int], float],
    chains: Sequence[Sequence[int]],
) -> list[float]:
    """Give the height of each vertex.

    Column by column, from right to left and back, each vertex goes to the mean of its neighbours, as far
    as the order and the distances in its column let it: exactly, by `settled`. The last way is to the
    right: so a box with one edge to it lies level with where that comes from. Then only the edges move.

    ``apart(one, other)`` is how far the middles of two that are neighbours in a column must be apart;
    ``chains`` are the vertices that each edge passes.
    """
    count = sum(map(len, layers))
    left: list[_Joined] = [[] for _ in range(count)]
    right: list[_Joined] = [[] for _ in range(count)]
    for start, end, leaves, ends, weight in segments:
        left[end].append((start, leaves - ends, weight))
        right[start].append((end, ends - leaves, weight))
    columns = [
        (layer, [0.0, *(apart(one, other) for one, other in itertools.pairwise(layer))]) for layer in layers
    ]
    height = [0.0] * count
    for layer, gaps in columns:
        for vertex, at in zip(layer, itertools.accumulate(gaps), strict=True):
            height[vertex] = at - sum(gaps) / 2
    for sweep in range(_SWEEPS):
        forward = sweep % 2
        for layer, gaps in columns if forward else reversed(columns):
            _settle(layer, gaps, height, left if forward else right)
    both = [one + other for one, other in zip(left, right, strict=True)]
    for box in set(range(count)).difference(*chains):
        both[box] = [(box, 0.0, _FIXED)]
    for _ in range(_LAST):
        for layer, gaps in columns:
            _settle(layer, gaps, height, both)
    rooms = _rooms(columns)
    for chain in chains:
        _straighten(chain, height, rooms)
    return height


class _Rooms(NamedTuple):
    """For each vertex the one above it and the one below, with how far these must be."""

    above: dict[int, tuple[int, float]]
    below: dict[int, tuple[int, float]]


def _rooms(columns: Sequence[tuple[Sequence[int], Sequence[float]]]) -> _Rooms:
    rooms = _Rooms({}, {})
    for layer, gaps in columns:
        for (one, other), gap in zip(itertools.pairwise(layer), gaps[1:], strict=True):
            rooms.above[other], rooms.below[one] = (one, gap), (other, gap)
    return rooms


def _straighten(chain: Sequence[int], height: list[float], rooms: _Rooms) -> None:
    """Bring as many vertices of an edge in a row as have a height in common to this, and so on."""
    level: list[int] = []
    low, high = -math.inf, math.inf
    for vertex in chain:
        above, below = rooms.above.get(vertex), rooms.below.get(vertex)
        top = height[above[0]] + above[1] if above else -math.inf
        bottom = height[below[0]] - below[1] if below else math.inf
        if max(low, top) > min(high, bottom):
            _bring(level, height, low, high)
            level, low, high = [], -math.inf, math.inf
        level.append(vertex)
        low, high = max(low, top), min(high, bottom)
    _bring(level, height, low, high)


def _bring(level: Sequence[int], height: list[float], low: float, high: float) -> None:
    """Bring vertices to their mean, as far as there is room."""
    if len(level) > 1:
        mean = sum(height[vertex] for vertex in level) / len(level)
        for vertex in level:
            height[vertex] = min(max(mean, low), high)


def _settle(
    layer: Sequence[int], gaps: Sequence[float], height: list[float], joined: Sequence[_Joined]
) -> None:
    """Move the vertices of a column to the mean of those that they are joined to, as far as there is room."""
    wishes, weights = [], []
    for vertex in layer:
        total = sum(weight for _, _, weight in joined[vertex])
        wish = sum((height[other] + shift) * weight for other, shift, weight in joined[vertex])
        wishes.append(wish / total if total else height[vertex])
        weights.append(total or _FREE)
    for vertex, at in zip(layer, settled(wishes, weights, gaps), strict=True):
        height[vertex] = at


def settled(wishes: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Give places in order, each at least its gap behind the one before, nearest to what is wished.

    The sum of the weighted squares of the distances is least. Without the gaps, which are taken off
    first, this is the regression by a function that does not fall: neighbours that are in each other's
    way go to their mean together.

    Examples
    --------
    >>> settled([1.0, 1.0, 9.0], [1.0, 1.0, 1.0], [0.0, 2.0, 2.0])
    [0.0, 2.0, 9.0]
    """
    blocks: list[tuple[float, float, int]] = []
    offsets, offset = [], 0.0
    for wish, weight, gap in zip(wishes, weights, gaps, strict=True):
        offset += gap
        offsets.append(offset)
        mean, total, members = wish - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, more, further = blocks.pop()
            mean = (mean * total + other * more) / (total + more)
            total, members = total + more, members + further
        blocks.append((mean, total, members))
    found = [mean for mean, _, members in blocks for _ in range(members)]
    return [at + offset for at, offset in zip(found, offsets, strict=True)]
