"""How a call is done again: into a buffer, and with as little to look at as there can be."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.training.engines.planning.number import Number
from backproof.training.engines.planning.recorded import Recorded, bare

__all__ = ["at_once", "bound_function", "bound_ufunc", "selection"]

Array: TypeAlias = NDArray[Any]
Call: TypeAlias = Callable[[], object]

#: Up to so many elements a call costs more than what it computes: constants are kept in full, for
#: broadcasting costs three times as much as none.
_FEW = 2**11
#: Functions that write into a buffer they are given.
_INTO = frozenset(
    {np.take, np.concatenate, np.stack, np.cumsum, np.argmax, np.argmin, np.mean, np.sum, np.max, np.min}
    | {np.clip, np.prod, np.cumprod, np.any, np.all}
    | {np.ndarray.argmax, np.ndarray.argmin, np.ndarray.max, np.ndarray.mean, np.ndarray.min, np.ndarray.sum}
    | {np.ndarray.any, np.ndarray.all, np.ndarray.cumsum, np.ndarray.take}
)
_CASTS = frozenset({np.ndarray.astype, np.ndarray.copy, np.copy, np.astype})
_BITS = {4: np.int32, 8: np.int64}


def bound_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any], out: Array
) -> Call:
    """Make a call of a universal function, or a reduction by one."""
    arguments: list[Any] = [each if isinstance(each, Number) else bare(each) for each in inputs]
    if method == "reduce":
        reduce: Any = ufunc.reduce
        if kwargs.keys() <= {"axis", "dtype", "keepdims"}:  # by position, which is quicker
            how = (kwargs.get("axis", 0), kwargs.get("dtype"), out, kwargs.get("keepdims", False))
            return functools.partial(reduce, *arguments, *how)
        return functools.partial(reduce, *arguments, **kwargs, out=out)
    if kwargs:
        return functools.partial(ufunc, *arguments, **kwargs, out=out)
    if ufunc is np.matmul:
        return _product(arguments[0], arguments[1], out)
    known = [not isinstance(each, Recorded) for each in inputs]
    arguments = bare(_constants(ufunc, arguments, known, out))
    if ufunc in (np.maximum, np.minimum):  # which warn of a third argument
        return functools.partial(ufunc, *arguments, out=out)
    return functools.partial(ufunc, *arguments, out)


def _product(one: Array, other: Array, out: Array) -> Call:
    """Multiply matrices: of small ones ``dot`` is the same in less than half the time."""
    alike = one.ndim == other.ndim == 2 and one.dtype == other.dtype == out.dtype
    if alike and out.flags.c_contiguous and max(one.size, other.size, out.size) <= _FEW:
        return functools.partial(one.dot, other, out)
    return functools.partial(np.matmul, one, other, out)


def _constants(ufunc: np.ufunc, arguments: list[Any], known: list[bool], out: Array) -> list[Any]:
    """Bring constants, and numbers, into the dtype that is computed in; small ones into the shape as well."""
    if not any(known) or ufunc.signature is not None:
        return arguments
    now = [each.value if isinstance(each, Number) else each for each in arguments]
    kinds = [type(each) if type(each) in (int, float) else np.asarray(each).dtype for each in now]
    dtypes = ufunc.resolve_dtypes((*kinds, None))  # Python's numbers are weak
    shape = out.shape if out.size <= _FEW else ()
    found = []
    for each, constant, dtype in zip(arguments, known, dtypes, strict=False):
        if isinstance(each, Number):
            found.append(each.numbers.written(each, dtype, shape))
            continue
        try:
            array = np.asarray(each, dtype) if constant else each
        except OverflowError:  # compared with a number that the dtype does not have
            return arguments
        if constant and (out.size <= _FEW or not array.ndim):
            array = np.broadcast_to(array, shape)
        found.append(np.array(array, order="C") if constant else array)
    return found


def bound_function(
    function: Callable[..., Any], arguments: tuple[Any, ...], kwargs: Mapping[str, Any], out: Array
) -> Call:
    """Make a call of another function of NumPy; of one that has no buffer the result is copied."""
    if function is np.where and len(arguments) == 3:
        return _choice(*arguments, out)
    if function in _CASTS:
        return functools.partial(np.copyto, out, arguments[0], "unsafe")
    # NumPy takes means of float16 in float32, but not into a buffer.
    if function in _INTO and "out" not in kwargs and out.dtype != np.float16:
        return functools.partial(function, *arguments, **kwargs, out=out)

    def copied() -> None:
        out[...] = function(*arguments, **kwargs)

    return copied


def _choice(condition: Array, one: Any, other: Any, out: Array) -> Call:
    """Choose. Where 0 is a choice, of many numbers the bits are multiplied: that branches nowhere."""
    plain = np.shape(condition) == out.shape
    if plain and out.size > _FEW and out.itemsize in _BITS:
        if _is_zero(one) and _is_like(other, out):
            return _masked(other, condition, out, kept=False)
        if _is_zero(other) and _is_like(one, out):
            return _masked(one, condition, out, kept=True)
    into = functools.partial(np.putmask, out, condition)
    if not plain or np.ndim(one):
        into = functools.partial(np.copyto, out, where=condition)
    first, second = np.asarray(one, out.dtype), np.asarray(other, out.dtype)

    def chosen() -> None:
        out[...] = second
        into(first)

    return chosen


def _masked(given: Array, condition: Array, out: Array, *, kept: bool) -> Call:
    """Keep what meets a condition, or does not, and put 0 in the place of the rest."""
    bits = _BITS[out.itemsize]
    source, goes, factors = given.view(bits), out.view(bits), np.empty(out.shape, bits)
    mask = condition if kept else np.empty(out.shape, bool)

    def masked() -> None:
        if not kept:
            np.logical_not(condition, mask)
        factors[...] = mask
        np.multiply(source, factors, goes)

    return masked


def _is_zero(given: Any) -> bool:
    return type(given) is int and given == 0


def _is_like(given: Any, out: Array) -> bool:
    alike = isinstance(given, np.ndarray) and given.dtype == out.dtype and given.shape == out.shape
    return alike and given.flags.c_contiguous and out.flags.c_contiguous


def selection(given: Array, index: Any, out: Array) -> Call:
    """Take what an index says, where that is no view."""
    if _is_of_places(given, index):
        return functools.partial(given.take, index, None, out)

    def copied() -> None:
        out[...] = given[index]

    return copied


def at_once(given: Array, index: Any, value: Any) -> Call:
    """Write where an index says."""
    if _is_of_places(given, index) and np.shape(value) == index.shape:
        return functools.partial(given.put, index, value)
    return functools.partial(given.__setitem__, index, value)


def _is_of_places(given: Array, index: Any) -> bool:
    """Say whether an index is an array of the numbers of elements."""
    return given.ndim == 1 and isinstance(index, np.ndarray) and index.dtype.kind == "i"
