"""Draws the pictures of the reference: SVG, the same at every run, for light and dark pages alike."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from docs.generator.curves import Curve

__all__ = ["COLOURS", "GREY", "pair", "panels", "svg"]

#: Read on white and on GitHub's dark grey: none is near to either.
COLOURS = ("#2f81f7", "#e0823d", "#3fa266", "#a371f7")
GREY = "#7d8590"
#: How all text is set.
_TEXT = f"font:9px Helvetica,Arial,sans-serif;fill:{GREY}"
#: Beyond this a curve leaves the picture.
_LARGEST = 5.0

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "backproof",
    "font.family": ["Helvetica", "Arial", "sans-serif"],
    "font.size": 9,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "path.simplify_threshold": 0.2,
    "legend.frameon": False,
}


@contextmanager
def _styled() -> Iterator[None]:
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # its keys are listed there
        # matplotlib warns of fonts that are not here; the reader's own are used.
        import logging

        logger = logging.getLogger("matplotlib.font_manager")
        before = logger.level
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(before)


def pair(curves: Sequence[Curve], x: str, value: str, slope: str) -> str:
    """Draw a function and, beside it, its derivative."""
    with _styled():
        figure = Figure(figsize=(6.0, 2.3), layout="constrained")
        for axes, title, part in zip(figure.subplots(1, 2), (value, slope), ("value", "slope"), strict=True):
            axes.set_title(title)
            axes.set_xlabel(x, labelpad=1)
            _cross(axes)
            for curve, colour in zip(curves, COLOURS, strict=False):
                axes.plot(curve.x, getattr(curve, part), color=colour, label=curve.label or None)
            axes.set_ylim(_limits([getattr(curve, part) for curve in curves]))
            axes.margins(x=0.02)
            axes.locator_params(nbins=5)
        if any(curve.label for curve in curves):
            handles, labels = figure.axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), handlelength=1.2)
        return svg(figure)


def _cross(axes: Any) -> None:
    """Draw the lines x = 0 and y = 0, faintly, where they are in the picture."""
    axes.axhline(0, color=GREY, linewidth=0.5, alpha=0.5)


def _limits(values: Sequence[np.ndarray[Any, Any]]) -> tuple[float, float]:
    """Give the range of y: what the curves need, as far as it is not too far out; zero is in it."""
    joined = np.concatenate(values)
    joined = np.clip(joined[np.isfinite(joined)], -_LARGEST, _LARGEST)
    low, high = min(joined.min(), 0.0), max(joined.max(), 0.0)
    edge = 0.06 * max(high - low, 0.5)
    return float(low - edge), float(high + edge)


@contextmanager
def panels(count: int, columns: int, size: tuple[float, float]) -> Iterator[tuple[Figure, list[Any]]]:
    """Give a figure of small pictures that share their axes."""
    with _styled():
        rows = -(-count // columns)
        figure = Figure(figsize=(columns * size[0], rows * size[1]), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[count:]:
            axes.remove()
        yield figure, list(grid.flat[:count])


def svg(figure: Figure) -> str:
    """Write a figure as SVG, the same at every run and small.

    It has no date; numbers are rounded to a tenth of a point; what is the same of all text is
    said once; nothing has a name that is not used.
    """
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"(<style[^>]*>)", rf"\1text{{{_TEXT}}}", text, count=1)
    text = re.sub(r'font-(size|family): ?("[^"]*"|[^;"]*)(; ?)?', "", text)
    text = re.sub(r'(<text style="[^"]*)fill: #7d8590;? ?', r"\1", text)
    text = re.sub(r' (id="[a-z0-9.]+_\d+"|style=""|transform="rotate\(-0[^"]*")', "", text)
    text = re.sub(
        r"\d+\.\d{2,}(?![^<>]*</text>)", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), text
    )
    return re.sub(r"\s*\n\s*", "\n", text)
