"""The verb: fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backproof.training.callbacks import callback
from backproof.training.data.sources import batches_of, parted
from backproof.training.engines.choice import engine_for
from backproof.training.history import History
from backproof.training.metrics import metrics_of
from backproof.training.training import Training, Validation

__all__ = ["fit"]


def fit(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Any,
    optimizer: Any,
    epochs: int = 1,
    batch_size: int | None = 32,
    validation: Any = None,
    metrics: Mapping[str, Callable[[Any, Any], float]] | Iterable[Any] = (),
    callbacks: Iterable[Any] = (),
    schedule: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    engine: Any = None,
) -> History:
    r"""Train a model: for each batch the loss, its gradients by hand, and a step of the optimizer.

    The loop that it saves you is, for each batch,

    >>> import numpy as np
    >>> from backproof import nn, optim
    >>> model, loss = nn.Linear(1, 1, rng=0), nn.MSELoss()
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> x, y = np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])
    >>> value = loss(model(x), y)                  # forward
    >>> model.accumulate(loss.backward())          # backward
    >>> optimizer.step()                           # move
    >>> optimizer.zero_grad()                      # and forget

    Parameters
    ----------
    model
        A module of ``backproof.nn``.
    X, y
        The data: arrays with one sample a row. Rows of one number may be given as an array of one axis.
    loss
        Such as ``nn.MSELoss()``.
    optimizer
        Such as ``optim.Adam(model.parameters(), lr=0.01)``.
    epochs
        How often to go through the data.
    batch_size
        How many samples a step sees; ``None`` for all of them.
    validation
        Data that is measured after each epoch and not trained on: a pair ``(X, y)``, or which share of the
        data, such as 0.2.
    metrics
        What to measure besides: functions of prediction and target, or names such as ``"accuracy"``.
    callbacks
        Who looks on: each a `Callback`, or a function that is called with the training after each epoch.
    schedule
        Of ``optim.lr_scheduler``: it goes on after each epoch.
    shuffle
        Whether each epoch has an order of its own.
    seed
        What the orders, and the share for validation, are drawn from.
    engine
        What runs the steps; ``None`` chooses.

    Examples
    --------
    >>> history = fit(model, x, y, loss=loss, optimizer=optimizer, epochs=200, batch_size=None)
    >>> bool(history["loss"][-1] < 1e-3)
    True
    """
    X, y, apart = parted(X, y, validation, seed)
    batches = batches_of(X, y, batch_size, shuffle=shuffle, seed=seed)
    measured = metrics_of(metrics)
    looked_at = apart if apart is not None else (X, y) if measured else None
    still = None if looked_at is None else batches_of(*looked_at, batch_size, shuffle=False)
    training = Training(
        engine_for(engine, model, loss, optimizer),
        batches,
        epochs=epochs,
        model=model,
        optimizer=optimizer,
        schedule=schedule,
        validation=Validation(still, apart is not None, measured),
        callbacks=[callback(each) for each in callbacks],
    )
    return training.run()
