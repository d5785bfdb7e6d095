"""What is decided on: which class scores speak for, and which one a target is. All who count go by it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.ops.domain import BINARY, CLASS, POSITIVE, REAL, SIGN, Domain
from backproof.training.parts import loss_op

__all__ = ["compares_numbers", "decided", "gives_probabilities", "ignored_by", "judged", "threshold_of"]


def _domains(loss: Any) -> tuple[Domain | None, Domain | None]:
    """Give the sets that a loss takes predictions and targets from; ``None`` for one of somebody's own."""
    op = loss_op(loss)
    if op is None:
        return None, None
    first, second = list(op.arguments.values())[:2]
    return first.domain, second.domain


def threshold_of(loss: Any) -> float | None:
    """Give what predictions that are trained by a loss are above for a 1; ``None`` if they are of classes.

    Examples
    --------
    >>> from backproof import nn
    >>> threshold_of(nn.BCEWithLogitsLoss()), threshold_of(nn.BCELoss()), threshold_of(nn.CrossEntropyLoss())
    (0.0, 0.5, None)
    """
    scores, targets = _domains(loss)
    if targets == SIGN or (targets == BINARY and scores == REAL):
        return 0.0
    # Of several outputs that are compared with numbers the largest counts, as with classes.
    return 0.5 if targets == BINARY else None


def gives_probabilities(loss: Any) -> bool:
    """Say whether what is trained by a loss gives probabilities; scores of other kinds have any size.

    Examples
    --------
    >>> from backproof import nn
    >>> [gives_probabilities(loss) for loss in (nn.BCELoss(), nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss())]
    [True, False, False]
    """
    return threshold_of(loss) != 0 and _domains(loss)[1] != CLASS


def compares_numbers(loss: Any) -> bool:
    """Say whether a loss is one of numbers, whatever they are."""
    return _domains(loss)[1] in (REAL, POSITIVE)


def ignored_by(loss: Any) -> int | None:
    """Give the class of targets that do not count."""
    found: int | None = getattr(loss, "ignore_index", None)
    return found


def decided(output: Any, threshold: float | None = None) -> NDArray[np.intp]:
    """Give which class each output decides on.

    Parameters
    ----------
    output
        Scores: one for each class along axis 1, of which the largest counts; or with a threshold each for
        itself, a 1 where it is above.
    threshold
        ``None`` for classes; one score alone is then taken for a probability.

    Examples
    --------
    >>> decided(np.array([[0.1, 0.9], [0.8, 0.2]])).tolist(), decided(np.array([0.3, -0.1]), 0).tolist()
    ([1, 0], [1, 0])
    """
    scores = np.asarray(output)
    if threshold is None and scores.ndim > 1 and scores.shape[1] > 1:
        found: NDArray[np.intp] = scores.argmax(axis=1)
        return found
    return (scores > (0.5 if threshold is None else threshold)).astype(np.intp)


def judged(
    output: Any, target: Any, threshold: float | None = None, ignored: int | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give which classes are decided on, and which ones it should be, but for targets that are ignored.

    Parameters
    ----------
    output, threshold
        As `decided` takes them.
    target
        Classes, or probabilities of them in an array of the output's shape; or with a threshold numbers of
        which those above a half are 1, so that -1 and 1 are taken as well as 0 and 1.
    ignored
        The class that does not count.
    """
    scores, given = np.asarray(output), np.asarray(target)
    chosen = decided(scores, threshold)
    if chosen.ndim == scores.ndim:  # each score for itself
        return chosen, (given.reshape(scores.shape) > 0.5).astype(np.intp)
    if given.shape == scores.shape:
        return chosen, given.argmax(axis=1)
    classes = given.reshape(chosen.shape)
    counts = np.ones(classes.shape, bool) if ignored is None else classes != ignored
    return chosen[counts], classes[counts]
