"""What a history belongs to."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from backproof.training.data.batches import pair_apart

__all__ = ["Trained"]

#: Data of more bytes than these is not kept alive.
_LARGE = 2**24
#: What datasets and loaders are made of, ours and PyTorch's: under which name they have it.
_WITHIN = {
    "TensorDataset": "tensors",
    "Subset": "dataset",
    "ConcatDataset": "datasets",
    "DataLoader": "dataset",
}


class Trained:
    """What was trained, and on what, for plots.

    The model and its loss are kept, and data that is small. What is large, of more than 16 MB, or of a size
    that nobody knows, such as a dataset of your own, is there as long as somebody else has it. Nothing goes
    along into a file or to another process.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.zeros((3000, 1000)), np.zeros(3000)
    >>> trained = Trained(X=X, y=y)
    >>> trained.get("X") is X, trained.get("loss")
    (True, None)
    >>> del X, y
    >>> trained.get("X"), trained.get("y").shape
    (None, (3000,))
    """

    def __init__(self, *, validation: Any = None, seed: int = 0, **parts: Any) -> None:
        if isinstance(validation, Real):  # a share, and what it was drawn from
            parts["share"] = validation, seed
        pair = pair_apart(validation)
        if pair is not None:
            parts |= {"validation X": pair[0], "validation y": pair[1]}
        self._parts = {name: _reference(name, part) for name, part in parts.items() if part is not None}

    def __contains__(self, name: str) -> bool:
        """Say whether there was such a part."""
        return name in self._parts

    def get(self, name: str) -> Any:
        """Give a part; ``None`` if it is not there, or not any more."""
        return self._parts[name]() if name in self._parts else None

    def __reduce__(self) -> tuple[type[Trained], tuple[()]]:
        return Trained, ()


def _reference(name: str, part: Any) -> Callable[[], Any]:
    """Give what gives a part: as long as it is asked for, or as long as it is there."""
    if name in ("model", "loss") or type(part).__weakrefoffset__ == 0 or _bytes(part) <= _LARGE:
        return lambda: part
    return weakref.ref(part)


def _bytes(data: Any) -> float:
    """Give how many bytes of data there are; infinity if nobody knows."""
    within = _WITHIN.get(type(data).__name__)
    if within is not None:
        return _bytes(getattr(data, within, None))
    if isinstance(data, tuple | list):
        return sum(map(_bytes, data))
    if hasattr(data, "memory_usage"):  # of pandas
        return float(np.asarray(data.memory_usage(index=False)).sum())
    if hasattr(data, "estimated_size"):  # of polars
        return float(data.estimated_size())
    return float(getattr(data, "nbytes", math.inf))
