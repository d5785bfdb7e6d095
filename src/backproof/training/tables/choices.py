"""What is trained and how: what was asked for, and what is taken where nothing was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from backproof import nn
from backproof.training.parts import loss_named, optimizer_named
from backproof.training.tables.errors import TableError
from backproof.training.tables.recipe import Architecture
from backproof.training.tables.targets import (
    Classes,
    Numbers,
    Target,
    classes_of,
    looks_like_classes,
    numbers_of,
)

__all__ = [
    "MISSING",
    "STEADY",
    "Choices",
    "Steps",
    "architecture_of",
    "kind_of",
    "loss_for",
    "require_optimizer",
]

MISSING = ("refuse", "drop", "mean")
#: Losses of numbers. They depend on the difference alone: the target may be standardised.
STEADY = ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
_OF_CLASSES = ("BCEWithLogitsLoss", "CrossEntropyLoss")

#: Where nothing is said, there are at least so many epochs, and so many that so many steps are made.
_EPOCHS, _STEPS = 100, 1000
#: A linear model has one minimum: large steps go straight to it if each sees all rows, else around it.
_STRAIGHT, _RATE = 0.1, 0.01
#: A linear model is to arrive: in one of so many epochs, the last ones, the rate falls to nearly 0.
_ARRIVING = 5
#: Rows a step: all up to so many for a linear model, so many or a share of many for a network.
_LINEAR_ROWS, _ROWS, _BATCHES = 10_000, 32, 100


@dataclass(frozen=True)
class Choices:
    """What was asked for; ``None`` and empty where nothing was."""

    target: str
    features: Sequence[str] = ()
    drop: Sequence[str] = ()
    missing: str = "refuse"
    model: str | None = None
    loss: str | None = None
    optimizer: str = "adam"
    lr: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    validation: float = 0.0
    seed: int = 0
    standardize: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.validation < 1:
            raise TableError(
                f"expected --validation to be a share of the rows from 0 up to 1; got {self.validation}"
            )
        for name, value in (("--epochs", self.epochs), ("--batch-size", self.batch_size)):
            if value is not None and value < 1:
                raise TableError(f"expected {name} to be at least 1; got {value}")
        if self.lr is not None and not 0 < self.lr < math.inf:
            raise TableError(f"expected --lr to be a number above 0; got {self.lr:g}")
        if self.seed < 0:
            raise TableError(f"expected --seed to be at least 0; got {self.seed}")
        if self.missing not in MISSING:
            raise TableError(f"expected --missing to be one of {', '.join(MISSING)}; got {self.missing!r}")


@dataclass(frozen=True)
class Steps:
    """How many steps of how many rows with what rate.

    Attributes
    ----------
    lr
        The learning rate.
    batch_size
        How many rows a step sees.
    epochs
        How often all are gone through.
    arriving
        In how many epochs at the end the rate falls, on a straight line to nearly 0: at a rate that stays,
        Adam leaves a minimum now and then, by steps as large as at the start.
    """

    lr: float
    batch_size: int
    epochs: int
    arriving: int = 0

    @classmethod
    def of(cls, choices: Choices, architecture: Architecture, rows: int) -> Steps:
        """Give those that were asked for, or those that mostly suffice for standardised columns."""
        linear = not architecture.hidden
        usual = min(rows, _LINEAR_ROWS) if linear else min(rows, max(_ROWS, rows // _BATCHES))
        batch_size = min(rows, choices.batch_size or usual)
        an_epoch = -(-rows // batch_size)
        epochs = choices.epochs or max(_EPOCHS, -(-_STEPS // an_epoch))
        if choices.lr is not None:
            return cls(choices.lr, batch_size, epochs)
        rate = _STRAIGHT if linear and batch_size == rows else _RATE
        return cls(rate, batch_size, epochs, -(-epochs // _ARRIVING) if linear else 0)

    def share(self, epoch: int) -> float:
        """Give which part of the rate an epoch has, counted from 0.

        Examples
        --------
        >>> [Steps(0.1, 20, epochs=6, arriving=3).share(epoch) for epoch in range(6)]
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
        """
        return min(1.0, (self.epochs - epoch) / (self.arriving + 1))


def kind_of(series: pl.Series, choices: Choices) -> Target:
    """Say whether numbers or classes are predicted: as the model and the loss say, or as it looks.

    Raises
    ------
    TableError
        If model, loss and column do not go together.
    """
    loss = None if choices.loss is None else _loss_called(choices.loss)
    said = {"linear": False, "logistic": True}.get(choices.model or "")
    by_loss = None if loss is None else loss in _OF_CLASSES
    if said is not None and by_loss is not None and said != by_loss:
        of = {True: "classes", False: "numbers"}
        raise TableError(
            f"--model {choices.model} predicts {of[said]}, and --loss {loss} is one of {of[by_loss]}; leave "
            "one of them out"
        )
    wanted = by_loss if said is None else said
    found = classes_of if (looks_like_classes(series) if wanted is None else wanted) else numbers_of
    return found(series)


def architecture_of(model: str | None, target: Target) -> Architecture:
    """Understand ``--model``.

    Raises
    ------
    TableError
        If there is no such model.

    Examples
    --------
    >>> architecture_of("mlp:16,16", Numbers("y"))
    Architecture(name='mlp', hidden=(16, 16))
    """
    if model is None:
        return Architecture("logistic" if isinstance(target, Classes) else "linear")
    name, sign, sizes = model.partition(":")
    if name in ("linear", "logistic") and not sign:
        return Architecture(name)
    parts = sizes.split(",")
    if name == "mlp" and all(part.strip().isdecimal() and int(part) for part in parts):
        return Architecture(name, tuple(map(int, parts)))
    raise TableError(
        f"expected --model to be linear, logistic, or mlp with the sizes of its hidden layers, such as "
        f"mlp:16,16; got {model!r}"
    )


def loss_for(loss: str | None, target: Target) -> str:
    """Give the loss: the one that was asked for, or the usual one.

    Raises
    ------
    TableError
        If it is for two classes, and there are more.
    """
    if loss is None:
        if isinstance(target, Numbers):
            return "MSELoss"
        return "BCEWithLogitsLoss" if len(target.classes) == 2 else "CrossEntropyLoss"
    name = _loss_called(loss)
    if isinstance(target, Classes) and name == "BCEWithLogitsLoss" and len(target.classes) > 2:
        raise TableError(
            f"--loss {name} tells two classes apart, and {target.column!r} has {len(target.classes)}; "
            "use --loss cross-entropy"
        )
    return name


def _loss_called(name: str) -> str:
    """Give the loss that is meant, in any of the words for it."""
    known = (*STEADY, *_OF_CLASSES)
    try:
        loss = loss_named(name)
    except ValueError as error:
        raise TableError(f"--loss: {error}") from None
    found = type(loss).__name__
    if found not in known or loss.reduction != "mean":
        raise TableError(f"--loss: tables are trained by the mean of {', '.join(known)}; got {name!r}")
    return found


def require_optimizer(name: str, lr: float) -> None:
    """Refuse an optimizer that there is not, or a learning rate that it cannot have.

    Raises
    ------
    TableError
        If it is so.
    """
    try:
        optimizer_named(name, [nn.Parameter([0.0])], lr=lr)
    except ValueError as error:
        raise TableError(f"--optimizer {name} --lr {lr:g}: {error}") from None
