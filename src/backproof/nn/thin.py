"""NumPy, with those of its functions that are written in Python replaced by what they call.

On arrays of a few elements ``np.sum`` takes twice as long as the ``np.add.reduce`` that does its work,
and ``np.moveaxis`` twenty times as long as a transposition. The formulas of the ops name the array API's
functions, so the namespace that is handed to them decides.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["THIN"]

_Axis = int | tuple[int, ...] | None
# By position, which is quicker; their types name the arguments.
_ADD: Any = np.add.reduce
_MAXIMUM: Any = np.maximum.reduce
_MINIMUM: Any = np.minimum.reduce


def _sum(x: NDArray[Any], /, *, axis: _Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return _ADD(x, axis, dtype, None, keepdims)


def _max(x: NDArray[Any], /, *, axis: _Axis = None, keepdims: bool = False) -> Any:
    return _MAXIMUM(x, axis, None, None, keepdims)


def _min(x: NDArray[Any], /, *, axis: _Axis = None, keepdims: bool = False) -> Any:
    return _MINIMUM(x, axis, None, None, keepdims)


def _mean(x: NDArray[Any], /, *, axis: _Axis = None, keepdims: bool = False) -> Any:
    if axis is not None or not x.size or x.dtype == np.float16:  # whose sum NumPy takes in float32
        return np.mean(x, axis=axis, keepdims=keepdims)
    return _ADD(x, None, None, None, keepdims) / x.size


def _expand_dims(x: NDArray[Any], /, *, axis: int) -> NDArray[Any]:
    place = axis if axis >= 0 else x.ndim + 1 + axis
    return x.reshape((*x.shape[:place], 1, *x.shape[place:]))


def _squeeze(x: NDArray[Any], /, *, axis: int | tuple[int, ...]) -> NDArray[Any]:
    return x.squeeze(axis)


def _reshape(x: NDArray[Any], /, shape: tuple[int, ...]) -> NDArray[Any]:
    return x.reshape(shape)


def _permute_dims(x: NDArray[Any], /, axes: tuple[int, ...]) -> NDArray[Any]:
    return x.transpose(axes)


def _moveaxis(x: NDArray[Any], source: int, destination: int, /) -> NDArray[Any]:
    if source % x.ndim == destination % x.ndim:
        return x
    axes = list(range(x.ndim))
    axes.insert(destination if destination >= 0 else x.ndim + destination, axes.pop(source))
    return x.transpose(axes)


def _broadcast_to(x: Any, /, shape: tuple[int, ...]) -> NDArray[Any]:
    x = np.asarray(x)
    if x.ndim:
        return np.broadcast_to(x, shape)
    return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))


def _astype(x: NDArray[Any], dtype: DTypeLike, /, *, copy: bool = True) -> NDArray[Any]:
    return x.astype(dtype, copy=copy)


def _take_along_axis(x: NDArray[Any], indices: NDArray[Any], /, *, axis: int = -1) -> Any:
    if x.ndim == 2 and axis in (1, -1) and len(x) == len(indices):  # noqa: PLR2004 - rows and classes
        return x[np.arange(len(x))[:, None], indices]
    return np.take_along_axis(x, indices, axis=axis)


def _thin() -> ModuleType:
    """Copy NumPy's namespace, and put the replacements over it."""
    namespace = ModuleType(np.__name__, __doc__)
    vars(namespace).update(vars(np))
    vars(namespace).update(
        sum=_sum,
        max=_max,
        mean=_mean,
        min=_min,
        expand_dims=_expand_dims,
        squeeze=_squeeze,
        reshape=_reshape,
        permute_dims=_permute_dims,
        moveaxis=_moveaxis,
        broadcast_to=_broadcast_to,
        astype=_astype,
        take_along_axis=_take_along_axis,
    )
    return namespace


#: The namespace that the modules hand to the ops.
THIN = _thin()
