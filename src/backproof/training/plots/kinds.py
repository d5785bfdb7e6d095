"""The plots of a history, by their names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backproof.training.data.intake import Intake
from backproof.training.engines.choice import engine_for
from backproof.training.history import History
from backproof.training.parts import optimizer_for
from backproof.training.plots import classes, curves, fits
from backproof.training.plots.fits import MOST
from backproof.training.plots.landscape import loss_of, plane_of
from backproof.training.plots.outputs import classes_of, decided, features, labels, outputs, predictor
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


def _confusion(given: _Given, **how: Any) -> Figure:
    X, y = features(given["X"], given["y"])
    output = outputs(predictor(given["model"], "predict"), X)
    actual = labels(y)
    return classes.confusion(actual, decided(output, classes_of(actual, output)), **how)


def _surface(given: _Given, **how: Any) -> Figure:
    taken = given.history.path
    if taken is None:
        raise ValueError(
            "this plot needs the way that the parameters took: bp.fit(…, callbacks=[bp.Path()]) records it"
        )
    model, loss = given["model"], given["loss"]
    engine = engine_for(None, model, loss, optimizer_for("sgd", model, 1.0))  # which moves nothing
    try:
        X, y = Intake(engine.predict, model, loss).whole(given["X"], given["y"])
        some = np.linspace(0, len(X) - 1, min(len(X), MOST)).astype(int)
        plane = plane_of(taken.points, taken.names)
        function = loss_of(engine, plane, taken.names, X[some], y[some])
        return loss_surface(function, {"way": plane.way}, **{"names": plane.names, "points": 31, **how})
    finally:
        engine.close()


def _on_data(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    return lambda given, **how: draw(given["model"], given["X"], given["y"], **how)


#: What draws each kind.
KINDS: Mapping[str, Callable[..., Figure]] = {
    "loss": lambda given, **how: curves.loss(given.history, **how),
    "sizes": lambda given, **how: layer_sizes(given.history, **how),
    "weights": lambda given, **how: weights(given.history, **how),
    "gradients": lambda given, **how: gradients(given.history, **how),
    "regression": _on_data(fits.regression),
    "logistic": _on_data(fits.logistic),
    "boundary": _on_data(classes.boundary),
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
    known = [*KINDS, *history.columns]
    near = difflib.get_close_matches(str(kind), known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(
        f"the plots are {', '.join(KINDS)}, and the columns {', '.join(history.columns)}; "
        f"got kind={kind!r}{hint}"
    )
