"""Which gradient is whose: by keys, by order and shapes, and where these leave it open by what it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.libraries import take
from backproof.checking.adapt.objectives.leaves import PARAMETERS, Leaf
from backproof.checking.adapt.words.names import gradient_names, normalise

__all__ = ["Places", "left_over", "picked", "placements"]

#: The place of each leaf's gradient in what is returned: a key, or a number.
Places: TypeAlias = dict[str, str | int | None]


def placements(returned: Any, leaves: Sequence[Leaf], values: Mapping[str, NDArray[Any]]) -> list[Places]:
    """Say where the gradient of each leaf may be, the likeliest first; nothing where that cannot be told."""
    real = [leaf for leaf in leaves if leaf.role != "target" and values[leaf.name].dtype.kind == "f"]
    if isinstance(returned, Mapping):
        keyed: Places = {leaf.name: _key(returned, leaf) for leaf in real}
        owed = {leaf.name for leaf in real if leaf.key is not None}
        places = {name: key for name, key in keyed.items() if key is not None or name in owed}
        return [places] if any(key is not None for key in places.values()) else []
    arrays = [take(item) for item in _flat(returned)]
    # What is returned may be one of the arguments: it is no gradient.
    if any(array is not None and np.array_equal(array, one) for array in arrays for one in values.values()):
        return []
    found: list[Places] = []
    for places in _possible(arrays, real, values):
        if places and places not in found:
            found.append(places)
    return found


def _possible(
    arrays: Sequence[NDArray[Any] | None], real: Sequence[Leaf], values: Mapping[str, NDArray[Any]]
) -> Iterator[Places]:
    """Give the places by the roles of the leaves; of fewer gradients than leaves, every choice of these."""
    learned = [leaf for leaf in real if leaf.role in PARAMETERS]
    for group in (learned, real, [leaf for leaf in real if leaf.role == "data"]):
        names = [leaf.name for leaf in group]
        by_shape = _by_shape(names, arrays, values)
        if len(names) == len(arrays) > 0 and all(array is not None for array in arrays):
            yield by_shape if len(by_shape) == len(names) else {n: i for i, n in enumerate(names)}
        elif names and len(by_shape) == min(len(names), len(arrays)):
            yield by_shape
    if len(arrays) < len(real):
        for some in itertools.combinations([leaf.name for leaf in real], len(arrays)):
            by_shape = _by_shape(some, arrays, values)
            if len(by_shape) == len(arrays):
                yield by_shape


def _key(returned: Mapping[Any, Any], leaf: Leaf) -> str | None:
    known = {normalise(leaf.name), *gradient_names(leaf.name)}
    exact = [key for key in returned if key in (leaf.key, leaf.name)]
    alike = [key for key in returned if isinstance(key, str) and normalise(key) in known]
    return next(iter(exact + alike), None)


def _by_shape(
    names: Sequence[str], arrays: Sequence[NDArray[Any] | None], values: Mapping[str, NDArray[Any]]
) -> Places:
    found: Places = {}
    for index, array in enumerate(arrays):
        for name in names:
            if array is not None and name not in found and array.shape == values[name].shape:
                found[name] = index
                break
    return {name: found[name] for name in names if name in found}


def _flat(returned: Any) -> list[Any]:
    if isinstance(returned, tuple | list):
        return [one for item in returned for one in _flat(item)]
    return [returned]


def picked(returned: Any, places: Places) -> dict[str, Any]:
    """Give what was returned for each leaf that has a place."""
    if isinstance(returned, Mapping):
        return {name: returned.get(place) for name, place in places.items()}
    items = dict(enumerate(_flat(returned)))
    return {name: items.get(place) if isinstance(place, int) else None for name, place in places.items()}


def left_over(returned: Any, places: Places, values: Mapping[str, NDArray[Any]]) -> int:
    """Count the arrays that might be gradients by their shape, and have no place."""
    shapes = {value.shape for value in values.values() if value.dtype.kind == "f"}
    items = [] if isinstance(returned, Mapping) else enumerate(map(take, _flat(returned)))
    taken = set(places.values())
    return sum(array is not None and array.shape in shapes and index not in taken for index, array in items)
