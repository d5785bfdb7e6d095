"""The plots of a history, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from backproof._names import meant
from backproof.training.data.dataset import set_apart
from backproof.training.data.intake import Intake
from backproof.training.data.sources import samples_of
from backproof.training.decisions import ignored_by, threshold_of
from backproof.training.engines.choice import engine_for
from backproof.training.history import History
from backproof.training.parts import optimizer_for
from backproof.training.plots import classes, curves, fits
from backproof.training.plots.fits import MOST
from backproof.training.plots.landscape import loss_of, plane_of
from backproof.training.plots.outputs import chosen, features, is_module, outputs, predictor, samples, told
from backproof.training.plots.sizes import gradients, layer_sizes, weights
from backproof.training.plots.surface import loss_surface

__all__ = ["KINDS", "plot"]


@dataclass(frozen=True)
class _Given:
    """What a plot is made of: what is handed over, or else what the history remembers."""

    history: History
    parts: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        part = self.parts.get(name)
        if part is None:
            part = self.history.trained.get(name)
        if part is None:
            raise ValueError(
                f"this plot needs {name}, which a history does not keep alive: history.plot(…, {name}=…)"
            )
        return part

    @property
    def data(self) -> tuple[Any, Any]:
        """The inputs and the targets: of a dataset or a loader, those of all samples that count."""
        X, y = self["X"], self.parts.get("y")
        if y is None:
            pair = samples_of(X)
            if pair is None and self.parts.get("X") is None and "y" not in self.history.trained:
                raise ValueError(
                    f"this plot needs X and y as arrays, and training got them from a {type(X).__name__}, "
                    "batch by batch: history.plot(…, X=…, y=…)"
                )
            X, y = (X, self["y"]) if pair is None else pair
        return X, y

    @property
    def loss(self) -> Any:
        """The loss, where it says what the outputs are: of a module, not of what predicts in its own way."""
        return self.history.trained.get("loss") if is_module(self["model"]) else None

    @property
    def _is_handed_over(self) -> bool:
        return any(self.parts.get(name) is not None for name in ("X", "y"))

    def held(self, count: int) -> NDArray[np.bool_]:
        """Say which of the samples that training got were held out, as a share of them."""
        found, trained = np.zeros(count, bool), self.history.trained
        if self._is_handed_over:
            return found
        if "share" in trained:
            found[set_apart(range(count), *trained.get("share"))[1].indices] = True
        if "held" in trained:
            found[trained.get("held")] = True
        return found

    @property
    def judged(self) -> tuple[NDArray[Any], NDArray[Any], str]:
        """The samples that a model is judged by, and what they are: for validation, if any are known."""
        if self._is_handed_over:
            return *samples(*self.data), ""
        pair = [self.history.trained.get(f"validation {name}") for name in ("X", "y")]
        if all(part is not None for part in pair):
            return *samples(*pair), "validation samples"
        X, y = samples(*self.data)
        held = self.held(len(X))
        if held.any():
            return X[held], y[held], "validation samples"
        return X, y, "training samples" if "validation" in self.history.columns else ""


def _counting(y: NDArray[Any], loss: Any) -> NDArray[np.bool_]:
    """Say which samples have targets that the loss does not ignore."""
    ignored = ignored_by(loss)
    if ignored is None or y.dtype.kind not in "iu":
        return np.ones(len(y), bool)
    found: NDArray[np.bool_] = y.reshape(len(y), -1)[:, 0] != ignored
    return found


def _confusion(given: _Given, **how: Any) -> Figure:
    model, loss = given["model"], given.loss
    X, y, of = given.judged
    counts = _counting(y, loss)
    X, y = X[counts], y[counts]
    if is_module(model):
        X = Intake(model, model, loss).input(X)  # as it is trained on: so the same are right
    output = outputs(predictor(model, "predict"), X)
    if y.shape == output.shape and loss is not None and threshold_of(loss) is not None:
        output, y = output.reshape(-1), y.reshape(-1)  # each score stands for itself
    actual, known = told(y, output, loss)
    return classes.confusion(actual, chosen(output, known, loss), **{"of": of, **how})


def _surface(given: _Given, **how: Any) -> Figure:
    taken = given.history.path
    if taken is None:
        raise ValueError(
            "this plot needs the way that the parameters took: bp.fit(…, callbacks=[bp.Path()]) records it"
        )
    model, loss = given["model"], given["loss"]
    engine = engine_for(None, model, loss, optimizer_for("sgd", model, 1.0))  # which moves nothing
    try:
        X, y = Intake(engine.predict, model, loss).whole(*given.data)
        some = np.linspace(0, len(X) - 1, min(len(X), MOST)).astype(int)
        plane = plane_of(taken.points, taken.names)
        function = loss_of(engine, plane, taken.names, X[some], y[some])
        return loss_surface(function, {"way": plane.way}, **{"names": plane.names, "points": 31, **how})
    finally:
        engine.close()


def _regression(given: _Given, **how: Any) -> Figure:
    model, (X, y) = given["model"], given.data
    return fits.regression(model, X, y, **{"held": given.held(len(X)), **how})


def _of_classes(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    def drawn(given: _Given, **how: Any) -> Figure:
        model, (X, y) = given["model"], features(*given.data)
        counts = _counting(y, given.loss)
        held = given.held(len(X))[counts]
        return draw(model, X[counts], y[counts], **{"loss": given.loss, "held": held, **how})

    return drawn


#: What draws each kind.
KINDS: Mapping[str, Callable[..., Figure]] = {
    "loss": lambda given, **how: curves.loss(given.history, **how),
    "sizes": lambda given, **how: layer_sizes(given.history, **how),
    "weights": lambda given, **how: weights(given.history, **how),
    "gradients": lambda given, **how: gradients(given.history, **how),
    "regression": _regression,
    "logistic": _of_classes(fits.logistic),
    "boundary": _of_classes(classes.boundary),
    "confusion": _confusion,
    "surface": _surface,
}


def plot(
    history: History, kind: str = "loss", *, model: Any = None, X: Any = None, y: Any = None, **how: Any
) -> Figure:
    """Draw a plot of a history: `History.plot`.

    Raises
    ------
    ValueError
        If there is no such plot, or it needs what is not there.
    """
    given = _Given(history, {"model": model, "X": X, "y": y})
    if kind in KINDS:
        return KINDS[kind](given, **how)
    if kind in history.columns:
        return curves.columns(history, [kind], **how)
    raise ValueError(
        f"the plots are {', '.join(KINDS)}, and the columns {', '.join(history.columns)}; got kind={kind!r}; "
        f"{meant(str(kind), [*KINDS, *history.columns], 'name one of them')}"
    )
