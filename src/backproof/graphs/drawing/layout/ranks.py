"""Columns: every edge goes to the right, and together they are short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["ranked"]

_ROUNDS = 8


def ranked(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Give each box its column; the boxes come in an order in which every edge leads to a later one.

    A box stands as far right as those behind it allow; then it moves to where its edges together are
    shortest: left if more of them come in than go out, else right.

    Examples
    --------
    >>> ranked(4, [(0, 2), (1, 3), (2, 3)])
    [0, 1, 1, 2]
    """
    before: list[list[int]] = [[] for _ in range(count)]
    behind: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        before[end].append(start)
        behind[start].append(end)
    rank = [0] * count
    for box in range(count):
        rank[box] = max((rank[other] + 1 for other in before[box]), default=0)
    last = max(rank, default=0)
    for box in reversed(range(count)):
        if behind[box]:
            rank[box] = min(rank[other] for other in behind[box]) - 1
        else:
            rank[box] = last if before[box] else rank[box]
    for _ in range(_ROUNDS):
        moved = _pulled(rank, range(count), before, behind) | _pulled(
            rank, reversed(range(count)), before, behind
        )
        if not moved:
            break
    first = min(rank, default=0)
    return [column - first for column in rank]


def _pulled(rank: list[int], boxes: Iterable[int], before: list[list[int]], behind: list[list[int]]) -> bool:
    """Move each box to the end of its room that makes its edges shorter; say whether any moved."""
    moved = False
    for box in boxes:
        place = rank[box]
        if len(before[box]) > len(behind[box]):
            place = max(rank[other] for other in before[box]) + 1
        elif len(before[box]) < len(behind[box]):
            place = min(rank[other] for other in behind[box]) - 1
        moved |= place != rank[box]
        rank[box] = place
    return moved
