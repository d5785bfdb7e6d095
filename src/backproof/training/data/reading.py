"""How rows of an array are read, and which are read together: arrays may lie on a disk."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AT_ONCE", "Pages", "chunks", "is_mapped", "reader", "row_bytes", "shuffled"]

#: So many bytes are read at once: enough for the call to cost nothing, and few enough for the cache.
AT_ONCE = 2**18
#: So many neighbourhoods of rows that lie on a disk are shuffled together.
_TOGETHER = 64
#: So many bytes of a file are kept in memory, in case that they are read again.
_KEPT = 2**24


def is_mapped(array: NDArray[Any]) -> bool:
    """Say whether an array lies in a file, of which what is looked at is read.

    Examples
    --------
    >>> is_mapped(np.ones(3))
    False
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)


class Pages:
    """What was read of files that arrays are mapped to: it stays in memory, and is let go when it is much."""

    def __init__(self, arrays: Iterable[NDArray[Any]]) -> None:
        self._maps = [found for array in arrays if (found := _map_to_read(array)) is not None]
        self._read = 0

    def read(self, size: int) -> None:
        """Be told that so many bytes were read."""
        self._read += size
        if self._maps and self._read > _KEPT:
            self._read = 0
            for each in self._maps:
                each.madvise(mmap.MADV_DONTNEED)


def _map_to_read(array: NDArray[Any]) -> mmap.mmap | None:
    """Give the map of an array to a file, if nobody can have written to it: that would be lost."""
    base: Any = array
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap) and base.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):
            found: mmap.mmap | None = getattr(base, "_mmap", None)
            return found
        base = base.base
    return None


def row_bytes(array: NDArray[Any]) -> int:
    """Give how many bytes a row has, at least one."""
    return max(1, array.itemsize * math.prod(array.shape[1:]))


def reader(array: NDArray[Any]) -> Callable[[NDArray[np.int64]], NDArray[Any]]:
    """Give what reads rows by their numbers, and no others."""
    flags = array.flags
    if flags.c_contiguous and flags.aligned and array.dtype.isnative:
        # It is quicker; of an array that is laid out otherwise it would make a copy, of all of it.
        return lambda indices: array.take(indices, axis=0)
    return array.__getitem__


def shuffled(count: int, seed: int, epoch: int, nearby: int | None = None) -> Iterator[NDArray[np.int64]]:
    """Give all numbers below ``count`` in the order of an epoch, some at a time.

    Rows on a disk are read in neighbourhoods of ``nearby``: those come in any order, and so many of them as
    fit into memory are shuffled together. It takes little memory however many rows there are.

    Examples
    --------
    >>> [sorted(order.tolist()) for order in shuffled(5, seed=0, epoch=0)]
    [[0, 1, 2, 3, 4]]
    """
    # An epoch's numbers have nothing to do with those of others, nor with what is drawn from the seed alone.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,)))
    if nearby is None or nearby * _TOGETHER >= count:
        yield rng.permutation(count)
        return
    starts = rng.permutation(-(-count // nearby)) * nearby
    within = np.arange(nearby)
    for first in range(0, len(starts), _TOGETHER):
        numbers = (starts[first : first + _TOGETHER, None] + within).ravel()
        yield rng.permutation(numbers[numbers < count])


def chunks(orders: Iterator[NDArray[np.int64]], size: int) -> Iterator[NDArray[np.int64]]:
    """Cut orders that follow each other into pieces of a size; the last one may be shorter.

    Examples
    --------
    >>> [piece.tolist() for piece in chunks(iter([np.array([3, 1, 2]), np.array([5, 4])]), 2)]
    [[3, 1], [2, 5], [4]]
    """
    rest = np.empty(0, np.int64)
    for order in orders:
        joined = np.concatenate([rest, order]) if len(rest) else order
        end = len(joined) - len(joined) % size
        for start in range(0, end, size):
            yield joined[start : start + size]
        rest = joined[end:]
    if len(rest):
        yield rest
