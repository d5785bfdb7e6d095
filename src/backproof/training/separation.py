"""Whether classes can be told apart so well that the likelihood of a logistic model has no finite maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.decisions import decided

__all__ = ["right", "separable"]

#: With more numbers than this the question takes longer than the training.
_MOST = 5_000_000
#: What the solver of linear programs may be wrong by.
_TOLERANCE = 1e-6


def separable(
    inputs: NDArray[np.float64],
    labels: NDArray[np.int64],
    classes: int,
    outputs: NDArray[Any] | None = None,
    *,
    intercept: bool = True,
) -> bool | None:
    """Say whether some planes put no row on the wrong side, and some on the right one.

    Let class c have the score w_c · x. In a direction W where every row of class y has (w_y − w_c) · x ≥ 0
    for all c, and one > 0 for some c, the likelihood grows without end; if there is none, it has a maximum.
    A linear program finds it: make the mean of these differences as large as possible, with all of them ≥ 0
    and all elements of W from −1 to 1. It is positive if there is such a direction.

    Parameters
    ----------
    inputs
        A row each.
    labels
        The number of each row's class.
    classes
        How many there are.
    outputs
        What a linear model gives for the rows: where it is right about all of them they can be told apart,
        which is known at once.
    intercept
        Whether planes need not go through the origin.

    Returns
    -------
    ``None`` where there are too many rows to find out.

    References
    ----------
    Konis, "Linear programming algorithms for detecting separated data in binary logistic regression models"
    (2007); Albert and Anderson, "On the existence of maximum likelihood estimates in logistic regression
    models" (1984).

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> [separable(x, np.array(labels), 2) for labels in ([0, 0, 1, 1], [0, 1, 0, 1])]
    [True, False]
    """
    if outputs is not None and right(outputs, labels).all():
        return True
    rows = np.hstack([inputs, np.ones((len(inputs), 1))]) if intercept else inputs
    if rows.size * classes * (classes - 1) > _MOST:
        return None
    from scipy.optimize import linprog

    differences = np.concatenate([_differences(rows, labels, classes, other) for other in range(classes)])
    best = linprog(
        -differences.mean(axis=0),
        A_ub=-differences,
        b_ub=np.zeros(len(differences)),
        bounds=(-1, 1),
        method="highs",
    )
    return bool(best.success and -best.fun > _TOLERANCE)


def right(outputs: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """Say of each row whether its class has the largest score, or the sign of the one score is right."""
    threshold = 0.0 if outputs.shape[1] == 1 else None
    return np.asarray(decided(outputs, threshold).reshape(len(outputs)) == labels)


def _differences(
    rows: NDArray[np.float64], labels: NDArray[np.int64], classes: int, other: int
) -> NDArray[np.float64]:
    """Give what W is multiplied with to give (w_y − w_other) · x, for each row of another class.

    The first class has the score 0, as the scores of all may be shifted by the same.
    """
    chosen = labels != other
    found = np.zeros((int(chosen.sum()), classes, rows.shape[1]))
    found[np.arange(len(found)), labels[chosen]] = rows[chosen]
    found[:, other] -= rows[chosen]
    flat: NDArray[np.float64] = found[:, 1:].reshape(len(found), -1)
    return flat
