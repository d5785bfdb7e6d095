"""The namespace of an array, and what the array API standard lacks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Any

import numpy as np

from backproof._typing import Array, Float, Int, Namespace, Shaped

__all__ = [
    "check_classes",
    "check_not_negative",
    "device",
    "erfc",
    "namespace",
    "one_hot",
    "pad",
    "power_of_two",
    "put",
    "scatter_add",
    "sliding_windows",
    "zeros",
]


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
    # Where the indices are; JAX sees to that itself, and a traced array has no device.
    device = None if is_jax(xp) else indices.device
    return xp.astype(xp.arange(classes, device=device) == indices[..., None], dtype, copy=False)


def check_classes(
    xp: Namespace, classes: Int[Array, "..."], count: int, ignored: int | None = None, what: str = "class"
) -> bool:
    """Refuse an index that is no class below ``count``, unless it is the one to be ignored.

    It is NumPy that would take -1 for the last class. Other libraries trace: there are no values to
    look at, and they have checks of their own. Give whether it is certain that none is ignored.

    Raises
    ------
    IndexError
        If there is such an index.

    Examples
    --------
    >>> import numpy as np
    >>> check_classes(np, np.array([0, 4, -100]), 5, ignored=-100)
    False
    >>> check_classes(np, np.array([0, 7]), 5)
    Traceback (most recent call last):
        ...
    IndexError: a class is an index from 0 to 4; got 7
    """
    if not is_numpy(xp):
        return False
    # Without a sign an index below 0 is larger than any class; and the place of the largest is found sooner.
    unsigned = classes.view(f"u{classes.itemsize}")
    if not classes.size or unsigned.item(unsigned.argmax()) < count:
        return ignored is None or not 0 <= ignored < count
    wrong = (classes < 0) | (classes >= count)
    if ignored is not None:
        wrong &= classes != ignored
    if wrong.any():
        ignoring = "" if ignored is None else f", or ignore_index={ignored}"
        raise IndexError(f"a {what} is an index from 0 to {count - 1}{ignoring}; got {classes[wrong][0]}")
    return False


def check_not_negative(xp: Namespace, name: str, array: Float[Array, "..."]) -> None:
    """Refuse a number below 0, on NumPy, where no numbers are traced.

    Raises
    ------
    ValueError
        If there is one.

    Examples
    --------
    >>> import numpy as np
    >>> check_not_negative(np, "var", np.array([1.0, -2.0]))
    Traceback (most recent call last):
        ...
    ValueError: var is nowhere negative; got -2.0 in it
    """
    if is_numpy(xp) and (array < 0).any():
        raise ValueError(f"{name} is nowhere negative; got {array[array < 0][0]} in it")


def power_of_two(xp: Namespace, array: Float[Array, "..."], axis: int, least: float) -> Float[Array, "..."]:
    """Give a power of two near the largest magnitude along an axis: at most it, at least a quarter of it.

    A magnitude below ``least``, which is positive, counts as ``least``. A sum of squares overflows
    where the root of it is a float; of numbers divided by this scale it does not, and the division
    rounds nothing. As a constant between its steps the scale has the derivative 0 (``floor`` has),
    so that what is scaled and scaled back keeps its derivative.

    Examples
    --------
    >>> import numpy as np
    >>> power_of_two(np, np.array([[3.0, -9.0], [0.0, 0.0]]), axis=-1, least=0.5).tolist()
    [[4.0], [0.25]]
    """
    if not array.shape[axis]:
        return xp.ones_like(xp.sum(array, axis=axis, keepdims=True))
    largest = xp.max(xp.abs(array), axis=axis, keepdims=True)
    largest = xp.minimum(xp.maximum(largest, least), float(xp.finfo(array.dtype).max))
    # Half of it: the logarithm of the largest float is rounded to that of the next power.
    return 2.0 ** xp.floor(xp.log2(0.5 * largest))


def is_numpy(xp: Namespace) -> bool:
    """Whether a namespace is NumPy's, or a copy of it with some functions exchanged.

    Examples
    --------
    >>> import numpy as np
    >>> is_numpy(np)
    True
    """
    return bool(xp.__name__ == "numpy")


def is_torch(xp: Namespace) -> bool:
    """Whether a namespace is PyTorch's.

    Examples
    --------
    >>> import numpy as np
    >>> is_torch(np)
    False
    """
    return bool(xp.__name__.endswith("torch"))


def is_jax(xp: Namespace) -> bool:
    """Whether a namespace is that of JAX, whose arrays cannot be written to.

    Examples
    --------
    >>> import numpy as np
    >>> is_jax(np)
    False
    """
    return bool(xp.__name__.endswith("jax.numpy"))


def device(array: Array) -> Any:
    """Give the device of an array, ``None`` where JAX traces and there is none yet.

    Examples
    --------
    >>> import numpy as np
    >>> device(np.ones(1))
    'cpu'
    """
    return getattr(array, "device", None)


def zeros(xp: Namespace, shape: tuple[int, ...], like: Array) -> Array:
    """Zeros of the dtype and device of an array; inside ``torch.func.vmap`` a batch of them, as it is.

    Examples
    --------
    >>> import numpy as np
    >>> zeros(np, (2,), np.ones(3, np.float32))
    array([0., 0.], dtype=float32)
    """
    if is_torch(xp):
        return like.new_zeros(shape)
    return xp.zeros(shape, dtype=like.dtype, device=device(like))


def scatter_add(
    xp: Namespace, rows: Float[Array, "count *width"], indices: Int[Array, "count"], size: int
) -> Float[Array, "size *width"]:
    """Add each row to that row of zeros whose index is given: the transpose of ``take``.

    Examples
    --------
    >>> import numpy as np
    >>> scatter_add(np, np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), 3).tolist()
    [[2.0], [5.0], [0.0]]
    """
    if is_numpy(xp):
        sums = xp.zeros((size, *rows.shape[1:]), dtype=rows.dtype)
        xp.add.at(sums, indices, rows)
        return sums
    sums = zeros(xp, (size, *rows.shape[1:]), rows)
    if is_torch(xp):
        return sums.index_add(0, indices, rows)
    if is_jax(xp):
        return sums.at[indices].add(rows)
    return one_hot(xp, indices, size, rows.dtype).T @ rows


def erfc(xp: Namespace, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Complementary error function, 2/√π ∫ₓ^∞ exp(−t²) dt.

    Examples
    --------
    >>> import numpy as np
    >>> erfc(np, np.array([0.0, 1000.0])).tolist()
    [1.0, 0.0]
    """
    if hasattr(xp, "special"):  # PyTorch, and what is made for formulas
        return xp.special.erfc(x)
    if is_jax(xp):
        from jax.scipy.special import erfc as of_jax

        return of_jax(x)
    from scipy.special import erfc as of_scipy

    # SciPy has float32 and float64: extended precision takes the way through float64.
    known = np.asarray(x, dtype=None if x.dtype in (xp.float32, xp.float64) else np.float64)
    return xp.asarray(of_scipy(known), dtype=x.dtype)


def pad(xp: Namespace, array: Array, widths: Sequence[tuple[int, int]], value: float = 0.0) -> Array:
    """Put values before and after those along the last axes, as many as there are widths.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np, np.array([[1.0, 2.0]]), [(1, 2)], 9).tolist()
    [[9.0, 1.0, 2.0, 9.0, 9.0]]
    """
    if not any(before or after for before, after in widths):
        return array
    if is_numpy(xp):
        before_them = [(0, 0)] * (array.ndim - len(widths))
        return np.pad(array, [*before_them, *widths], constant_values=value)
    if is_torch(xp):
        from torch.nn.functional import pad as torch_pad

        return torch_pad(array, [width for pair in reversed(widths) for width in pair], value=value)
    for axis, pair in zip(range(-len(widths), 0), widths, strict=True):
        ends = [
            xp.full(_resized(array.shape, axis, width), value, dtype=array.dtype, device=device(array))
            for width in pair
        ]
        array = xp.concat([ends[0], array, ends[1]], axis=axis)
    return array


def _resized(shape: tuple[int, ...], axis: int, size: int) -> tuple[int, ...]:
    sizes = list(shape)
    sizes[axis] = size
    return tuple(sizes)


def sliding_windows(xp: Namespace, array: Array, axis: int, kernel: int, stride: int, dilation: int) -> Array:
    """Windows along an axis, a view where the library has one.

    The axis holds the windows, ``stride`` apart, and a last axis the values in each, ``dilation``
    apart.

    Examples
    --------
    >>> import numpy as np
    >>> sliding_windows(np, np.arange(7.0), 0, kernel=2, stride=3, dilation=2).tolist()
    [[0.0, 2.0], [3.0, 5.0]]
    """
    span = dilation * (kernel - 1) + 1
    if is_numpy(xp):
        windows = np.lib.stride_tricks.sliding_window_view(array, span, axis=axis)
        return windows[(slice(None),) * axis + (slice(None, None, stride),)][..., ::dilation]
    if is_torch(xp):
        return array.unfold(axis, span, stride)[..., ::dilation]
    count = (array.shape[axis] - span) // stride + 1
    starts = xp.arange(count, device=device(array)) * stride
    places = starts[:, None] + xp.arange(kernel, device=device(array)) * dilation
    taken = xp.take(array, xp.reshape(places, (-1,)), axis=axis)
    shape = (*array.shape[:axis], count, kernel, *array.shape[axis + 1 :])
    return xp.moveaxis(xp.reshape(taken, shape), axis + 1, -1)


def put(xp: Namespace, part: Float[Array, "..."], index: Any, shape: tuple[int, ...]) -> Float[Array, "..."]:
    """Add an array to zeros of a shape, where ``zeros[index]`` takes it from: the transpose of taking.

    Where arrays of whole numbers in the index name a place several times, all that comes there is added.

    Examples
    --------
    >>> import numpy as np
    >>> put(np, np.array([1.0, 2.0]), (slice(None), 0), (2, 3)).tolist()
    [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    >>> put(np, np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]), (3,)).tolist()
    [2.0, 5.0, 0.0]
    """
    if is_jax(xp):
        return xp.zeros(shape, dtype=part.dtype).at[index].add(part)
    parts = index if isinstance(index, tuple) else (index,)
    if all(part is None or isinstance(part, int | slice | EllipsisType) for part in parts):
        array = zeros(xp, shape, part)
        array[index] = part
        return array
    size = math.prod(shape)
    places = xp.reshape(xp.arange(size, device=device(part)), shape)[index]
    return xp.reshape(scatter_add(xp, xp.reshape(part, (-1,)), xp.reshape(places, (-1,)), size), shape)
