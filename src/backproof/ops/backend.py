"""The namespace of an array, and what the array API standard lacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof._typing import Array, Int, Namespace, Shaped

__all__ = ["namespace", "one_hot"]


def namespace(array: Array) -> Namespace:
    """Find the array API namespace that an array belongs to.

    NumPy serves itself; for PyTorch and JAX ``array-api-compat`` is loaded, only then.

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.ones(3)).__name__
    'numpy'
    """
    if isinstance(array, np.ndarray | np.generic):
        return np
    from array_api_compat import array_namespace

    return array_namespace(array)


def one_hot(
    xp: Namespace, indices: Int[Array, "*batch"], classes: int, dtype: Any
) -> Shaped[Array, "*batch classes"]:
    """Rows of zeros with a one at each index.

    Examples
    --------
    >>> import numpy as np
    >>> one_hot(np, np.array([1, 0]), 3, np.float64).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    return xp.astype(xp.arange(classes) == indices[..., None], dtype)
