"""What a history belongs to."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from numbers import Real
from typing import Any

__all__ = ["Trained"]

#: An array of so many bytes is not kept alive.
_LARGE = 2**24


class Trained:
    """What was trained, and on what, for plots.

    The model and its loss are kept, and data that is small. What is large, of more than 16 MB, or of a size
    that nobody knows, such as a dataset, is there as long as somebody else has it. Nothing goes along into a
    file or to another process.

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
        if isinstance(validation, tuple) and len(validation) == 2:
            parts |= {"validation X": validation[0], "validation y": validation[1]}
        self._parts = {name: _reference(name, part) for name, part in parts.items()}

    def get(self, name: str) -> Any:
        """Give a part; ``None`` if it is not there, or not any more."""
        return self._parts[name]() if name in self._parts else None

    def __reduce__(self) -> tuple[type[Trained], tuple[()]]:
        return Trained, ()


def _reference(name: str, part: Any) -> Callable[[], Any]:
    """Give what gives a part: as long as it is asked for, or as long as it is there."""
    is_small = getattr(part, "nbytes", _LARGE + 1) <= _LARGE
    if name in ("model", "loss") or is_small or type(part).__weakrefoffset__ == 0:
        return lambda: part
    return weakref.ref(part)
