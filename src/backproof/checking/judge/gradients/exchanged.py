"""Gradients in the wrong order: that of one argument stands where another's belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.judge.directions import agrees_along
from backproof.checking.judge.examination import Examination, Trial

__all__ = ["is_exchanged"]


def is_exchanged(
    exam: Examination, argument: str, source: str, part: str, came: Sequence[tuple[Trial, NDArray[Any]]]
) -> bool:
    """Say that a wrong gradient of an own forward is another argument's, whose own is wrong as well.

    Differences along one direction tell, whatever the number of arguments and of elements.
    """
    if all(agrees_along(exam, t.case, argument, -got) for t, got in came):
        return False  # of what changes its sign with the order, that is the nearer explanation
    for other in (name for name in exam.op.rules if name != argument):
        own = [t.answer.gradients.get(source, {}).get(other) for t, _ in came]
        if any(gradient is None for gradient in own):
            continue
        if not all(_is_of(exam, t, other, got) for t, got in came):
            continue
        if any(
            g is not None and agrees_along(exam, t.case, other, g)
            for (t, _), g in zip(came, own, strict=True)
        ):
            continue
        exam.add(
            "gradients-swapped",
            f"The gradient for {argument} is that of {other}: the gradients stand in another order than the "
            "arguments of the forward. Return them in that order.",
            part,
            argument=argument,
            source=source,
            arguments=[argument, other],
        )
        return True
    # What was summed to the shape of its argument does not tell whose it was.
    return any(
        finding.diagnosis == "gradients-swapped" and argument in finding.evidence.get("arguments", ())  # type: ignore[operator]
        for finding in exam.findings
    )


def _is_of(exam: Examination, trial: Trial, other: str, got: NDArray[Any]) -> bool:
    """Say whether a gradient is another argument's, once it is summed to that one's shape."""
    shape = trial.case.inputs[other].shape
    if got.shape != shape and _widens(shape, got.shape):
        extra = tuple(range(got.ndim - len(shape)))
        got = got.sum(axis=extra)
        got = got.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)
    return agrees_along(exam, trial.case, other, got)


def _widens(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, wide) == wide
    except ValueError:
        return False
