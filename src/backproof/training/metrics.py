"""Metrics: numbers that say how good predictions are, and that nobody differentiates.

Each is computed on all predictions at once: not every one is a mean over samples.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backproof._names import meant, said
from backproof.ops import CATALOGUE
from backproof.training.data.loader import DataLoader
from backproof.training.decisions import compares_numbers, ignored_by, judged, threshold_of
from backproof.training.parts import is_torch, loss_alone, loss_named, loss_op, one_number, require_pair

__all__ = ["Metric", "accuracy", "column_named", "metrics_of", "r2", "require_targets"]

#: What the history has besides metrics.
_COLUMNS = ("epoch", "step", "loss", "validation", "lr", "seconds")
#: Metrics of our own, of which more is better.
_OWN = ("accuracy", "r2")


@dataclass(frozen=True)
class Metric:
    """Gives a number for predictions and targets.

    Attributes
    ----------
    name
        What it is called.
    function
        What gives the number.
    mode
        Whether more of it is better, ``"max"``, or less, ``"min"``; ``None`` where nobody knows.
    require
        Refuses targets that it is not for; ``None`` if it takes all.
    """

    name: str
    function: Callable[[Any, Any], Any]
    mode: Literal["min", "max"] | None = None
    require: Callable[[Any], None] | None = None

    def __call__(self, prediction: Any, target: Any) -> float:
        """Compute it.

        Raises
        ------
        TypeError
            If it is not one number.
        """
        if self.require is not None:
            self.require(target)
        return one_number("the metric", self.name, self.function(prediction, target))


def accuracy(
    prediction: Any, target: Any, threshold: float | None = None, ignored: int | None = None
) -> float:
    """Give the share of predictions that are right; NaN if none counts.

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
    ignored
        A class that does not count.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    >>> accuracy(np.array([[0.3], [-0.1]]), np.array([1, 0]), threshold=0)
    1.0
    """
    chosen, classes = judged(prediction, target, threshold, ignored)
    return float(np.mean(chosen == classes)) if classes.size else math.nan


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


def metrics_of(given: Any, loss: Any = None) -> dict[str, Metric]:
    """Give metrics by their names.

    Parameters
    ----------
    given
        A mapping from names to metrics, or metrics: names ("accuracy", "r2", or that of a loss, such as
        "mae"), losses, or functions of prediction and target; those of scikit-learn get the target first.
        ``None`` for none.
    loss
        What is trained by: it says which threshold "accuracy" has, and which targets it leaves out.

    Raises
    ------
    TypeError
        If something is no metric.
    ValueError
        If there is none of a name, there are two of one, it is that of another column of the history, or
        a loss gives more than one number.

    Examples
    --------
    >>> list(metrics_of(["Accuracy", "mae"]))
    ['accuracy', 'mae']
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return _of_columns({str(name): _metric(str(name), each, loss) for name, each in given.items()})
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    named = [(name, _metric(name, each, loss)) for each in listed for name in [_name(each)]]
    if len(dict(named)) < len(named):
        raise ValueError(
            f"expected metrics of different names; got {', '.join(name for name, _ in named)}: give a "
            "dictionary, from names to metrics"
        )
    return _of_columns(dict(named))


def column_named(name: str) -> str:
    """Give the column that the metric of a name has: our own are called the same in capitals, too.

    Examples
    --------
    >>> column_named("R2"), column_named("mae")
    ('r2', 'mae')
    """
    return name.lower() if name.lower() in _OWN else name


def require_targets(metrics: Mapping[str, Metric], batches: Any) -> None:
    """Refuse metrics that are not for these targets, as far as some of them can be seen without harm."""
    required = [metric.require for metric in metrics.values() if metric.require is not None]
    if required and isinstance(batches, DataLoader):  # others may be used up, or draw at random
        _, target = next(iter(batches))
        for require in required:
            require(target)


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
        return column_named(metric)
    inner = _inner(metric)
    return str(getattr(inner, "__name__", None) or type(inner).__name__)


def _inner(metric: Any) -> Any:
    """Give what is called: with some arguments given already, the function that they are given to."""
    return metric.func if isinstance(metric, functools.partial) else metric


def _metric(name: str, given: Any, loss: Any) -> Metric:
    if isinstance(given, str):
        return _named(name, given, loss)
    if inspect.isclass(given) or not callable(given):
        raise TypeError(
            "expected a metric: a name such as 'accuracy', a loss such as nn.L1Loss(), or a function of "
            f"prediction and target; got {said(given)}"
        )
    is_loss = hasattr(given, "backward") or loss_op(given) is not None
    if is_loss:
        require_pair(given)
    mode: Literal["min"] | None = "min" if is_loss else None
    home = str(getattr(_inner(given), "__module__", None)).partition(".")[0]
    if is_torch(given) or home == "torch":
        return Metric(name, functools.partial(_of_tensors, given), mode)
    if is_loss:
        return Metric(name, functools.partial(loss_alone, given), mode)
    if home == "sklearn":
        return Metric(name, functools.partial(_of_sklearn, given, threshold_of(loss)))
    return Metric(name, given)


def _named(name: str, given: str, loss: Any) -> Metric:
    own = column_named(given)
    if own == "r2":
        return Metric(name, r2, "max")
    if own == "accuracy":
        share = functools.partial(accuracy, threshold=threshold_of(loss), ignored=ignored_by(loss))
        of_numbers = compares_numbers(loss)
        return Metric(name, share, "max", functools.partial(_require_bits, loss) if of_numbers else None)
    try:
        return Metric(name, functools.partial(loss_alone, loss_named(given)), "min")
    except ValueError as error:
        hint = meant(given, _OWN, "there are accuracy, r2, and the losses, such as mae")
        raise ValueError(f"expected the name of a metric; got {given!r}; {hint}") from error


def _require_bits(loss: Any, target: Any) -> None:
    """Refuse to count numbers as right or wrong."""
    found = np.asarray(target)
    wrong = found[(found != 0) & (found != 1)]
    if wrong.size:
        raise ValueError(
            f"expected targets that are classes for accuracy: with {type(loss).__name__}, a loss of numbers, "
            f"0 and 1; got {wrong.flat[0]:g}: measure 'r2' or 'mae', or train with a loss of classes"
        )


def _of_sklearn(
    metric: Callable[[Any, Any], Any], threshold: float | None, prediction: NDArray[Any], target: NDArray[Any]
) -> Any:
    """Give what a function of scikit-learn comes to, which takes the target first, and may take classes."""
    try:
        return metric(target, prediction)
    except ValueError as error:
        name, single = _name(metric), prediction.size == len(prediction)
        of_class = f"p > {0.5 if threshold is None else threshold:g}" if single else "p.argmax(1)"
        raise ValueError(
            f"{name} of scikit-learn refuses what the model gives, of shape {prediction.shape}: {error}. If "
            "it takes classes, make them of the scores: "
            f"metrics={{{name!r}: lambda p, t: {name}(t, {of_class})}}"
        ) from error


def _of_tensors(metric: Callable[[Any, Any], Any], prediction: NDArray[Any], target: NDArray[Any]) -> Any:
    """Give what a module or a function of PyTorch comes to."""
    import torch

    return metric(torch.as_tensor(prediction), torch.as_tensor(target))
