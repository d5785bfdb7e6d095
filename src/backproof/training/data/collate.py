"""Samples put together to a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["default_collate", "merged"]


def merged(parts: Sequence[Any], join: Callable[[list[NDArray[Any]]], Any]) -> Any:
    """Put equally built parts together: tuples, lists and dictionaries part by part, arrays by ``join``.

    Raises
    ------
    TypeError
        If there is something else in them.
    ValueError
        If they are not equally built.
    """
    first = parts[0]
    if isinstance(first, str | bytes):
        return list(parts)
    if isinstance(first, Mapping):
        return {key: merged([part[key] for part in parts], join) for key in first}
    if isinstance(first, Sequence):
        if any(len(part) != len(first) for part in parts):
            raise ValueError(
                "expected samples of as many parts each; got "
                f"{sorted({len(part) for part in parts})}: pass collate_fn, which makes a batch of a list of "
                "them"
            )
        found = [merged(each, join) for each in zip(*parts, strict=True)]
        if hasattr(first, "_fields"):
            return type(first)(*found)
        return tuple(found) if isinstance(first, tuple) else found
    arrays = [np.asarray(part) for part in parts]
    if any(array.dtype.kind not in "biufc" for array in arrays):
        raise TypeError(
            f"expected samples of numbers, arrays, texts, tuples, lists or dictionaries; got {first!r} "
            f"({type(first).__name__}): pass collate_fn, which makes a batch of a list of them"
        )
    return join(arrays)


def _stacked(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise ValueError(
            f"expected samples of one shape in a batch; got {', '.join(map(str, shapes))}: pass collate_fn, "
            "which makes a batch of a list of them"
        )
    return np.stack(arrays)


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples together to a batch, as PyTorch does: each of their parts gets an axis for the samples.

    Numbers become arrays, tuples stay tuples, texts are listed.

    Raises
    ------
    TypeError
        If a sample holds something else than numbers, arrays, texts, tuples, lists and dictionaries.
    ValueError
        If they are not equally built, or their arrays of several shapes.

    Examples
    --------
    >>> default_collate([(np.array([1.0, 2.0]), 3), (np.array([4.0, 5.0]), 6)])
    (array([[1., 2.],
           [4., 5.]]), array([3, 6]))
    """
    if not len(batch):
        raise ValueError("expected at least one sample to make a batch of; got none")
    return merged(batch, _stacked)
