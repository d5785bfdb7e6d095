"""The verb: fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backproof.training.callbacks import Callback, callback
from backproof.training.data.arguments import flags, in_batches, whole
from backproof.training.data.intake import Intake
from backproof.training.data.sources import sources
from backproof.training.engines.choice import engine_for
from backproof.training.history import History
from backproof.training.metrics import metrics_of, require_targets
from backproof.training.modes import in_training
from backproof.training.parts import loss_for, model_for, optimizer_for, schedule_for
from backproof.training.recording import SizesEvery
from backproof.training.showing import watchers
from backproof.training.trained import Trained
from backproof.training.training import Training, Validation
from backproof.training.watching import Watch

__all__ = ["fit"]

#: Seconds from one checkpoint to the next.
_EVERY = 30.0


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
    metrics: Mapping[str, Callable[[Any, Any], float]] | Iterable[Any] | None = (),
    callbacks: Iterable[Any] | Callback | Callable[[Any], object] | None = (),
    schedule: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    lr: float | None = None,
    engine: Any = None,
    progress: bool | None = None,
    watch: bool = True,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint_every: float = _EVERY,
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
        A module of ``backproof.nn``; or of PyTorch, with a loss and an optimizer of PyTorch: ours for it, of
        ``backproof.torch``, or its own. It is then trained on the device of its parameters. A model that
        is in prediction, after ``model.eval()``, is in training until this is over.
    X, y
        The data, one sample a row: arrays, lists, frames and series of pandas or polars, tensors; arrays that
        are mapped to files are never read whole. Or X alone: a dataset or a loader, of `backproof.data` or of
        ``torch.utils.data``, any iterable of batches (input, target), or a function that makes one.

        They are brought into the form that the model and the loss take. Inputs get the dtype of the
        parameters: a model of float32 computes in float32. Rows of one number may be given as an array of
        one axis, and so may targets. Nothing is broadcast by a loss of ours or of PyTorch; one of your own
        is given other targets as they are.
    loss
        Such as ``nn.MSELoss()``, or a name, such as ``"mse"`` or ``"cross_entropy"``.
    optimizer
        Such as ``optim.Adam(model.parameters(), lr=0.01)``, or a name, such as ``"adam"``.
    epochs
        How often to go through the data.
    batch_size
        How many samples a step sees; ``None`` for all of them. What comes in batches has its own.
    validation
        Data that is measured after each epoch and not trained on: a pair ``(X, y)``, a dataset, a loader, or
        which share of the data, such as 0.2.
    metrics
        What to measure besides: names such as ``"accuracy"``, ``"r2"`` or ``"mae"``, losses, or functions of
        prediction and target. Functions of ``sklearn.metrics`` get the target first, as they take it, and
        functions of PyTorch tensors. Each is computed on all predictions at once, which are what the model
        gives: of classes scores, of which ``lambda p, t: f1_score(t, p.argmax(1))`` makes classes.
    callbacks
        Who looks on: each a `backproof.Callback`, or a function that is called with the training after
        each epoch.
    schedule
        Of ``optim.lr_scheduler``, of the library that the optimizer is of: it goes on after each epoch.
    shuffle
        Whether each epoch has an order of its own; what comes in batches has its own order.
    seed
        What the orders, and the share for validation, are drawn from; what comes in batches draws its own.
    lr
        The learning rate, where the optimizer is given by its name.
    engine
        What runs the steps: a function of model, loss and optimizer that makes an engine, such as its class;
        ``None`` chooses.
    progress
        Whether to show how it goes: a bar on a terminal, a plot in a notebook, else plain lines. ``None`` for
        where somebody watches, if it takes longer than a moment.
    watch
        Whether to watch for trouble, such as a learning rate that is too high or units that are dead: each is
        said once, as a `backproof.TrainingWarning` and in ``history.troubles``. Where the loss is no number
        any more training ends, and the model gets its last good parameters back; ``history.stopped`` says
        why.
    checkpoint
        A file, such as ``"run.safetensors"``, in which training is written down: every so often, at its end,
        and on Ctrl-C or SIGTERM, which then end it. The one before is kept as ``run.safetensors.previous``.
    resume
        Go on from the checkpoint, to the bit as if training had never stopped: everything else is to be as
        it was, but ``epochs`` may be more. Where there is none, training starts from the beginning.
    checkpoint_every
        Seconds from one checkpoint to the next.

    Raises
    ------
    TypeError
        If the model, the loss, the optimizer, the data or an argument is of no kind that is taken here, or
        they do not go together, such as an optimizer of PyTorch with a model of ours.
    ValueError
        If a name is not known, a number is out of its range, data has not the shape that the model and the
        loss take, or holds NaN, infinity or targets that the loss is not for, an optimizer or a schedule is
        of other parameters, one argument needs another or has nothing to say beside it, or the checkpoint is
        of another training.
    OSError
        If no checkpoint can be written there, or the one to go on from cannot be read.

    Examples
    --------
    >>> history = fit(model, x, y, loss=loss, optimizer=optimizer, epochs=200, batch_size=None)
    >>> bool(history["loss"][-1] < 1e-3)
    True
    """
    whole("fit", 1, epochs=epochs)
    in_batches("fit", batch_size, seed)
    flags("fit", shuffle=shuffle, watch=watch, resume=resume)
    first, last = _keeping(checkpoint, resume, checkpoint_every)
    model, loss = model_for(model), loss_for(loss, model)
    optimizer = optimizer_for(optimizer, model, lr)
    measured, watching = metrics_of(metrics, loss), [callback(each) for each in _listed(callbacks)]
    with in_training(model):
        runs = engine_for(engine, model, loss, optimizer)
        try:
            intake = Intake(runs.predict, model, loss)
            data = sources(X, y, validation, intake, batch_size=batch_size, shuffle=shuffle, seed=seed)
            data.require_again(epochs, is_measured=bool(measured))
            looked_at = data.seen if data.apart is None and measured else data.apart
            require_targets(measured, looked_at)
        except BaseException:
            runs.close()
            raise
        training = Training(
            runs,
            data.training,
            epochs=epochs,
            model=model,
            loss=loss,
            optimizer=optimizer,
            schedule=schedule_for(schedule, optimizer),
            validation=Validation(looked_at, data.apart is not None, measured),
            callbacks=[*first, Watch() if watch else SizesEvery(), *watching, *watchers(progress), *last],
            history=History(about=_about(model, loss, optimizer, runs)),
        )
        training.history.trained = Trained(model=model, loss=loss, X=X, y=y, validation=validation, seed=seed)
        return training.run()


def _listed(callbacks: Any) -> list[Any]:
    """Give callbacks as a list, one that stands alone too."""
    if callbacks is None:
        return []
    several = isinstance(callbacks, Iterable) and not isinstance(callbacks, str | Mapping | Callback)
    return list(callbacks) if several else [callbacks]


def _keeping(checkpoint: Any, resume: bool, every: float) -> tuple[list[Callback], list[Callback]]:
    """Give what keeps a training in a file: the first and the last of its callbacks."""
    if checkpoint is None:
        if resume:
            raise ValueError("resume=True needs the file to go on from: checkpoint=PATH; got checkpoint=None")
        if every != _EVERY:
            raise ValueError(
                f"checkpoint_every={every!r} needs the file to write: checkpoint=PATH; got checkpoint=None"
            )
        return [], []
    from backproof.training.checkpoints import keeping

    return keeping(checkpoint, resume=resume, every=every)


def _about(model: Any, loss: Any, optimizer: Any, engine: Any) -> dict[str, str]:
    """Say what is trained, and how."""
    return {
        "model": type(model).__name__,
        "loss": repr(loss),
        "optimizer": type(optimizer).__name__,
        "engine": engine.name,
    }
