"""A program: what was noted, without what nobody needs, as calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from numpy.typing import NDArray

from backproof.training.engines.planning.recorded import memory
from backproof.training.engines.planning.recorder import Instruction

__all__ = ["program"]

Array: TypeAlias = NDArray[Any]


def program(
    instructions: list[Instruction], given: Iterable[Array], wanted: Iterable[Array]
) -> list[Callable[[], object]]:
    """Give the calls that compute the arrays that are wanted, whenever those that are given have changed.

    Examples
    --------
    >>> import numpy as np
    >>> from backproof.training.engines.planning.recorder import Recorder
    >>> recorder, x = Recorder(), np.array([1.0, 2.0])
    >>> y = recorder.watch(x) * 3
    >>> unused = recorder.watch(x) + 1
    >>> calls = program(recorder.instructions, [x], [y.array])
    >>> x[0] = 5.0
    >>> for call in calls:
    ...     _ = call()
    >>> y.array.tolist(), len(calls)
    ([15.0, 6.0], 1)
    """
    kept = _straight(_needed(_changing(instructions, given), wanted))
    return [each.bind(each.out) for each in kept]


def _changing(instructions: list[Instruction], given: Iterable[Array]) -> list[Instruction]:
    """Leave out what gives the same every time: its result is in its buffer."""
    writes = Counter([each.writes for each in instructions])
    moving: set[int | None] = {None, *map(memory, given)}
    kept = []
    for each in instructions:
        if not moving.isdisjoint(each.reads) or (each.writes is not None and writes[each.writes] > 1):
            kept.append(each)
            moving.add(each.writes)
    return kept


def _needed(instructions: list[Instruction], wanted: Iterable[Array]) -> list[Instruction]:
    """Leave out what nothing that is wanted is computed from."""
    needed: set[int | None] = {None, *map(memory, wanted)}
    kept = []
    for each in reversed(instructions):
        if each.writes in needed:
            kept.append(each)
            needed.update(each.reads)
    return kept[::-1]


def _straight(instructions: list[Instruction]) -> list[Instruction]:
    """Compute what is only copied where the copy goes."""
    reads = Counter([memory for each in instructions for memory in each.reads])
    writes = Counter([each.writes for each in instructions])
    makers = {id(each.out): each for each in instructions if writes[each.writes] == 1}
    kept = []
    for each in instructions:
        maker = None if each.copied is None else makers.get(id(each.copied))
        if (
            maker is not None
            and maker.writes is not None
            and reads[maker.writes] == 1
            and _are_alike(each.copied, each.out)
        ):
            maker.out = each.out
        else:
            kept.append(each)
    return kept


def _are_alike(one: Array | None, other: Array | None) -> bool:
    return one is not None and other is not None and (one.dtype, one.shape) == (other.dtype, other.shape)
