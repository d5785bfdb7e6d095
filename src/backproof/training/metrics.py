"""Metrics: numbers that say how good predictions are, and that nobody differentiates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Metric", "accuracy", "metrics_of"]

Metric: TypeAlias = Callable[[Any, Any], float]


def accuracy(prediction: Any, target: Any) -> float:
    """Give the share of predictions that are right: the largest score's class, or the sign of one score."""
    if prediction.ndim > np.ndim(target):
        return float(np.mean(prediction.argmax(axis=1) == target))
    return float(np.mean((prediction > 0) == (np.asarray(target) > 0.5)))


_NAMED: Mapping[str, Metric] = {"accuracy": accuracy}


def metrics_of(given: Mapping[str, Metric] | Iterable[Any]) -> dict[str, Metric]:
    """Give metrics by their names: of functions, of names, or of both."""
    if isinstance(given, Mapping):
        return dict(given)
    return {
        each if isinstance(each, str) else each.__name__: _NAMED[each] if isinstance(each, str) else each
        for each in given
    }
