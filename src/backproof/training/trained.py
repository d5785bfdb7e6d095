"""What a history belongs to."""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["Trained"]


class Trained:
    """What was trained, and on what, for plots: it is not kept alive by being known here.

    A model and its data are there as long as somebody else has them; a loss is small, and kept. What cannot
    be referred to, such as a list, is not remembered; nothing goes along into a file or to another process.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(3)
    >>> trained = Trained(X=x)
    >>> trained.get("X") is x, trained.get("y")
    (True, None)
    >>> del x
    >>> trained.get("X")
    """

    def __init__(self, *, loss: Any = None, **parts: Any) -> None:
        self._loss = loss
        self._parts = {name: weakref.ref(part) for name, part in parts.items() if _referable(part)}

    def get(self, name: str) -> Any:
        """Give a part; ``None`` if it is not there, or not any more."""
        if name == "loss":
            return self._loss
        part = self._parts.get(name)
        return None if part is None else part()

    def __reduce__(self) -> tuple[type[Trained], tuple[()]]:
        return Trained, ()


def _referable(part: Any) -> bool:
    return part is not None and type(part).__weakrefoffset__ != 0
