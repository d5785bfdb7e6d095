"""In training or in prediction: for a while, and then each module is again as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["in_prediction", "in_training"]


@contextmanager
def in_training(model: Any) -> Iterator[None]:
    """Let a model that is in prediction as a whole train for a while.

    Of one that is in training nothing is changed: modules within that are in prediction are meant to be.
    """
    if model.training:
        yield
        return
    with _as_before(model):
        model.train()
        yield


@contextmanager
def in_prediction(model: Any) -> Iterator[None]:
    """Let a model predict for a while.

    Examples
    --------
    >>> from backproof import nn
    >>> model = nn.Dropout()
    >>> with in_prediction(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    with _as_before(model):
        model.eval()
        yield


@contextmanager
def _as_before(model: Any) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
