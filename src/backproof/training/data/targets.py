"""What the targets of a loss may be: their axes, beside those of the output, and the set they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import NDArray

from backproof.ops import Op
from backproof.ops.domain import BINARY, CLASS, POSITIVE, PROBABILITY, SIGN, Domain
from backproof.training.data.arrays import first_wrong, where

__all__ = ["are_classes", "axes", "require_in_domain"]

#: Brings targets into other axes.
Axes: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]


class _Values(NamedTuple):
    """A set of targets: which are in it, what it is called, and what helps those who come near it."""

    holds: Callable[[NDArray[Any]], Any]
    said: str
    advice: str


def _from_0_to_1(y: NDArray[Any]) -> Any:
    return (y >= 0) & (y <= 1)


_SHARES = _Values(_from_0_to_1, "targets from 0 to 1", "of targets that are -1 and 1 make (y + 1) / 2")
#: The sets that targets come from, with their ends: a count may be 0.
_SETS: dict[Domain, _Values] = {
    BINARY: _SHARES,
    PROBABILITY: _SHARES,
    CLASS: _SHARES,  # where they are no classes, but the probabilities of them
    SIGN: _Values(lambda y: (y == -1) | (y == 1), "targets that are -1 or 1", "of 0 and 1 make 2 * y - 1"),
    POSITIVE: _Values(lambda y: y >= 0, "targets of at least 0", "they are counts"),
}


def _domain(op: Op) -> Domain:
    return list(op.arguments.values())[1].domain


def are_classes(op: Op | None, output: tuple[int, ...], y: NDArray[Any]) -> bool:
    """Say whether targets are classes, each the place of a score, for an output of this shape.

    With a loss of somebody's own (``None``) whole numbers are, where the model gives several scores.
    """
    if op is None:
        return y.dtype.kind in "iu" and y.ndim < len(output) and output[1:] != (1,)
    probabilities = y.shape == output and "target" in op.rules
    return _domain(op) == CLASS and not probabilities


def axes(op: Op | None, output: tuple[int, ...], y: NDArray[Any], name: str) -> Axes:
    """Give what brings targets into the axes that go with an output of this shape.

    Raises
    ------
    ValueError
        If that would take more than an axis of one number at the end.
    TypeError
        If they should be classes and are no whole numbers.
    """
    classes = are_classes(op, output, y)
    if classes and y.dtype.kind not in "iub" and op is not None:
        advice = (
            f"if they are classes pass {name}.astype(int); for numbers take another loss, such as MSELoss"
        )
        if y.shape == output:
            advice = f"of one-hot rows make classes with {name}.argmax(axis=1)"
        raise TypeError(
            f"{op.name} expects classes, whole numbers from 0 on; got {name} of dtype={y.dtype}: {advice}"
        )
    expected = (*output[:1], *output[2:]) if classes else output
    if y.shape == expected:
        return lambda y: y
    if (*y.shape, 1) == expected:
        return lambda y: y[..., None]
    if y.shape == (*expected, 1):
        return lambda y: y[..., 0]
    if op is None:
        return lambda y: y  # it may compare what it likes
    what = "a class" if classes else f"targets of shape {expected[1:]}"
    hint = f": of one-hot rows make classes with {name}.argmax(axis=1)" if y.shape == output else ""
    raise ValueError(
        f"{op.name} expects {what} for each output of shape {output[1:]}, which the model gives; got {name} "
        f"with rows of shape {y.shape[1:]}{hint}"
    )


def require_in_domain(
    op: Op, loss: Any, y: NDArray[Any], classes: int | None, name: str, columns: Sequence[str]
) -> None:
    """Refuse targets that are not in the set that the loss is made for, or none of the classes.

    Raises
    ------
    ValueError
        If there is one; it says where the first one is.
    """
    if classes is not None:
        _require_classes(op, loss, classes, y, name)
        return
    values = _SETS.get(_domain(op))
    if values is None or getattr(loss, "log_target", False):
        return
    found = first_wrong(y, values.holds)
    if found is not None:
        raise ValueError(
            f"{op.name} expects {values.said}; got {y[found]:g} in {name} ({where(found, columns)}); "
            f"{values.advice}"
        )


def _require_classes(op: Op, loss: Any, classes: int, y: NDArray[Any], name: str) -> None:
    ignored = getattr(loss, "ignore_index", None)
    found = first_wrong(y, lambda y: ((y >= 0) & (y < classes)) | (y == ignored))
    if found is None:
        return
    lowest, highest = int(y.min()), int(y.max())
    if classes == 1:
        advice = "one score for two classes goes with BCEWithLogitsLoss"
    elif highest - lowest < classes:
        advice = f"they start at {lowest}: pass {name} - {lowest}"
    else:
        advice = (
            f"they go from {lowest} to {highest}: number them with np.unique({name}, return_inverse=True)"
        )
        if not lowest:
            advice = f"for them the model needs {highest + 1} outputs"
    raise ValueError(
        f"{op.name} expects classes from 0 to {classes - 1}, for the model gives {classes} "
        f"score{'s' * (classes != 1)}; got {y[found]} in {name} ({where(found, [])}); {advice}"
    )
