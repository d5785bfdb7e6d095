"""What says whether a file is as it was written: a sum of its text and its arrays, which it has in itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SUM", "checksum"]

#: Under which name the metadata of a file has it.
SUM = "sha256"


def checksum(text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Compute from all that a file says what is another as soon as a bit of it is.

    Examples
    --------
    >>> checksum("a", {"b": np.zeros(1)})[:8], checksum("a", {"b": np.array([-0.0])})[:8]
    ('ae699f7b', 'bf79b2b0')
    """
    found = hashlib.sha256(text.encode())
    for name, array in sorted(arrays.items()):
        found.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()
