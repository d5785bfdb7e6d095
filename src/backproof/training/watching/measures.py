"""Measures of trouble: of columns, of gradients through the layers, of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backproof.training.watching.modules import owner

__all__ = ["Ratio", "dead_units", "exploding", "huge", "layers_of", "unscaled", "vanishing"]

#: How many times larger or smaller than 1 a column may be; 1 is what goes with a bias.
_APART = 100.0
#: How many of its standard deviations a column may be away from 0.
_AWAY = 20.0
#: So many columns are named.
_NAMED = 3
#: How much the gradients of one layer may be larger than those of another.
_VANISHED, _EXPLODED = 1e-4, 1e4


class Ratio(NamedTuple):
    """How large the gradients of a layer are beside those of another; the layers are paths."""

    layer: str
    size: float
    other: str
    beside: float


def unscaled(X: NDArray[Any], names: Sequence[str] = ()) -> tuple[str, str] | None:
    """Say which columns are very large or small, or far from 0; ``None`` if none are.

    A column's size is the root mean square of what in it is not 0: one that is mostly empty is not small.

    Examples
    --------
    >>> unscaled(np.array([[1.0, 2000.0], [2.0, 1990.0], [0.0, 1980.0]]), ["rooms", "year"])
    ("column 'year'", "'year' is 1990 ± 8.16")
    >>> unscaled(np.array([[1.0, 2.0], [-2.0, 0.0]]))
    """
    columns = X.reshape(len(X), -1).astype(np.float64, copy=False)
    sizes = np.sqrt((columns**2).sum(axis=0) / np.maximum((columns != 0).sum(axis=0), 1))
    means, deviations = columns.mean(axis=0), columns.std(axis=0)
    # A column that is the same everywhere, but for rounding, may be there instead of a bias.
    away = (np.abs(means) > _AWAY * deviations) & (deviations > 1e-6 * np.abs(means))
    wrong = np.flatnonzero(away | (sizes > _APART) | ((sizes > 0) & (sizes < 1 / _APART)))
    if not wrong.size:
        return None
    which = [repr(names[place]) if len(names) == len(sizes) else str(place) for place in wrong.tolist()]
    numbers = [
        f"{name} is {means[place]:.4g} ± {deviations[place]:.3g}"
        for name, place in zip(which, wrong, strict=True)
    ]
    more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    where = f"column{'s' * (len(wrong) > 1)} {', '.join(which[:_NAMED])}{more}"
    return where, ", ".join(numbers[:_NAMED])


def layers_of(gradients: Mapping[str, float]) -> dict[str, float]:
    """Give the size of the gradients of each layer: that of its largest, for some rightly have none.

    Examples
    --------
    >>> layers_of({"0.weight": 0.5, "0.bias": 0.0, "2.weight": 0.1})
    {'0': 0.5, '2': 0.1}
    """
    found: dict[str, float] = {}
    for name, size in gradients.items():
        found[owner(name)] = max(found.get(owner(name), 0.0), size)
    return found


def vanishing(layers: Mapping[str, float]) -> Ratio | None:
    """Give the layer whose gradients have faded the most on their way back to it, if they have.

    Examples
    --------
    >>> vanishing({"0": 1e-9, "2": 1e-5, "4": 0.1})
    Ratio(layer='0', size=1e-09, other='4', beside=0.1)
    >>> vanishing({"0": 1e-9, "2": 1e-8, "4": 1e-8})
    """
    largest, other, found = 0.0, "", None
    for layer, size in [*layers.items()][::-1]:
        if size < _VANISHED * largest and (found is None or size / largest < found.size / found.beside):
            found = Ratio(layer, size, other, largest)
        if size > largest:
            largest, other = size, layer
    return found


def exploding(layers: Mapping[str, float], scale: float = 1.0) -> Ratio | None:
    """Give the layer whose gradients have grown the most on their way back from the last, if they have.

    ``scale`` is the size of the data, which the gradients of the first layer have as a factor.

    Examples
    --------
    >>> exploding({"0": 5e6, "2": 1e3, "4": 0.1})
    Ratio(layer='0', size=5000000.0, other='4', beside=0.1)
    """
    if len(layers) < 2:
        return None
    last = [*layers][-1]
    layer = max(layers, key=lambda name: layers[name])
    if not layers[layer] > _EXPLODED * max(1.0, scale) * layers[last] > 0:
        return None
    return Ratio(layer, layers[layer], last, layers[last])


def huge(parameters: Mapping[str, float], gradients: Mapping[str, float]) -> str | None:
    """Give the layer with the largest gradients, if some are very large beside its parameters.

    Examples
    --------
    >>> huge({"0": 0.5, "2": 0.5}, {"0": 1e9, "2": 1e7})
    '0'
    >>> huge({"0": 0.5}, {"0": 450.0})
    """
    large = [path for path, size in gradients.items() if not size < _EXPLODED * max(parameters[path], 1e-2)]
    return max(large, key=lambda path: gradients[path], default=None)


def dead_units(output: NDArray[Any]) -> tuple[int, int]:
    """Give how many units are 0 for every sample, and how many there are; of pictures channels are units.

    Examples
    --------
    >>> dead_units(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]))
    (1, 3)
    """
    if output.ndim > 3:
        output = np.moveaxis(output, 1, -1).reshape(-1, output.shape[1])
    alive = (output != 0).any(axis=0)
    return int(alive.size - alive.sum()), int(alive.size)
