"""Metrics: numbers that say how good predictions are, and that nobody differentiates.

Each is computed on all predictions at once: not every one is a mean over samples.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.nn.losses import Loss
from backproof.ops import CATALOGUE
from backproof.ops.domain import BINARY, REAL, SIGN
from backproof.training.parts import is_torch, loss_named, loss_op

__all__ = ["Metric", "accuracy", "metrics_of", "r2", "threshold_of"]

#: Gives a number for predictions and targets.
Metric: TypeAlias = Callable[[Any, Any], float]
#: What the history has besides metrics.
_COLUMNS = ("epoch", "step", "loss", "validation", "lr", "seconds")


def accuracy(prediction: Any, target: Any, threshold: float | None = None) -> float:
    """Give the share of predictions that are right.

    Parameters
    ----------
    prediction
        Scores: one for each class along axis 1, of which the largest counts; or with a threshold each for
        itself, a 1 where it is above.
    target
        Classes, or probabilities of them in an array of the prediction's shape; or with a threshold numbers
        of which those above a half are 1, so that -1 and 1 are taken as well as 0 and 1.
    threshold
        0.5 for probabilities, 0 for logits. ``None`` for classes; one score alone is then taken for a
        probability.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    >>> accuracy(np.array([[0.3], [-0.1]]), np.array([1, 0]), threshold=0)
    1.0
    """
    scores, given = np.asarray(prediction), np.asarray(target)
    if threshold is None and scores.ndim > 1 and scores.shape[1] > 1:
        classes = (
            given.argmax(axis=1) if given.shape == scores.shape else given.reshape(-1, *scores.shape[2:])
        )
        return float(np.mean(scores.argmax(axis=1) == classes))
    right = (scores > (0.5 if threshold is None else threshold)) == (given.reshape(scores.shape) > 0.5)
    return float(np.mean(right))


def r2(prediction: Any, target: Any) -> float:
    """Give the coefficient of determination: which share of the targets' variance is explained.

    R² = 1 − Σ (tᵢ − yᵢ)² / Σ (tᵢ − t̄)². Of several outputs it is the mean. Targets that are all the same
    have no variance: for them it is 1 if they are met, else 0.

    Examples
    --------
    >>> r2(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    y = np.asarray(prediction, np.float64)
    t = np.asarray(target, np.float64).reshape(y.shape)
    squared = CATALOGUE["MSELoss"].forward
    left = squared(np, y, t).sum(axis=0)
    whole = squared(np, t, t.mean(axis=0, keepdims=True)).sum(axis=0)
    none = whole == 0
    return float(np.mean(np.where(none, left == 0, 1 - left / np.where(none, 1, whole))))


def threshold_of(loss: Any) -> float | None:
    """Give what predictions that are trained by a loss are above for a 1; ``None`` if they are of classes.

    Examples
    --------
    >>> from backproof import nn
    >>> threshold_of(nn.BCEWithLogitsLoss()), threshold_of(nn.BCELoss()), threshold_of(nn.CrossEntropyLoss())
    (0.0, 0.5, None)
    """
    op = loss_op(loss)
    if op is None:
        return None
    scores, targets = [argument.domain for argument in op.arguments.values()][:2]
    if targets == SIGN or (targets == BINARY and scores == REAL):
        return 0.0
    # Of several outputs that are compared with numbers the largest counts, as with classes.
    return 0.5 if targets == BINARY else None


def metrics_of(given: Any, loss: Any = None) -> dict[str, Metric]:
    """Give metrics by their names.

    Parameters
    ----------
    given
        A mapping from names to metrics, or metrics: names ("accuracy", "r2", or that of a loss, such as
        "mae"), losses, or functions of prediction and target.
    loss
        What is trained by: it says which threshold "accuracy" has.

    Raises
    ------
    TypeError
        If something is no metric.
    ValueError
        If there is none of a name, there are two of one, or it is that of another column of the history.

    Examples
    --------
    >>> list(metrics_of(["accuracy", "mae"]))
    ['accuracy', 'mae']
    """
    if isinstance(given, Mapping):
        return _of_columns({str(name): _metric(each, loss) for name, each in given.items()})
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    named = [(_name(each), _metric(each, loss)) for each in listed]
    if len(dict(named)) < len(named):
        raise ValueError(
            f"expected metrics of different names; got {', '.join(name for name, _ in named)}: give a "
            "dictionary, from names to metrics"
        )
    return _of_columns(dict(named))


def _of_columns(metrics: dict[str, Metric]) -> dict[str, Metric]:
    """Refuse names that other columns of the history have."""
    taken = [name for name in metrics if name in _COLUMNS]
    if taken:
        raise ValueError(
            f"expected metrics of other names than the history's columns have, {', '.join(_COLUMNS)}; got "
            f"{', '.join(taken)}: give a dictionary, such as {{'my_{taken[0]}': …}}"
        )
    return metrics


def _name(metric: Any) -> str:
    if isinstance(metric, str):
        return metric
    return str(getattr(metric, "__name__", None) or type(metric).__name__)


def _metric(given: Any, loss: Any) -> Metric:
    if isinstance(given, str):
        return _named(given, loss)
    if inspect.isclass(given) or not callable(given):
        raise TypeError(
            "expected a metric: a name such as 'accuracy', a loss such as nn.L1Loss(), or a function of "
            f"prediction and target; got {given!r} ({type(given).__name__})"
        )
    if isinstance(given, Loss):
        return functools.partial(_lost, given)
    return functools.partial(_of_tensors, given) if is_torch(given) else given


def _named(name: str, loss: Any) -> Metric:
    own: dict[str, Metric] = {
        "accuracy": functools.partial(accuracy, threshold=threshold_of(loss)),
        "r2": r2,
    }
    if name.lower() in own:
        return own[name.lower()]
    try:
        return functools.partial(_lost, loss_named(name))
    except ValueError as error:
        close = difflib.get_close_matches(name.lower(), own, 1)
        hint = f"did you mean {close[0]}?" if close else "there are accuracy, r2, and the losses, such as mae"
        raise ValueError(f"expected the name of a metric; got {name!r}; {hint}") from error


def _lost(loss: Loss, prediction: Any, target: Any) -> float:
    """Give what a loss comes to; the call is let go, for nobody goes back through it."""
    value = float(loss(prediction, target))
    loss.accumulate()
    return value


def _of_tensors(metric: Callable[[Any, Any], Any], prediction: NDArray[Any], target: NDArray[Any]) -> float:
    """Give what a module of PyTorch comes to."""
    import torch

    return float(metric(torch.as_tensor(prediction), torch.as_tensor(target)))
