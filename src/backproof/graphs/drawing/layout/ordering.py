"""The order in each column: edges between neighbouring columns are to cross as little as can be found."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["Near", "crossings", "ordered"]

#: For each vertex those that it is joined to in a neighbouring column.
Near = Sequence[Sequence[int]]
_SWEEPS = 24
#: After so many sweeps without a gain there is none to be had.
_PATIENCE = 6
#: How many walks are tried besides the first, of large graphs fewer: by the number of vertices altogether.
_STARTS, _WORK = 12, 1200


def ordered(layers: Sequence[Sequence[int]], before: Near, behind: Near) -> list[list[int]]:
    """Give the columns, each in an order with few crossings.

    It starts from the order that a walk from the last column gives, in which a tree does not cross at
    all, and improves it. Where edges still cross it starts from other walks as well, and keeps the best:
    what must move far, as a long edge from below a row to above it, gets there by no small steps.
    """
    best, least = _improved(_walked(layers, before), before, behind)
    for start in range(min(_STARTS, _WORK // max(len(before), 1))):
        if not least:
            break
        rng = np.random.default_rng(start)
        shuffled = [rng.permutation(np.array(near, int)).tolist() for near in before]
        found, count = _improved(_walked(layers, shuffled), before, behind)
        if count < least:
            best, least = found, count
    return best


def _improved(current: list[list[int]], before: Near, behind: Near) -> tuple[list[list[int]], int]:
    """Give the best order that is found from one, and its crossings.

    Each column is sorted by where its neighbours to one side are in the middle, from left to right and
    back, and neighbours change places where that helps.
    """
    best, least = [list(layer) for layer in current], crossings(current, behind)
    patience = _PATIENCE
    for sweep in range(_SWEEPS):
        if not least or not patience:
            break
        if sweep % 2:
            for left, layer in zip(reversed(current[1:]), reversed(current[:-1]), strict=True):
                _sort(layer, left, behind)
        else:
            for left, layer in itertools.pairwise(current):
                _sort(layer, left, before)
        _transpose(current, before, behind)
        patience -= 1
        count = crossings(current, behind)
        if count < least:
            best, least, patience = [list(layer) for layer in current], count, _PATIENCE
    return best, least


def crossings(layers: Sequence[Sequence[int]], behind: Near) -> int:
    """Count the crossings between each column and the next.

    Examples
    --------
    >>> crossings([[0, 1], [2, 3]], [[3], [2], [], []])
    1
    """
    count = 0
    for layer, following in itertools.pairwise(layers):
        place = {vertex: index for index, vertex in enumerate(following)}
        seen: list[int] = []
        for vertex in layer:
            ends = sorted(place[other] for other in behind[vertex])
            count += sum(len(seen) - bisect.bisect_right(seen, end) for end in ends)
            for end in ends:
                bisect.insort(seen, end)
    return count


def _walked(layers: Sequence[Sequence[int]], before: Near) -> list[list[int]]:
    """Put each column into the order in which its vertices are met on a walk against the edges."""
    column = {vertex: index for index, layer in enumerate(layers) for vertex in layer}
    found: list[list[int]] = [[] for _ in layers]
    met: set[int] = set()
    for layer in reversed(layers):
        for start in layer:
            waiting = [start]
            while waiting:
                vertex = waiting.pop()
                if vertex not in met:
                    met.add(vertex)
                    found[column[vertex]].append(vertex)
                    waiting.extend(reversed(before[vertex]))
    return found


def _sort(layer: list[int], beside: Sequence[int], near: Near) -> None:
    """Sort a column by the middle of each vertex's neighbours; one without any keeps its place."""
    place = {vertex: index for index, vertex in enumerate(beside)}
    joined = [vertex for vertex in layer if near[vertex]]
    middle = {vertex: _middle(sorted(place[other] for other in near[vertex])) for vertex in joined}
    following = iter(sorted(joined, key=middle.__getitem__))
    layer[:] = [next(following) if near[vertex] else vertex for vertex in layer]


def _middle(places: Sequence[int]) -> float:
    half = len(places) // 2
    return places[half] if len(places) % 2 else (places[half - 1] + places[half]) / 2


def _transpose(layers: list[list[int]], before: Near, behind: Near) -> None:
    """Change neighbours in a column while that takes crossings away."""
    for index, layer in enumerate(layers):
        sides = [
            ({v: i for i, v in enumerate(layers[other])}, near)
            for other, near in ((index - 1, before), (index + 1, behind))
            if 0 <= other < len(layers)
        ]
        ends = [_places(place, near) for place, near in sides]
        for _ in range(len(layer)):
            gained = False
            for at in range(len(layer) - 1):
                one, other = layer[at], layer[at + 1]
                change = sum(
                    _crossing(end(other), end(one)) - _crossing(end(one), end(other)) for end in ends
                )
                if change < 0:
                    layer[at], layer[at + 1] = other, one
                    gained = True
            if not gained:
                break


def _places(place: dict[int, int], near: Near) -> Callable[[int], list[int]]:
    known: dict[int, list[int]] = {}

    def ends(vertex: int) -> list[int]:
        if vertex not in known:
            known[vertex] = sorted(place[other] for other in near[vertex])
        return known[vertex]

    return ends


def _crossing(upper: Sequence[int], lower: Sequence[int]) -> int:
    """Count the crossings of the edges of a vertex with those of the one below it."""
    return sum(bisect.bisect_left(lower, end) for end in upper)
