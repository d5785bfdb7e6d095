"""Plots of training, drawn by matplotlib, which is loaded when a plot is asked for."""

from __future__ import annotations

try:
    import matplotlib as mpl  # noqa: F401 - whether it is there
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'plots are drawn by matplotlib, which is not installed: pip install "backproof[plot]"',
        name=error.name,
    ) from error

from backproof.training.plots.classes import boundary, confusion
from backproof.training.plots.curves import columns, loss
from backproof.training.plots.fits import logistic, predictions, regression
from backproof.training.plots.rates import rates
from backproof.training.plots.sizes import gradients, layer_sizes, weights
from backproof.training.plots.surface import loss_surface

__all__ = [
    "boundary",
    "columns",
    "confusion",
    "gradients",
    "layer_sizes",
    "logistic",
    "loss",
    "loss_surface",
    "predictions",
    "rates",
    "regression",
    "weights",
]
