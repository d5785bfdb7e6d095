"""Callbacks that record: how large parameters and gradients were, and the way the parameters took."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.callbacks import Callback
from backproof.training.history import Sizes

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["Path", "SizesEvery", "flat"]


class SizesEvery(Callback):
    """Records how large parameters and gradients are: after the first step, and every so many.

    They are in ``history.sizes``. Of a long training there are never more than ``most``: when they are, every
    second goes, and from then on half as many are taken. Which steps those are depends on nothing but their
    numbers, so that a training that is resumed has the same.

    Parameters
    ----------
    every
        Steps from one to the next, at first.
    most
        How many are kept.
    """

    by_engine = True

    def __init__(self, every: int = 20, most: int = 200) -> None:
        if every < 1 or most < 2:
            raise ValueError(f"expected every ≥ 1 and most ≥ 2; got every={every!r}, most={most!r}")
        self.every, self.most = every, most
        #: The step of the next record.
        self.due = 0
        self._apart = 0

    def on_start(self, training: Training) -> None:
        """Find out when the next are due."""
        self._apart = self.every
        self._wait(training)

    def on_step(self, training: Training, loss: float) -> None:
        """Record, if it is time."""
        if training.step < self.due:
            return
        engine, sizes = training.engine, training.history.sizes
        with np.errstate(all="ignore"):
            gradients = {
                name: _size(array) for name, array in engine.gradients().items() if array is not None
            }
            parameters = {name: _size(array) for name, array in engine.parameters().items()}
        sizes.append(Sizes(training.step, parameters, gradients))
        self._wait(training)

    def _wait(self, training: Training) -> None:
        step, sizes = training.step, training.history.sizes
        if step // self._apart >= self.most:
            while step // self._apart >= self.most:
                self._apart *= 2
            sizes[:] = [each for each in sizes if each.step == 1 or each.step % self._apart == 0]
        self.due = 1 if step == 0 else (step // self._apart + 1) * self._apart


def _size(array: NDArray[Any]) -> float:
    """Give the root of the mean square."""
    entries = array.ravel("K")
    if not entries.size:
        return 0.0
    size = math.sqrt(entries.dot(entries) / entries.size)
    if 0 < size < math.inf or entries.dtype == np.float64:
        return size
    return _size(
        entries.astype(np.float64)
    )  # the squares may be too large, or too small, where the roots are not


class Path(Callback):
    """Records the way the parameters take: where they are before the first step, and after each epoch.

    It is the history's ``path``, along which ``history.plot("surface")`` draws the loss. Of a long
    training, or a large model, every second point goes when there are too many, and from then on half as many
    are taken.

    Parameters
    ----------
    most
        How many points are kept.
    megabytes
        How much memory they have, together; there are three points at least.

    Attributes
    ----------
    epochs
        The epochs after which the points were taken; 0 is the start.
    points
        The points, one a row: all parameters, one after the other.
    names
        The paths of the parameters, with their shapes.

    Examples
    --------
    >>> from backproof import fit, nn, optim
    >>> model, path = nn.Linear(1, 1, rng=0), Path()
    >>> x = np.array([[0.0], [1.0]])
    >>> history = fit(
    ...     model, x, 2 * x, loss=nn.MSELoss(), optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=3,
    ...     callbacks=[path],
    ... )
    >>> path.points.shape, path.epochs
    ((4, 2), [0, 1, 2, 3])
    """

    by_engine = True

    def __init__(self, most: int = 200, megabytes: float = 64.0) -> None:
        if most < 3:
            raise ValueError(f"expected most ≥ 3; got most={most!r}")
        self.most, self.megabytes = most, megabytes
        self.epochs: list[int] = []
        self.names: dict[str, tuple[int, ...]] = {}
        self._points: list[NDArray[Any]] = []
        self._apart, self._room = 1, most

    @property
    def points(self) -> NDArray[Any]:
        """The points, one a row."""
        return np.array(self._points)

    def on_start(self, training: Training) -> None:
        """Record where it starts."""
        parameters = training.engine.parameters()
        self.names = {name: array.shape for name, array in parameters.items()}
        start = flat(parameters)
        self._room = max(3, min(self.most, int(self.megabytes * 1e6 / max(start.nbytes, 1))))
        self._apart, self.epochs, self._points = 1, [training.epoch], [start]
        training.history.path = self

    def on_epoch(self, training: Training) -> None:
        """Record where it is, if it is time."""
        if training.epoch % self._apart:
            return
        self._record(training)
        while len(self.epochs) >= self._room:  # there is room for the end
            self._apart *= 2
            first = self.epochs[0]
            kept = [
                (epoch, point)
                for epoch, point in zip(self.epochs, self._points, strict=True)
                if epoch == first or epoch % self._apart == 0
            ]
            self.epochs, self._points = [epoch for epoch, _ in kept], [point for _, point in kept]

    def on_end(self, training: Training) -> None:
        """Record where it ends."""
        if self.epochs[-1] != training.epoch:
            self._record(training)

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps of it."""
        return {"apart": self._apart, "epochs": self.epochs, "points": self.points}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._apart, self.epochs, self._points = state["apart"], state["epochs"], [*state["points"]]

    def _record(self, training: Training) -> None:
        self.epochs.append(training.epoch)
        self._points.append(flat(training.engine.parameters()))


def flat(parameters: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Give copies of all parameters, one after the other, in one array."""
    if not parameters:
        return np.zeros(0)
    return np.concatenate([array.ravel() for array in parameters.values()])
