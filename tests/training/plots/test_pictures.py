"""What holds for every picture: it can be read, on any page, and leaves nothing behind."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure

from backproof.training.plots.theme import contrast
from tests.training.plots.samples import PICTURES, clipped, overlapping, seen

#: A page is light or dark; the dark one is that of code hosts.
PAGES = ("#ffffff", "#0d1117")


@pytest.fixture(params=PICTURES, scope="module")
def picture(request: pytest.FixtureRequest) -> Figure:
    made = PICTURES[request.param]()
    made.draw_without_rendering()
    return made


def test_no_text_lies_on_another(picture: Figure) -> None:
    assert not overlapping(picture)


def test_no_text_is_cut_off(picture: Figure) -> None:
    assert not clipped(picture)


def test_every_axis_is_named(picture: Figure) -> None:
    assert all(ax.get_xlabel() or ax.get_ylabel() for ax in picture.axes)


def test_colours_have_contrast_on_light_and_dark_pages(picture: Figure) -> None:
    assert to_rgba(picture.get_facecolor())[3] == 0
    for ax in picture.axes:
        for line in ax.lines:
            assert min(contrast(to_hex(line.get_color()), page) for page in PAGES) > 3.4
    cells = {text for ax in picture.axes if ax.images for text in ax.texts}
    for text in seen(picture):
        if text not in cells:
            assert min(contrast(to_hex(text.get_color()), page) for page in PAGES) > 4.1, text.get_text()


def test_lines_differ_without_colours(picture: Figure) -> None:
    for ax in picture.axes:
        named: list[Any] = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
        looks = {str((line._unscaled_dash_pattern, line.get_linestyle(), *_mark(line))) for line in named}
        assert len(looks) >= min(len(named), 6)


def _mark(line: Any) -> tuple[str, bool]:
    """Give the mark of a line, and whether it is hollow."""
    return line.get_marker(), line.get_markerfacecolor() == "none"


def test_nothing_is_left_behind() -> None:
    before = dict(mpl.rcParams)
    for make in (PICTURES["loss"], PICTURES["confusion"], PICTURES["loss, no epoch"]):
        make()
    assert dict(mpl.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


# --- Planted: what the tests above look for is found ------------------------------------------------


def test_texts_on_one_another_and_cut_off_are_seen() -> None:
    figure = Figure()
    ax = figure.add_subplot()
    ax.text(0.5, 0.5, "one")
    ax.text(0.5, 0.5, "other")
    ax.text(3.0, 0.5, "away")
    ax.set_xlim(0, 1)
    figure.draw_without_rendering()
    assert ("one", "other") in overlapping(figure)
    assert "away" in clipped(figure)
