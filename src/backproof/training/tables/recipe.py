"""The recipe: how rows of a table become what a model takes, and what it gives becomes an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from backproof import __version__, nn
from backproof.training.decisions import decided, threshold_of
from backproof.training.models import network
from backproof.training.tables.errors import TableError, listed, nearest
from backproof.training.tables.features import Feature, feature_from
from backproof.training.tables.targets import Classes, Target, target_from

__all__ = ["SCHEMA", "Architecture", "Recipe", "missing_values"]

#: The number of the form in which recipes are saved.
SCHEMA = 1


@dataclass(frozen=True)
class Architecture:
    """What model there is between the inputs and the outputs.

    Attributes
    ----------
    name
        ``linear``, ``logistic`` or ``mlp``.
    hidden
        The sizes of its hidden layers.
    """

    name: str
    hidden: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}:{','.join(map(str, self.hidden))}" if self.hidden else self.name


@dataclass(frozen=True)
class Recipe:
    """All that predicting needs besides the parameters.

    Attributes
    ----------
    features
        The columns that the model learns from.
    target
        The column that it predicts.
    center, scale
        What is taken off each input, and what it is divided by.
    missing
        What is done about missing values: ``refuse``, ``drop`` or ``mean``.
    architecture
        The model.
    loss
        The name of the loss.
    how
        How it was trained, for whoever wants to know.
    """

    features: tuple[Feature, ...]
    target: Target
    center: tuple[float, ...]
    scale: tuple[float, ...]
    missing: str
    architecture: Architecture
    loss: str
    how: Mapping[str, Any]

    @property
    def inputs(self) -> list[str]:
        """The names of the model's inputs."""
        return [name for feature in self.features for name in feature.inputs]

    @property
    def outputs(self) -> int:
        """How many outputs the model has: one a class, but one alone where its sign tells two apart."""
        if not isinstance(self.target, Classes) or self.loss == "BCEWithLogitsLoss":
            return 1
        return len(self.target.classes)

    def model(self) -> nn.Sequential:
        """Make the model, as it is before training."""
        hidden, seed = self.architecture.hidden, int(self.how["seed"])
        return network(len(self.inputs), self.outputs, hidden, seed=seed, dtype=np.float64)

    def encoded(self, frame: pl.DataFrame) -> NDArray[Any]:
        """Give the inputs for each row; NaN in rows where a value is missing that nothing stands for.

        Raises
        ------
        TableError
            If a column is missing, or does not hold what it held in training.
        """
        absent = [each.column for each in self.features if each.column not in frame.columns]
        if absent:
            hint = nearest(absent[0], frame.columns)
            raise TableError(f"the model needs the columns {listed(absent)}, which the table lacks; {hint}")
        raw = np.hstack([each.encoded(frame[each.column]) for each in self.features])
        inputs: NDArray[Any] = (raw - np.array(self.center)) / np.array(self.scale)
        if self.missing != "drop" and np.isnan(inputs).any():
            absent = [each.column for each in self.features if each.fill is None]
            raise TableError(
                f"values are missing in {missing_values(frame, absent)}; the model was trained without such "
                "rows: leave them out, or train with --missing drop (no prediction for them) or --missing "
                "mean"
            )
        return inputs

    def answered(self, outputs: NDArray[Any]) -> pl.DataFrame:
        """Make predictions of the model's outputs: a number, or a class with the probability of each."""
        if not isinstance(self.target, Classes):
            return pl.DataFrame({"prediction": outputs[:, 0] * self.target.scale + self.target.mean})
        chances = self.probabilities(outputs)
        best = np.where(np.isnan(chances).any(axis=1), -1, self.chosen(outputs))
        known = [*self.target.classes, None]
        columns: dict[str, Any] = {"prediction": [known[place] for place in best]}
        named = {f"probability_{name}": chances[:, k] for k, name in enumerate(self.target.names)}
        return pl.DataFrame(columns | named)

    def chosen(self, outputs: NDArray[Any]) -> NDArray[np.intp]:
        """Give the number of the class that is decided on in each row."""
        return decided(outputs, threshold_of(getattr(nn, self.loss)())).reshape(len(outputs))

    def probabilities(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Give the probability of each class in each row."""
        if self.outputs > 1:
            return np.asarray(nn.Softmax(dim=1)(outputs))
        return np.hstack([nn.Sigmoid()(-outputs), nn.Sigmoid()(outputs)])

    def to_dict(self) -> dict[str, Any]:
        """Give it as what JSON can hold."""
        return {
            "schema": SCHEMA,
            "versions": {"backproof": __version__, "numpy": np.__version__, "polars": pl.__version__},
            "features": [feature.to_dict() for feature in self.features],
            "target": self.target.to_dict(),
            "center": list(self.center),
            "scale": list(self.scale),
            "missing": self.missing,
            "model": {"name": self.architecture.name, "hidden": list(self.architecture.hidden)},
            "loss": self.loss,
            "how": dict(self.how),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Recipe:
        """Make a recipe again of what `to_dict` gave; KeyError, TypeError or ValueError if it is none."""
        made = cls(
            tuple(feature_from(each) for each in saved["features"]),
            target_from(saved["target"]),
            tuple(map(float, saved["center"])),
            tuple(map(float, saved["scale"])),
            str(saved["missing"]),
            Architecture(str(saved["model"]["name"]), tuple(map(int, saved["model"]["hidden"]))),
            str(saved["loss"]),
            dict(saved["how"]),
        )
        if not len(made.inputs) == len(made.center) == len(made.scale):
            raise ValueError(f"{len(made.inputs)} inputs, but {len(made.center)} centers")
        return made


def missing_values(frame: pl.DataFrame, columns: Iterable[str]) -> str:
    """Say in which columns how many values are missing; nothing if there are none."""
    counts = {name: frame[name].null_count() for name in columns}
    return listed(f"{name} ({count} of {frame.height})" for name, count in counts.items() if count)
