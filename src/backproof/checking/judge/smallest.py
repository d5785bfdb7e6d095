"""The smallest case that shows a mistake: fewer elements first, then simpler numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case

__all__ = ["SIMPLE", "shrunk"]

#: The values of each domain that the smallest case is made of, the simplest first.
SIMPLE: Mapping[str, tuple[float, ...]] = {
    "real": (1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 0.0),
    "small": (1.0, -1.0, 0.5, -0.5),
    "unit": (0.5, -0.5, 0.25),
    "positive": (1.0, 2.0, 0.5),
    "probability": (0.5, 0.25, 0.75),
    "log probability": (-1.0, -2.0, -0.5),
    "binary": (0.0, 1.0),
    "sign": (1.0, -1.0),
}
#: How many cases are tried at most.
_TRIED = 60
#: One with more elements than this is no help to anybody.
_LARGEST = 8
_UPSTREAM = "grad_output"


def shrunk(case: Case, is_wrong: Callable[[Case], bool], domains: Mapping[str, str]) -> Case | None:
    """Make a case that shows a mistake as small and simple as it can be and still show it.

    Sizes are cut wherever they stand together: that of a batch in the input, the target and the upstream
    gradient. Then every number is made as simple as the ``domains`` of the arguments have it. Gives
    ``None`` where nothing smaller shows it.
    """
    tried = itertools.count()
    small = case

    def accepts(other: Case) -> bool:
        return next(tried) < _TRIED and is_wrong(other)

    for size in sorted({size for array in _arrays(case).values() for size in array.shape if size > 1}):
        small = next((other for other in _cut(small, size) if accepts(other)), small)
    if small is case or max(array.size for array in _arrays(small).values()) > _LARGEST:
        return None
    for name, array in _arrays(small).items():
        if array.dtype.kind == "f":
            for place in np.ndindex(array.shape):
                simpler = (
                    _with(small, name, place, value) for value in SIMPLE.get(domains.get(name, "real"), ())
                )
                small = next((other for other in simpler if accepts(other)), small)
    return small


def _arrays(case: Case) -> dict[str, NDArray[np.generic]]:
    upstream = {} if case.grad_output is None else {_UPSTREAM: case.grad_output}
    return {**case.inputs, **upstream}


def _made(case: Case, arrays: Mapping[str, NDArray[np.generic]]) -> Case:
    inputs = {name: array for name, array in arrays.items() if name != _UPSTREAM}
    return replace(case, inputs=inputs, grad_output=arrays.get(_UPSTREAM))


def _cut(case: Case, size: int) -> Iterator[Case]:
    """Leave one or two of so many, wherever an axis has that size: each size stands for one thing only."""
    for length in (1, 2):
        for start in range(size - length + 1):
            part = slice(start, start + length)
            yield _made(
                case,
                {
                    name: np.ascontiguousarray(
                        array[tuple(part if n == size else slice(None) for n in array.shape)]
                    )
                    for name, array in _arrays(case).items()
                },
            )


def _with(case: Case, name: str, place: tuple[int, ...], value: float) -> Case:
    arrays = _arrays(case)
    changed = arrays[name].copy()
    changed[place] = value
    return _made(case, {**arrays, name: changed})
