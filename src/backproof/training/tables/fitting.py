"""Training on a table, and how good what came of it is."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof import nn
from backproof.optim.lr_scheduler import LambdaLR
from backproof.training.api import fit
from backproof.training.history import History
from backproof.training.metrics import metrics_of
from backproof.training.parts import optimizer_named
from backproof.training.predicting import in_pieces
from backproof.training.tables.counterpart import (
    Coefficients,
    Counterpart,
    counterpart,
    in_units,
)
from backproof.training.tables.preparing import Part, Prepared
from backproof.training.tables.recipe import Recipe
from backproof.training.tables.targets import Numbers
from backproof.training.watching import TrainingWarning

__all__ = ["Fitted", "predicted", "train"]


@dataclass(frozen=True)
class Fitted:
    """A model that was trained on a table.

    Attributes
    ----------
    prepared
        On what, and how.
    model, history
        The model, and what happened.
    """

    prepared: Prepared
    model: nn.Sequential
    history: History

    @property
    def failure(self) -> str:
        """Why training ended in trouble; empty if it did not."""
        if self.history.stopped or math.isfinite(self.history[-1].loss):
            return self.history.stopped
        return "the loss is no finite number any more: try a smaller --lr"

    @property
    def has_learned(self) -> bool:
        """Whether the parameters are others than at the start."""
        start = self.prepared.recipe.model().state_dict()
        now = self.model.state_dict()
        return any(not np.array_equal(array, now[name]) for name, array in start.items())

    def scores(self, part: Part) -> dict[str, float]:
        """Give the loss and the metrics on some rows; those of numbers in their own units."""
        recipe = self.prepared.recipe
        with np.errstate(over="ignore", invalid="ignore"):
            output = predicted(self.model, part.inputs)
            return {"loss": self.loss_of(output, part), **_metrics(recipe, output, part)}

    def loss_of(self, output: NDArray[Any], part: Part) -> float:
        """Give the loss of outputs for some rows."""
        return float(getattr(nn, self.prepared.recipe.loss)()(output, part.target))

    @property
    def coefficients(self) -> Coefficients | None:
        """The parameters of a linear model; ``None`` if it has layers in between."""
        if self.prepared.recipe.architecture.hidden:
            return None
        state = self.model.state_dict()
        return Coefficients(state["0.weight"], state["0.bias"])

    def counterpart(self) -> Counterpart:
        """Give the best linear model by other means."""
        return counterpart(self.prepared.recipe, self.prepared.train, self.model)

    def in_units(self, coefficients: Coefficients) -> dict[str, dict[str, float]]:
        """Give coefficients in the units of the data, by the names of the inputs, for each output."""
        return in_units(self.prepared.recipe, coefficients)


def train(prepared: Prepared, **how: Any) -> Fitted:
    """Train the model of a recipe; ``how`` is what `backproof.fit` takes besides."""
    recipe, apart = prepared.recipe, prepared.apart
    model = recipe.model()
    steps = prepared.steps
    optimizer = optimizer_named(recipe.how["optimizer"], model.parameters(), lr=steps.lr)
    everything = steps.batch_size == len(prepared.train)
    # What came of it says `Fitted.failure`, and what was wrong the history.
    with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        history = fit(
            model,
            prepared.train.inputs,
            prepared.train.target,
            loss=getattr(nn, recipe.loss)(),
            optimizer=optimizer,
            epochs=steps.epochs,
            batch_size=None if everything else steps.batch_size,
            schedule=LambdaLR(optimizer, steps.share) if steps.arriving else None,
            validation=None if apart is None else (apart.inputs, apart.target),
            seed=recipe.how["seed"],
            **how,
        )
    return Fitted(prepared, model, history)


def predicted(model: nn.Module, inputs: NDArray[Any]) -> NDArray[Any]:
    """Give a model's outputs for inputs, as in prediction."""
    return in_pieces(model.eval(), inputs)


def _metrics(recipe: Recipe, output: NDArray[Any], part: Part) -> dict[str, float]:
    """Give the metrics of a kind of problem; those of numbers in the units of the data."""
    target = recipe.target
    if not isinstance(target, Numbers):
        measured = metrics_of(["accuracy"], getattr(nn, recipe.loss)())
        return {name: metric(output, part.target) for name, metric in measured.items()}
    numbers = [each * target.scale + target.mean for each in (output, part.target)]
    found = {name: metric(*numbers) for name, metric in metrics_of(["mse", "mae", "r2"]).items()}
    return {"rmse": math.sqrt(found.pop("mse")), **found}
