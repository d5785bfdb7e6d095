"""NumPy, with those of its functions replaced that are slow: that are written in Python, or branch.

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
    if x.ndim == 2 and axis in (1, -1) and len(x) == len(indices):
        return x[np.arange(len(x))[:, None], indices]
    return np.take_along_axis(x, indices, axis=axis)


#: Integers of the floats' sizes, and from how many elements on it pays to look at floats as such.
_BITS = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}
_MANY = 4096


def _where(condition: Any, x1: Any, x2: Any, /) -> Any:
    """Choose; where the other choice is 0, of many floats, by multiplying their bits with the condition.

    NumPy's own branches on each element, which takes ten times as long where the processor cannot guess
    them. Of the bits nothing is rounded: infinity and NaN are chosen or left like any number.
    """
    if type(x1) is int and x1 == 0 and _are_many(condition, x2):
        return np.multiply(x2.view(_BITS[x2.dtype]), np.logical_not(condition)).view(x2.dtype)
    if type(x2) is int and x2 == 0 and _are_many(condition, x1):
        return np.multiply(x1.view(_BITS[x1.dtype]), condition).view(x1.dtype)
    return np.where(condition, x1, x2)


def _are_many(condition: Any, x: Any) -> bool:
    return type(x) is np.ndarray and x.size >= _MANY and x.dtype in _BITS and condition.shape == x.shape


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
        where=_where,
    )
    return namespace


#: The namespace that the modules hand to the ops.
THIN = _thin()
