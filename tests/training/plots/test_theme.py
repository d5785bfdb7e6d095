"""The looks: contrast, backgrounds, files, axes of somebody else."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.gridspec import GridSpec
from matplotlib.image import imread

from backproof.training import plots
from backproof.training.find_lr import RateSweep
from backproof.training.plots import theme
from backproof.training.plots.theme import COLOURS, DASHES, DEPTHS, MARKS, contrast, literal, readable, save
from tests.training.plots.samples import ACROSS, PLANE, THREE, history, line, scores, with_sizes

#: Ratios that are published: of the extremes, and of the greys that just pass on white.
PUBLISHED = [("#000000", "#ffffff", 21.0), ("#767676", "#ffffff", 4.54), ("#949494", "#ffffff", 3.03)]


@pytest.mark.parametrize(("first", "second", "ratio"), PUBLISHED)
def test_contrast(first: str, second: str, ratio: float) -> None:
    assert contrast(first, second) == pytest.approx(ratio, abs=0.005)
    assert contrast(second, first) == contrast(first, second)


def test_as_many_dashes_and_marks_as_colours() -> None:
    assert len(COLOURS) == len(set(map(str, DASHES))) == len(set(MARKS)) == len(set(COLOURS))


def test_depths_grow_darker_all_the_way() -> None:
    shades = [contrast(to_hex(DEPTHS(share)), "white") for share in np.linspace(0, 1, 40)]
    assert np.all(np.diff(shades) > 0)


@pytest.mark.parametrize("share", np.linspace(0, 1, 21))
def test_what_is_written_on_a_depth_is_readable(share: float) -> None:
    ground = to_hex(DEPTHS(share))
    assert contrast(readable(ground), ground) > 4.5


@pytest.mark.parametrize("background", ["white", "#0d1117", "lightyellow"])
def test_a_background_of_ones_own(background: str) -> None:
    figure = plots.loss(history([2.0, 1.0]), background=background)
    assert to_hex(figure.get_facecolor()) == to_hex(background)
    assert contrast(to_hex(figure.axes[0].xaxis.label.get_color()), background) > 12


DRAWS: dict[str, Callable[..., Figure]] = {
    "loss": lambda **how: plots.loss(history([2.0, 1.0]), **how),
    "columns": lambda **how: plots.columns(history([2.0, 1.0]), ["lr"], **how),
    "weights": lambda **how: plots.weights(with_sizes(2), **how),
    "gradients": lambda **how: plots.gradients(with_sizes(9), **how),
    "regression": lambda **how: plots.regression(line, ACROSS, ACROSS, **how),
    "predictions": lambda **how: plots.predictions(ACROSS, ACROSS, **how),
    "logistic": lambda **how: plots.logistic(line, ACROSS, ACROSS > 0.5, **how),
    "boundary": lambda **how: plots.boundary(scores, PLANE, THREE, **how),
    "confusion": lambda **how: plots.confusion(THREE, THREE, **how),
    "loss_surface": lambda **how: plots.loss_surface(lambda x, y: x * y, {}, points=4, **how),
    "rates": lambda **how: plots.rates(RateSweep(np.geomspace(1e-3, 1, 9), np.linspace(2, 1, 9)), **how),
}


def test_all_plots_are_tried() -> None:
    assert {*DRAWS, "layer_sizes"} == {*plots.__all__}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_on_axes_of_ones_own(draw: Callable[..., Figure], tmp_path: Path) -> None:
    figure = Figure()
    figure.add_subplot(121).set_title("mine")
    ax = figure.add_subfigure(GridSpec(1, 2, figure)[1]).subplots()
    file = tmp_path / "both.svg"
    assert draw(ax=ax, path=file) is figure
    assert ax.get_xlabel() or ax.get_ylabel()
    assert file.read_bytes()[:5] == b"<?xml"


STARTS = {"png": b"\x89PNG", "SVG": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize(("ending", "start"), STARTS.items())
def test_a_file_is_written_whole_and_the_same_each_time(ending: str, start: bytes, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.{ending}" for name in ("one", "two")]
    files[1].write_text("what was there before", "utf-8")
    figure = plots.loss(history([2.0, 1.0]), path=files[0])
    save(figure, files[1])
    assert files[0].read_bytes().startswith(start)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == files


@pytest.mark.parametrize("path", ["loss", "loss.gif", "", "loss.png/"[:-4]])
def test_another_ending_is_refused_before_it_is_drawn(path: str) -> None:
    with pytest.raises(ValueError, match=r"expected a path that ends in \.png, \.svg, \.pdf; got path="):
        plots.loss(history([2.0]), path=path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        plots.loss(history([2.0]), path=tmp_path / "none" / "loss.png")


def test_a_picture_keeps_its_looks_whatever_the_settings() -> None:
    with mpl.rc_context(
        {"text.usetex": True, "savefig.facecolor": "red", "axes.facecolor": "red", "font.size": 40}
    ):
        figure = plots.loss(history([2.0, 1.0]))
        stream = io.BytesIO(figure._repr_png_())  # type: ignore[attr-defined]
    pixels = imread(stream)
    assert pixels[2, 2, 3] == 0
    assert figure.axes[0].xaxis.label.get_fontsize() == 10
    assert to_rgba(figure.axes[0].get_facecolor())[3] == 0


def test_letters_come_from_a_font_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of matplotlib's other fonts stands for one that somebody has installed."""
    own, other = (set(get_font(findfont(name)).get_charmap()) for name in ("DejaVu Sans", "STIXGeneral"))
    letter = chr(min(other - own))
    monkeypatch.setattr(theme, "_FONTS", ("No Such Font", "STIXGeneral"))
    theme._fonts.cache_clear()
    try:
        figure = plots.columns(history([2.0], **{letter: [1.0]}), [letter])
        assert figure.axes[0].yaxis.label.get_fontfamily()[-1] == "STIXGeneral"
        figure._repr_png_()  # type: ignore[attr-defined]
    finally:
        theme._fonts.cache_clear()


def test_letters_that_no_font_has_are_told_once() -> None:
    names = ["\U00012000", "\U00012001 \U00012000"]
    figure = plots.columns(history([2.0, 1.0], **{name: [1.0, 2.0] for name in names}), names)
    with pytest.warns(UserWarning, match="no font that is installed has \U00012000\U00012001: ") as said:
        figure._repr_png_()  # type: ignore[attr-defined]
    assert len(said) == 1
    figure._repr_png_()  # type: ignore[attr-defined]


def test_literal() -> None:
    assert literal("$x$") == r"\$x\$"


@pytest.mark.parametrize("scale", [1.0, 1e7])
def test_the_legend_lies_above_the_factor_of_the_numbers(scale: float) -> None:
    numbers = np.linspace(1, 2, 30) * scale
    figure = plots.predictions(numbers, numbers[::-1], held=np.arange(30) > 20)
    figure.savefig(io.BytesIO())
    (ax,) = figure.axes
    factor, explained = ax.yaxis.get_offset_text(), ax.get_legend()
    assert explained is not None
    assert bool(factor.get_text()) is (scale > 1)
    if factor.get_text():
        assert not factor.get_window_extent().overlaps(explained.get_window_extent())
