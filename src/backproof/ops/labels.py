"""What losses of one class among many have in common: targets and weights that go with the input."""

from __future__ import annotations

from backproof._typing import Array, Float, Int, Namespace, Shaped

__all__ = ["of_class", "require_fit"]


def require_fit(
    input: Float[Array, "..."],
    target: Shaped[Array, "..."],
    weight: Float[Array, "..."] | None,
    *,
    axis: int,
    shares: bool = False,
) -> None:
    """Refuse a target or weights that would broadcast to something nobody means.

    ``shares`` says whether the target may be probabilities, of the input's shape.

    Raises
    ------
    ValueError
        If a shape does not go with the input's.
    """
    classes, without = input.shape[axis], (*input.shape[:axis], *input.shape[axis + 1 :])
    if target.shape != without and not (shares and target.shape == input.shape):
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
