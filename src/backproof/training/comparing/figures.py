"""The pictures of comparisons: two trainings, and ways of optimizers over surfaces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from backproof.training.comparing.comparison import Comparison
from backproof.training.comparing.optimizers import OptimizerComparison, Walk
from backproof.training.comparing.surfaces import Surface
from backproof.training.plots.curves import drawable, spans_decades, whole_numbers
from backproof.training.plots.theme import COLOURS, DASHES, ink, legend, literal, page

__all__ = ["trajectories", "walks"]

#: So many ways are in a picture, at most: of more, eyes lose one.
_IN_ONE = 4
#: Along each axis of a surface.
_POINTS = 37
_LEVELS = 8
#: Dots that a surface is wide in a picture, about, and by how much of one a line may be off.
_DOTS, _UNSEEN = 250, 0.6
#: Marks on a way: PyTorch's points, some of them; and so few steps are marked one by one.
_MARKS, _FEW = 8, 16


def trajectories(
    comparison: Comparison, *, path: str | os.PathLike[str] | None = None, background: str | None = None
) -> Figure:
    """Draw both losses, and below how far the parameters are apart."""
    with page(path, background, (6.4, 5.4)) as picture:
        above, below = picture.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        steps = comparison["step"]
        _draw_losses(above, steps, comparison)
        _draw_differences(below, steps, comparison)
        parting = comparison.parting
        if parting is not None:
            for on in (above, below):
                on.axvline(parting.step, color=ink(on), linewidth=1, linestyle=":")
            below.set_xlabel(f"step; they part at {parting.step}")
        else:
            below.set_xlabel("step")
        whole_numbers(below)
        if len(steps) == 1:
            below.set_xlim(steps[0] - 1, steps[0] + 1)
        return picture


def _draw_losses(on: Axes, steps: Any, comparison: Comparison) -> None:
    ours, theirs = (drawable(comparison[name]) for name in ("ours", "torch"))
    few = "o" if len(steps) <= _FEW else None
    on.plot(steps, ours, color=COLOURS[0], linewidth=3.2, alpha=0.55, marker=few, label="ours")
    on.plot(steps, theirs, color=COLOURS[1], linewidth=1.4, linestyle=DASHES[1], marker=few, label="PyTorch")
    if spans_decades(np.concatenate([ours, theirs])):
        on.set_yscale("log")
    on.set_ylabel("loss of the batch")
    legend(on)


def _draw_differences(on: Axes, steps: Any, comparison: Comparison) -> None:
    """Draw what is more than nothing: on a logarithmic scale there is no zero."""
    values = drawable(comparison["difference"])
    few = "o" if len(steps) <= _FEW else None
    on.plot(steps, np.where(values > 0, values, np.nan), color=COLOURS[2], marker=few)
    if (values > 0).any():
        on.set_yscale("log")
    on.set_ylabel(f"largest difference\nof parameters ({comparison.runs[0].dtype})")


def walks(
    compared: OptimizerComparison,
    *,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw ways over surfaces: a row for each surface, a few optimizers in each picture."""
    names = compared.optimizers
    groups = [names[start : start + _IN_ONE] for start in range(0, len(names), _IN_ONE)]
    size = (1.2 + 2.9 * len(groups), 0.7 + 2.1 * len(compared.surfaces))
    with page(path, background, size) as picture:
        grid = picture.subplots(
            len(compared.surfaces), len(groups), squeeze=False, sharex="row", sharey="row"
        )
        for row, (where, surface) in zip(grid, compared.surfaces.items(), strict=True):
            for on, group in zip(row, groups, strict=True):
                _draw_ways(on, surface, [compared[name, where] for name in group])
            row[0].set_ylabel(literal(where))
        for on in grid[0]:
            _explain(on)
        picture.supxlabel(
            "lines: ours; dots: PyTorch, at some of the steps; plus: the minimum",
            fontsize=9,
            color=ink(grid[0, 0]),
        )
        return picture


def _draw_ways(on: Axes, surface: Surface, ways: Sequence[Walk]) -> None:
    (left, right), (low, high) = surface.around
    x, y = np.meshgrid(np.linspace(left, right, _POINTS), np.linspace(low, high, _POINTS))
    values = surface.function(x, y)
    # As much of the plane between each two lines: a valley is seen however high the hills are.
    levels = np.unique(np.quantile(values, np.linspace(0, 1, _LEVELS)))
    lines = on.contour(
        x, y, values, levels=levels, colors=[ink(on)], linewidths=0.6, alpha=0.45, linestyles="-"
    )
    lines.set_paths([_sparse(path, surface) for path in lines.get_paths()])
    for index, way in enumerate(ways):
        # Those before lie below: broad ones first, so that what lies beneath is seen at both sides.
        width = 1.5 + 0.9 * (len(ways) - 1 - index)
        here = _sparse(Path(way.ours), surface).vertices
        on.plot(
            *np.asarray(here).T,
            color=COLOURS[index],
            linewidth=width,
            alpha=0.85,
            label=literal(way.optimizer),
        )
        some = np.unique(np.linspace(0, len(way.torch) - 1, _MARKS).astype(int))
        on.plot(
            *way.torch[some].T,
            linestyle="none",
            marker="o",
            markersize=3.2,
            markerfacecolor="white",
            markeredgecolor=COLOURS[index],
            markeredgewidth=0.9,
            zorder=4,
        )
    if surface.least is not None:
        on.plot(*surface.least, marker="+", color=ink(on), markersize=9, markeredgewidth=1.4, zorder=5)
    on.set_xlim(left, right)
    on.set_ylim(low, high)
    on.grid(visible=False)
    on.locator_params(nbins=4)


def _sparse(path: Path, surface: Surface) -> Path:
    """Give a line without the points that are not seen: they are nearly on it, or on one another."""
    (left, right), (low, high) = surface.around
    to_dots = Affine2D().scale(_DOTS / (right - left), _DOTS / (high - low))
    whole = Path(path.vertices, path.codes)
    whole.should_simplify, whole.simplify_threshold = True, _UNSEEN
    found = whole.cleaned(to_dots, simplify=True)
    points, codes = np.asarray(found.vertices), np.asarray(found.codes)
    kept = codes != Path.STOP
    return Path(to_dots.inverted().transform(points[kept]), codes[kept])


def _explain(on: Axes) -> None:
    """Put the names above the axes, one below the other, where they cover nothing."""
    on.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=2,
        borderaxespad=0.2,
        borderpad=0.2,
        columnspacing=1.2,
        labelcolor=ink(on),
    )
