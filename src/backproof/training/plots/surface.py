"""The loss over two coordinates, with the ways that were taken on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from backproof.training.plots.theme import COLOURS, DASHES, DEPTHS, MARKS, ink, legend, literal, panel

__all__ = ["loss_surface"]

_LEVELS = 16
#: The points of a shorter way are marked.
_MARKED = 60


def loss_surface(
    function: Callable[[float, float], float],
    ways: Mapping[str, ArrayLike],
    *,
    names: tuple[str, str] = ("x", "y"),
    around: tuple[tuple[float, float], tuple[float, float]] | None = None,
    points: int = 41,
    value: str = "loss",
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw a function of two numbers, and ways on it: each begins at a mark and ends at a star.

    Parameters
    ----------
    function
        Gives the value at two coordinates.
    ways
        Points by the names of the ways, two coordinates a row.
    names
        What stands at the axes.
    around
        From where to where, for each axis; ``None`` for what the ways need.
    points
        How many values there are along each axis.
    value
        What the values are.
    ax, path, background
        As for `loss`.

    Raises
    ------
    ValueError
        If a way is no rows of two.

    Examples
    --------
    >>> picture = loss_surface(lambda x, y: x**2 + y**2, {"down": [[1, 1], [0.5, 0.5], [0.1, 0.1]]}, points=5)
    >>> picture.axes[0].lines[0].get_xdata().tolist()
    [1.0, 0.5, 0.1]
    """
    taken = {name: _way(name, way) for name, way in ways.items()}
    (left, right), (low, high) = around or _around(list(taken.values()))
    x, y = np.linspace(left, right, points), np.linspace(low, high, points)
    with np.errstate(all="ignore"):
        values = np.array([[float(function(float(a), float(b))) for a in x] for b in y])
    with panel(ax, path, background, (6.4, 4.6)) as on:
        _ground(on, x, y, values, value)
        for index, (name, way) in enumerate(taken.items()):
            _draw_way(on, way, index, name)
        on.set_xlim(left, right)
        on.set_ylim(low, high)
        on.set_xlabel(literal(names[0]))
        on.set_ylabel(literal(names[1]))
        on.grid(visible=False)
        legend(on)
        return on.figure.figure


def _way(name: str, way: ArrayLike) -> NDArray[Any]:
    found = np.asarray(way, float)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ValueError(f"expected a way in rows of two; got {name!r} of shape {found.shape}")
    return found


def _around(ways: Sequence[NDArray[Any]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give a frame around ways, with room: no side is less than a third of the other."""
    points = np.concatenate([np.zeros((0, 2)), *(way[np.isfinite(way).all(axis=1)] for way in ways)])
    points = points if len(points) else np.zeros((1, 2))
    least, most = points.min(axis=0), points.max(axis=0)
    wide = np.maximum(most - least, (most - least).max() / 3)
    wide[wide == 0] = 1.0
    centre, half = (least + most) / 2, 0.7 * wide
    (left, low), (right, high) = centre - half, centre + half
    return (float(left), float(right)), (float(low), float(high))


def _ground(on: Axes, x: NDArray[Any], y: NDArray[Any], values: NDArray[Any], value: str) -> None:
    """Fill the plane by the values; what is not finite stays empty."""
    shown = np.ma.masked_invalid(values)
    if not shown.count():
        return
    # As much of the plane in each colour: a valley is seen however high the hills are.
    levels = np.unique(np.quantile(shown.compressed(), np.linspace(0, 1, _LEVELS)))
    if len(levels) == 1:
        levels = levels + np.array([0.0, abs(float(levels[0])) or 1.0])
    norm = BoundaryNorm(levels.tolist(), DEPTHS.N)
    filled = on.contourf(x, y, shown, levels=levels, cmap=DEPTHS, norm=norm)
    if len(levels) > 2:
        on.contour(x, y, shown, levels=levels[1:-1], colors="white", linewidths=0.5, alpha=0.6)
    bar = on.figure.figure.colorbar(filled, ax=on, pad=0.02, spacing="uniform", format="%.4g")
    bar.set_ticks(levels[:: max(1, len(levels) // 5)].tolist())
    bar.ax.minorticks_off()
    bar.set_label(value, color=ink(on))
    bar.outline.set_visible(False)


def _draw_way(on: Axes, way: NDArray[Any], index: int, name: str) -> None:
    colour = COLOURS[(index + 1) % len(COLOURS)]
    halo = [withStroke(linewidth=3.6, foreground="white")]
    mark = MARKS[index % len(MARKS)]
    style: dict[str, Any] = {"color": colour, "zorder": 3.0}
    dashes = DASHES[index % len(DASHES)]
    on.plot(*way.T, linestyle=dashes, path_effects=halo, label=literal(name), **style)
    if len(way) <= _MARKED:
        on.plot(*way.T, linestyle="none", marker=mark, markersize=3.5, **style)
    edge: dict[str, Any] = {
        "color": colour,
        "markeredgecolor": "white",
        "linestyle": "none",
        "zorder": 4,
        "clip_on": False,
    }
    on.plot(*way[:1].T, marker=mark, markersize=9, **edge)
    on.plot(*way[-1:].T, marker="*", markersize=14, **edge)
