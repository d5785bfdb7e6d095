"""The usual costs of a prediction: tried where a backward takes the target and no cost is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backproof.ops import CATALOGUE

__all__ = ["COSTS", "FACTORS"]


def _summed(name: str, prediction: Any, target: Any) -> Any:
    """Give the sum of a loss of the catalogue over all elements; both have the same."""
    if np.size(prediction) != np.size(target):
        raise ValueError("a prediction has as many elements as its target")
    values = [np.asarray(prediction, dtype=float), np.reshape(target, np.shape(prediction)).astype(float)]
    return CATALOGUE[name].evaluate(np, values, reduction="sum").output


def _squared(prediction: Any, target: Any) -> Any:
    return _summed("MSELoss", prediction, target)


def _binary(prediction: Any, target: Any) -> Any:
    return _summed("BCELoss", prediction, target)


def _binary_of_logits(prediction: Any, target: Any) -> Any:
    return _summed("BCEWithLogitsLoss", prediction, target)


def _entropy(prediction: Any, target: Any) -> Any:
    return _summed("KLDivLoss", np.log(prediction), _classes(prediction, target))


def _entropy_of_logits(prediction: Any, target: Any) -> Any:
    classes = _classes(prediction, target)
    values = [np.asarray(prediction, dtype=float), classes.astype(float)]
    return CATALOGUE["CrossEntropyLoss"].evaluate(np, values, reduction="sum").output


def _classes(prediction: Any, target: Any) -> Any:
    """Give the probability of each class: 1 for that of an index."""
    if np.shape(target) == np.shape(prediction):
        return target
    rows, count = np.shape(prediction)[0] == np.size(target), np.size(target)
    known = np.eye(np.shape(prediction)[1 if rows else 0])[np.reshape(target, count)]
    return known if rows else known.T


#: Each as it is called for people; of a cross-entropy with certain classes the divergence is the same.
COSTS: Mapping[str, Callable[[Any, Any], Any]] = {
    "the squared error": _squared,
    "the binary cross-entropy": _binary,
    "the cross-entropy": _entropy,
    "the binary cross-entropy of logits": _binary_of_logits,
    "the cross-entropy of logits": _entropy_of_logits,
}
#: What a cost is multiplied by, but for a count that it is divided by.
FACTORS = (1.0, 0.5, 2.0)
