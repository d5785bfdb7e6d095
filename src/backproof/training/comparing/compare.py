"""The verb: compare."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from backproof._names import said
from backproof.training.callbacks import Callback
from backproof.training.comparing.comparison import Comparison
from backproof.training.comparing.side_by_side import Run, run
from backproof.training.comparing.twins import Parts, dtype_of, like_those, widened
from backproof.training.data.arguments import in_batches, whole
from backproof.training.data.batches import Batches
from backproof.training.data.intake import Intake
from backproof.training.data.sources import sources
from backproof.training.engines.choice import engine_for
from backproof.training.engines.engine import Engine
from backproof.training.parts import loss_for, model_for, optimizer_for
from backproof.training.showing import watchers

__all__ = ["compare", "in_default"]


def compare(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Any,
    optimizer: Any,
    epochs: int = 1,
    batch_size: int | None = 32,
    shuffle: bool = True,
    seed: int = 0,
    lr: float | None = None,
    like: Any = None,
    like_loss: Any = None,
    like_optimizer: Callable[[list[Any]], Any] | None = None,
    lr_lambda: Callable[[int], float] | None = None,
    progress: bool | None = None,
) -> Comparison:
    r"""Train a model, and the same in PyTorch beside it: from the same numbers, on the same batches.

    Two trainings drift apart, for each rounds in its own way, and a network may make much of that: how far
    the parameters are apart says nothing of who is right. **The rule** is therefore one for each step by
    itself. A third training in PyTorch is put where ours is, and computes

    1. the loss of the batch with our parameters: it judges our forward;
    2. its gradients: they judge our backward;
    3. the update that our gradients make: it judges our optimizer.

    None of them may differ by more than rounding explains: 32 ε times the largest number of the array, or
    32 times as much as PyTorch differs from itself, where that is more, when each number that it is given and
    computes is multiplied by 1 + ε u, with u drawn from −1 to 1. Nothing grows from one step to the next, so
    that a difference is seen at the first step that makes it, and at the thousandth as well as at the first.

    A model of float32 is compared in float32 and once more in float64, where rounding hides the least.

    What is given stays as it is: copies are trained.

    Parameters
    ----------
    model
        A module of ``backproof.nn`` or of ``backproof.torch.nn``.
    X, y, loss, optimizer, epochs, batch_size, shuffle, seed, lr, progress
        As for `backproof.fit`.
    like
        A ``torch.nn.Module`` to compare with, for a model with modules of your own: its parameters have the
        same names and shapes, and get the same numbers. ``None`` for what `backproof.nn.to_torch` makes.
    like_loss
        A loss of PyTorch to compare with, for a loss of your own.
    like_optimizer
        What makes the optimizer of PyTorch to compare with, of its parameters, for one of your own.
    lr_lambda
        As for ``optim.lr_scheduler.LambdaLR``: gives for the number of an epoch, from 0 on, which share of
        the learning rate it has, here and in PyTorch; ``None`` for all of it.

    Raises
    ------
    TypeError, ValueError
        If it is nothing that can be trained, has no counterpart in PyTorch, or draws random numbers, as
        dropout does: then no two trainings are alike.
    ModuleNotFoundError
        If PyTorch is not installed.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(64, 3)), rng.normal(size=64)
    >>> model = nn.Sequential(nn.Linear(3, 8, rng=1), nn.Tanh(), nn.Linear(8, 1, rng=2))
    >>> comparison = compare(model, X, y, loss="mse", optimizer="adam", lr=0.01, epochs=5)
    >>> bool(comparison), comparison.steps, bool(comparison["difference"].max() < 1e-5)
    (True, 10, True)

    A layer whose backward forgets the bias:

    >>> class Forgetful(nn.Linear):
    ...     def accumulate(self, grad_output):
    ...         super().accumulate(grad_output)
    ...         del self.grads["bias"]
    >>> import torch
    >>> comparison = compare(
    ...     Forgetful(3, 1, rng=0), X, y, loss="mse", optimizer="sgd", lr=0.1, like=torch.nn.Linear(3, 1)
    ... )
    >>> bool(comparison), comparison.parting.step, comparison.parting.kind, comparison.parting.names
    (False, 1, 'gradient', ('bias',))
    """
    whole("compare", 1, epochs=epochs)
    in_batches("compare", batch_size, seed)
    if lr_lambda is not None and not callable(lr_lambda):
        raise TypeError(
            "compare expects lr_lambda to be a function of the epoch, such as lambda epoch: 0.95**epoch; "
            f"got lr_lambda={said(lr_lambda)}"
        )
    model, loss = model_for(model), loss_for(loss, model)
    parts = Parts(model, loss, optimizer_for(optimizer, model, lr)).copied()
    dtype, wide = dtype_of(model), None
    if dtype != np.float64:
        wide = widened(parts)
    runs: list[Run] = []
    for each in (parts, wide):
        if each is not None:
            with in_default(dtype_of(each.model)):
                twin = like_those(each, like, like_loss, like_optimizer)
                how = {"batch_size": batch_size, "shuffle": shuffle, "seed": seed}
                runs.append(_run(each, twin, X, y, epochs, watchers(progress), lr_lambda, **how))
    return Comparison(runs)


@contextlib.contextmanager
def in_default(dtype: np.dtype[Any]) -> Iterator[None]:
    """Let what is compared in float64 have that for PyTorch's default: NAdam and ASGD keep numbers in it.

    The numbers that modules draw, which are replaced, are none that others would have drawn.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if dtype == np.float64 else torch.float32)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_default_dtype(before)


def _run(
    parts: Parts,
    twin: Callable[[], Parts],
    X: Any,
    y: Any,
    epochs: int,
    showing: Sequence[Callback],
    lr_lambda: Callable[[int], float] | None,
    **how: Any,
) -> Run:
    """Compare in the dtype that the model has."""
    ours = _engine(parts)
    try:
        batches = sources(X, y, None, Intake(ours.predict, parts.model, parts.loss), **how).training
        _require_repeatable(twin(), batches)
        _require_repeatable(parts.copied(), batches)
        dtype = dtype_of(parts.model)
        return run(ours, parts, twin, batches, epochs, dtype, showing=showing, lr_lambda=lr_lambda)
    finally:
        ours.close()


def _engine(parts: Parts) -> Engine:
    return engine_for(None, parts.model, parts.loss, parts.optimizer)


def _require_repeatable(parts: Parts, batches: Batches) -> None:
    """Refuse what gives another loss for the same parameters and data."""
    batches.set_epoch(0)
    for given, target in batches:
        first, second = _twice(parts, given, target)
        close = float(np.finfo(dtype_of(parts.model)).eps) ** 0.5
        if not np.isclose(first, second, rtol=close, atol=0, equal_nan=True):
            raise ValueError(
                "expected a model that computes the same each time; this one draws random numbers, as "
                f"dropout does, and no two trainings are alike (losses of one batch: {first:.6g} and "
                f"{second:.6g}): compare it with p=0, or after model.eval()"
            )
        return


def _twice(parts: Parts, given: Any, target: Any) -> tuple[float, float]:
    """Give the loss of a batch, and once more from the same parameters."""
    engine = _engine(parts)
    try:
        start = {name: array.copy() for name, array in engine.parameters().items()}
        with np.errstate(over="ignore", invalid="ignore"):
            first = engine.step(given, target)
            engine.load(start)
            return first, engine.step(given, target)
    finally:
        engine.close()
