"""What happened in training: a row for each epoch, and now and then how large gradients and weights were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backproof.training.trained import Trained

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure

    from backproof.training.recording import Path

__all__ = ["Epoch", "History", "Sizes"]


class Epoch(NamedTuple):
    """What one epoch came to.

    Attributes
    ----------
    epoch
        Its number, from 1 on.
    step
        How many steps had been made at its end, from the start of training on.
    loss
        The mean loss of its samples, each as it was at its step: while the parameters moved. Of a loss that
        sums, ``reduction="sum"``, too: the sums of the steps, divided by the samples.
    lr
        The learning rate of its last step, of the first group.
    seconds
        How long it took.
    validation
        The mean loss of the validation data's samples at its end; ``None`` without any.
    metrics
        The metrics at its end, on the validation data where there is some, else on the training data.
    """

    epoch: int
    step: int
    loss: float
    lr: float
    seconds: float
    validation: float | None = None
    metrics: Mapping[str, float] = {}


@dataclass(frozen=True)
class Sizes:
    """How large the parameters and their gradients were after a step: root mean squares, by their paths."""

    step: int
    parameters: Mapping[str, float]
    gradients: Mapping[str, float]


class History(Sequence[Epoch]):
    """The epochs of a training, the first one first.

    ``history["loss"]`` is the column of a name, an array; ``history[-1]`` the last epoch.

    Attributes
    ----------
    epochs
        The epochs.
    sizes
        How large parameters and gradients were, every so many steps.
    troubles
        What went wrong, each said once.
    stopped
        Why training ended before its last epoch; empty if it did not.
    about
        What was trained, on what and how: the model, the loss, the optimizer, the engine, the samples.
    trained
        The model and its data themselves, for plots, as long as somebody else has them.
    path
        The way that the parameters took, if the callback `Path` recorded it.

    Examples
    --------
    >>> history = History([Epoch(1, 3, 0.5, 0.1, 0.0), Epoch(2, 6, 0.25, 0.1, 0.0)])
    >>> history["loss"].tolist(), history[-1].epoch
    ([0.5, 0.25], 2)
    """

    def __init__(self, epochs: Iterable[Epoch] = (), about: Mapping[str, Any] | None = None) -> None:
        self.epochs = list(epochs)
        self.sizes: list[Sizes] = []
        self.troubles: list[Any] = []
        self.stopped = ""
        self.about = dict(about or {})
        self.trained = Trained()
        self.path: Path | None = None

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __getitem__(self, which: Any) -> Any:
        return self.column(which) if isinstance(which, str) else self.epochs[which]

    def extend(self, other: History) -> None:
        """Go on with another training of the same model: its epochs and steps are numbered on from here.

        Examples
        --------
        >>> history = History([Epoch(1, 3, 0.5, 0.1, 0.0), Epoch(2, 6, 0.25, 0.1, 0.0)])
        >>> history.extend(History([Epoch(1, 3, 0.125, 0.1, 0.0)]))
        >>> history["epoch"].tolist(), history["step"].tolist()
        ([1, 2, 3], [3, 6, 9])
        """
        epochs, steps = (self.epochs[-1].epoch, self.epochs[-1].step) if self.epochs else (0, 0)
        self.epochs += [each._replace(epoch=epochs + each.epoch, step=steps + each.step) for each in other]
        self.sizes += [replace(each, step=steps + each.step) for each in other.sizes]
        self.troubles += other.troubles
        self.stopped, self.trained = other.stopped, other.trained

    @property
    def columns(self) -> list[str]:
        """The names of the columns: those of an epoch, and of the metrics."""
        metrics = dict.fromkeys(name for epoch in self.epochs for name in epoch.metrics)
        validated = ["validation"] if any(epoch.validation is not None for epoch in self.epochs) else []
        return ["epoch", "step", "loss", *validated, *metrics, "lr", "seconds"]

    def column(self, name: str) -> NDArray[Any]:
        """Give a column; NaN where an epoch has no number.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        if name not in self.columns:
            raise KeyError(f"the columns are {', '.join(self.columns)}; got {name!r}")
        found = [epoch.metrics.get(name, getattr(epoch, name, None)) for epoch in self.epochs]
        return np.array([np.nan if value is None else value for value in found])

    def to_dict(self) -> dict[str, list[float]]:
        """Give all columns as lists, of which tables are made: ``pandas.DataFrame(history.to_dict())``."""
        return {name: self.column(name).tolist() for name in self.columns}

    def __repr__(self) -> str:
        if not self.epochs:
            return "<History: no epoch yet>"
        last = self.epochs[-1]
        return f"<History: {last.epoch} epochs, loss {last.loss:.6g}>"

    def __str__(self) -> str:
        from backproof.training.showing.table import text

        return text(self)

    def _repr_html_(self) -> str:
        from backproof.training.showing.table import html

        return html(self)

    def plot(self, kind: str = "loss", **how: Any) -> Figure:
        """Draw it, and give the picture, which a notebook shows.

        Parameters
        ----------
        kind
            ``"loss"``, with that of the validation data; ``"sizes"``, ``"weights"`` and ``"gradients"``
            through the layers; any of the columns. Of what was trained: ``"regression"``, ``"logistic"`` (one
            feature), ``"boundary"`` (two features), ``"confusion"``; and ``"surface"``, the loss with the way
            that the parameters took, which the callback `Path` records. A confusion is of the samples for
            validation, where they are known; in the others those of a share are hollow.
        **how
            ``path="loss.png"`` saves it, as png, svg or pdf; ``ax=`` draws on axes of your own;
            ``background=`` is a colour, and without one the page is seen. ``model=``, ``X=`` and ``y=`` are
            those that `fit` was given, unless others are, such as data that was not trained on. More, such as
            ``names=``, is as each plot of ``backproof.training.plots`` says.

        Raises
        ------
        ValueError
            If there is no such plot, it needs what is not there, or the path has another ending.
        ModuleNotFoundError
            If matplotlib is not installed.

        Examples
        --------
        >>> picture = History([Epoch(1, 3, 0.5, 0.1, 0.0), Epoch(2, 6, 0.25, 0.1, 0.0)]).plot()
        >>> picture.axes[0].get_ylabel()
        'loss'
        """
        from backproof.training.plots.kinds import plot

        return plot(self, kind, **how)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all columns into a file of comma-separated values, whole or not at all.

        Raises
        ------
        ValueError
            If the path does not end in .csv.
        OSError
            If the file cannot be written; it is then as it was.
        """
        from backproof.training.showing.table import save

        save(self, path)
