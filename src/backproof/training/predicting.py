"""Predicting for many rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_pieces"]

#: Rows that are predicted at once.
_ROWS = 4096


def in_pieces(predict: Callable[[NDArray[Any]], Any], X: NDArray[Any]) -> NDArray[Any]:
    """Give the outputs for inputs, computed some rows at a time, so that little memory is needed.

    Examples
    --------
    >>> in_pieces(np.sqrt, np.array([4.0, 9.0])).tolist()
    [2.0, 3.0]
    """
    parts = [np.asarray(predict(X[start : start + _ROWS])) for start in range(0, len(X), _ROWS)]
    return np.concatenate([np.atleast_1d(part) for part in parts])
