"""Values that belong to the channels of an array, which are its second axis."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace

__all__ = ["Channels", "along_channels", "not_channels", "over_channels", "require_channels"]

#: One for each channel.
Channels: TypeAlias = Float[Array, "channels"]


def along_channels(xp: Namespace, values: Float[Array, "..."] | None, rank: int) -> Array | None:
    """Lay values, one for each channel or a single one, out along the second of ``rank`` axes.

    >>> import numpy as np
    >>> along_channels(np, np.array([5.0, 7.0]), 3).tolist()
    [[5.0], [7.0]]
    """
    return None if values is None else xp.reshape(values, (-1, *[1] * (rank - 2)))


def not_channels(rank: int) -> tuple[int, ...]:
    """Give all axes of ``rank`` but the second.

    >>> not_channels(4)
    (0, 2, 3)
    """
    return (0, *range(2, rank))


def over_channels(xp: Namespace, values: Float[Array, "..."]) -> Channels:
    """Sum over all axes but the second.

    >>> import numpy as np
    >>> over_channels(np, np.array([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [3.0, 7.0]
    """
    return xp.sum(values, axis=not_channels(values.ndim))


def require_channels(input: Float[Array, "..."], **given: Float[Array, "..."] | None) -> None:
    """Refuse values, given by their names, that are not one for each channel of an input.

    Raises
    ------
    ValueError
        If there are such values, or the input has no axis for the channels.

    Examples
    --------
    >>> import numpy as np
    >>> require_channels(np.ones((4, 3)), weight=np.ones(2))
    Traceback (most recent call last):
        ...
    ValueError: weight is one value for each of the 3 channels; got a weight of shape (2,)
    """
    if input.ndim < 2:
        raise ValueError(
            f"the second axis of the input is of the channels; got an input of shape {tuple(input.shape)}"
        )
    channels = input.shape[1]
    for name, values in given.items():
        if values is not None and tuple(values.shape) != (channels,):
            raise ValueError(
                f"{name} is one value for each of the {channels} channels; got a {name} of shape "
                f"{tuple(values.shape)}"
            )
