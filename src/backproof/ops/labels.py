"""What losses of one class among many have in common: targets and weights that go with the input."""

from __future__ import annotations

import numpy as np

from backproof._typing import Array, Float, Int, Namespace, Shaped
from backproof.ops.backend import check_classes, is_numpy, one_hot

__all__ = ["indices", "known", "of_class", "put_class", "require_fit", "take_class"]


def require_fit(
    input: Float[Array, "..."],
    target: Shaped[Array, "..."],
    weight: Float[Array, "..."] | None,
    *,
    axis: int,
    shares: bool = False,
) -> None:
    """Refuse a target or weights that would broadcast to something nobody means.

    The target has the input's shape without the axis of the classes; that of a single sample may be
    ``(1,)``. ``shares`` says whether it may be probabilities, of the input's shape.

    Raises
    ------
    ValueError
        If a shape does not go with the input's.
    """
    if not input.ndim:
        raise ValueError("the input has an axis for the classes; got an input of shape=()")
    classes, without = input.shape[axis], (*input.shape[:axis], *input.shape[axis + 1 :])
    single = without == () and target.shape == (1,)
    if target.shape != without and not single and not (shares and target.shape == input.shape):
        other = f", or probabilities of shape {tuple(input.shape)}" if shares else ""
        raise ValueError(
            f"for an input of shape {tuple(input.shape)} the target is class indices of shape {without}"
            f"{other}; got target of shape={tuple(target.shape)}"
        )
    if weight is not None and weight.shape != (classes,):
        raise ValueError(
            f"the weight is one number for each of the {classes} classes; got shape={tuple(weight.shape)}"
        )


def of_class(xp: Namespace, weight: Float[Array, "classes"], index: Int[Array, "..."]) -> Float[Array, "..."]:
    """Give the weight of each class index."""
    return xp.reshape(xp.take(weight, xp.reshape(index, (-1,))), index.shape)


def known(
    xp: Namespace, target: Shaped[Array, "..."], input: Float[Array, "..."], axis: int, ignored: int
) -> tuple[Int[Array, "..."], Array | None]:
    """Give indices all of which are classes, and in which places they are not the one to be ignored.

    They have the shape of the input without the axis of the classes. In the place of one that is ignored
    stands the class 0. The second is ``None`` where it is known that none is ignored, which only NumPy,
    where no numbers are traced, can tell.

    Raises
    ------
    IndexError
        On NumPy, if an index is neither a class nor to be ignored.
    """
    index = indices(xp, target)
    if index.ndim == input.ndim:  # of a single sample
        index = xp.squeeze(index, axis=0)
    if check_classes(xp, index, input.shape[axis], ignored):
        return index, None
    kept = index != ignored
    return xp.where(kept, index, 0), kept


def indices(xp: Namespace, target: Shaped[Array, "*batch"]) -> Int[Array, "*batch"]:
    """Give class indices in a dtype that arrays are indexed with, one with a sign.

    Examples
    --------
    >>> import numpy as np
    >>> indices(np, np.array([2, 0], np.uint8)).dtype
    dtype('int64')
    """
    if target.dtype == xp.int64 or xp.isdtype(target.dtype, "signed integer"):
        return target
    return xp.astype(target, xp.arange(1).dtype)  # 8 bits without a sign, of which PyTorch would make a mask


def take_class(
    xp: Namespace, array: Float[Array, "..."], index: Int[Array, "..."], axis: int
) -> Float[Array, "..."]:
    """Take the value of each class along an axis, which is left out."""
    if is_numpy(xp) and axis == array.ndim - 1:
        return array.reshape(-1)[_places(index, array.shape[axis])]
    return xp.squeeze(xp.take_along_axis(array, xp.expand_dims(index, axis=axis), axis=axis), axis=axis)


def put_class(
    xp: Namespace, values: Float[Array, "..."], index: Int[Array, "..."], classes: int, axis: int
) -> Float[Array, "..."]:
    """Put each value into zeros, to its class along a new axis: the transpose of `take_class`."""
    if is_numpy(xp):
        array = xp.zeros((*index.shape, classes), dtype=values.dtype)
        array.reshape(-1)[_places(index, classes)] = values
        return xp.moveaxis(array, -1, axis)
    chosen = xp.moveaxis(one_hot(xp, index, classes, xp.bool), -1, axis)
    return xp.where(chosen, xp.expand_dims(values, axis=axis), 0)


def _places(index: Int[Array, "..."], classes: int) -> Int[Array, "..."]:
    """Give the places of the classes in the array, taken as one row."""
    return index + np.arange(0, index.size * classes, max(classes, 1)).reshape(index.shape)
