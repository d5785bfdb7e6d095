"""How plots look: their colours, lines and marks, and the picture they are drawn on.

Colours have contrast on white and on near-black pages, so that a picture without a background can be on
either; where colours are lost, in print, lines differ by their dashes and points by their marks. No settings
of matplotlib are changed for others, and no window is needed.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from backproof._files import write_whole
from backproof.training.plots.svg import compact

__all__ = [
    "COLOURS",
    "DASHES",
    "DEPTHS",
    "HATCHES",
    "INK",
    "MARKS",
    "Picture",
    "contrast",
    "ink",
    "legend",
    "literal",
    "name_of",
    "note",
    "page",
    "panel",
    "readable",
    "save",
    "shortened",
    "themed",
]

#: Blue, orange, green, violet, pink, ochre: each has a contrast of 3.4 with white and with near-black.
COLOURS = ("#2f7ed8", "#d9601a", "#1a9a6b", "#a45ad6", "#d4457e", "#94790a")
#: Dashes of lines, in that order.
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.8)),
    (0, (1.2, 1.4)),
    (0, (6, 1.6, 1.2, 1.6)),
    (0, (9, 2.5)),
    (0, (3, 1.2, 1, 1.2, 1, 1.2)),
)
#: Marks of points, in that order.
MARKS = ("o", "s", "^", "D", "v", "P")
#: Of regions, where the colours begin anew.
HATCHES = {"": None, "hatched": "///", "dotted": "...", "crossed": "xxx", "striped": "|||"}
#: Of texts and axes, where the page may be light or dark; and where it is the one or the other.
INK, DARK_INK, LIGHT_INK = "#767676", "#24292f", "#e6e6e6"
#: From little to much; it grows darker all the way, so that it can be printed.
DEPTHS = LinearSegmentedColormap.from_list("backproof", ["#eef4fb", "#9cc3ef", "#2f7ed8", "#123f7a"])

#: Fonts that have the letters which matplotlib's own lacks, such as those of Chinese, Japanese and Korean.
_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Noto Sans SC",
    "Source Han Sans",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
)
#: What matplotlib says where no font has a letter.
_LACKING = re.compile(r"Glyph (\d+) .* missing from font")
#: The letters of which that was said.
_TOLD: set[str] = set()
#: Between what is drawn and the edge, in inches.
_ROOM = 0.08
#: Letters of a legend, at most, and how many of them what stands before a label takes.
_LETTERS_AN_INCH, _HANDLE = 13.0, 7
_ENDINGS = ("png", "svg", "pdf")
#: What would make two files of one plot differ.
_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}

#: matplotlib's names, which its types want as literals.
_SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.formatter.limits": (-4, 5),
    "axes.formatter.use_mathtext": True,
    "axes.grid": True,
    "axes.labelpad": 5.0,
    "axes.labelsize": 10.0,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "normal",
    "figure.dpi": 100.0,
    "font.size": 10.0,
    "grid.alpha": 0.25,
    "grid.linestyle": "-",
    "grid.linewidth": 0.6,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.0,
    "savefig.dpi": 160.0,
    "svg.hashsalt": "backproof",
    "text.usetex": False,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
}


class Picture(Figure):
    """A figure that a notebook shows by itself, without ``pyplot``."""

    def _repr_png_(self) -> bytes:
        return _written(self, "png")


@contextlib.contextmanager
def themed(background: str | None = None) -> Iterator[None]:
    """Let what is made within look as our plots do; the settings are then as they were.

    ``background`` is a colour of matplotlib; ``None`` for none, so that the page is seen.
    """
    letters = INK if background is None else readable(background, DARK_INK, LIGHT_INK)
    names: tuple[Any, ...] = (
        "axes.edgecolor",
        "axes.labelcolor",
        "grid.color",
        "text.color",
        "xtick.color",
        "ytick.color",
    )
    inks: dict[Any, Any] = dict.fromkeys((*names, "axes.titlecolor", "legend.labelcolor"), letters)
    ground: dict[Any, Any] = {"figure.facecolor": "none" if background is None else background}
    fonts: dict[Any, Any] = {"font.family": [*mpl.rcParams["font.family"], *_fonts()]}
    with mpl.rc_context({**_SETTINGS, **inks, **ground, **fonts}):
        yield


@functools.cache
def _fonts() -> tuple[str, ...]:
    """Give those of the fonts with further letters that are installed: of another matplotlib would warn."""
    installed = {font.name for font in fontManager.ttflist}
    return tuple(name for name in _FONTS if name in installed)


@contextlib.contextmanager
def page(
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
    size: tuple[float, float] = (6.4, 4.0),
) -> Iterator[Picture]:
    """Give a picture to draw on, and save it if there is a path."""
    if path is not None:
        _form(path)
    with themed(background):
        picture = Picture(figsize=size, layout="constrained")
        picture.get_layout_engine().set(w_pad=_ROOM, h_pad=_ROOM)  # type: ignore[union-attr,call-arg]
        yield picture
        if path is not None:
            save(picture, path)


@contextlib.contextmanager
def panel(
    ax: Axes | None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
    size: tuple[float, float] = (6.4, 4.0),
) -> Iterator[Axes]:
    """Give axes to draw on, and save their picture if there is a path.

    They are those that are given, which keep their looks, or the only ones of a new picture.
    """
    if ax is None:
        with page(path, background, size) as picture:
            yield picture.add_subplot()
    else:
        if path is not None:
            _form(path)
        yield ax
        if path is not None:
            save(ax.figure.figure, path)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure into a file, whole or not at all, in the format that its ending says.

    Raises
    ------
    ValueError
        If the ending is that of no format.
    OSError
        If the file cannot be written; it is then as it was.
    """
    write_whole(Path(path), _written(figure, _form(path)))


def _form(path: str | os.PathLike[str]) -> str:
    form = Path(path).suffix.removeprefix(".").lower()
    if form not in _ENDINGS:
        endings = ", ".join(f".{ending}" for ending in _ENDINGS)
        raise ValueError(f"expected a path that ends in {endings}; got path={os.fspath(path)!r}")
    return form


def _written(figure: Figure, form: str) -> bytes:
    stream = io.BytesIO()
    kept: dict[Any, Any] = {name: _SETTINGS[name] for name in ("savefig.dpi", "svg.hashsalt", "text.usetex")}
    with mpl.rc_context(kept), _said_once():
        figure.savefig(stream, format=form, facecolor=figure.get_facecolor(), metadata=_UNDATED[form])
    return compact(stream.getvalue()) if form == "svg" else stream.getvalue()


@contextlib.contextmanager
def _said_once() -> Iterator[None]:
    """Say of each letter once that no font has it, instead of each time that it is drawn."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    lacking = set()
    for each in said:
        found = _LACKING.match(str(each.message))
        if found is None:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
        else:
            lacking.add(chr(int(found[1])))
    new = sorted(lacking - _TOLD)
    _TOLD.update(new)
    if new:
        warnings.warn(
            f"no font that is installed has {''.join(new)}: pictures show boxes instead; install one that "
            "has, such as Noto Sans CJK",
            stacklevel=2,
        )


def contrast(first: str, second: str) -> float:
    """Give the contrast of two colours, from 1 to 21.

    Source: Web Content Accessibility Guidelines 2.2, "contrast ratio" and "relative luminance".

    Examples
    --------
    >>> contrast("white", "black"), round(contrast("white", "#767676"), 2)
    (21.0, 4.54)
    """
    darker, lighter = sorted(map(_luminance, (first, second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def readable(ground: Any, dark: str = "black", light: str = "white") -> str:
    """Give the one of two inks that is read better on a colour.

    Examples
    --------
    >>> readable("white"), readable("navy")
    ('black', 'white')
    """
    return max((dark, light), key=lambda letters: contrast(letters, ground))


def ink(ax: Axes) -> Any:
    """Give the colour of the texts of axes, which may be somebody else's."""
    return ax.xaxis.label.get_color()


def literal(text: object) -> str:
    """Give a text, such as a name, that matplotlib takes for no formula."""
    return str(text).replace("$", r"\$")


def name_of(value: object) -> str:
    """Give a value, such as a class, as a name: 1.0 is 1.

    Examples
    --------
    >>> name_of(1.0), name_of("oak")
    ('1', 'oak')
    """
    return f"{value:g}" if isinstance(value, float) else literal(value)


def shortened(value: object, most: int = 20) -> object:
    """Give a long word without its middle, as words differ at their ends, too; a number as it is.

    Examples
    --------
    >>> shortened("a rather long name of something, 12")
    'a rather l…thing, 12'
    """
    if not isinstance(value, str) or len(value) <= most:
        return value
    return f"{value[: most // 2]}…{value[1 - most // 2 :]}"


def note(ax: Axes, text: str) -> None:
    """Say in the middle of empty axes why they are empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=ink(ax))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)


def legend(ax: Axes, least: int = 2) -> None:
    """Explain what is drawn above the axes, where it covers nothing; what is alone needs none."""
    handles, labels = ax.get_legend_handles_labels()
    if len(handles) >= least:
        ax.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0 + _factor_height(ax)),
            ncols=_columns(ax, labels),
            borderaxespad=0.2,
            borderpad=0.2,
            columnspacing=1.6,
            labelcolor=ink(ax),
        )


def _factor_height(ax: Axes) -> float:
    """Give how high above axes the factor of the numbers at the left stands, such as 10⁵: a share of them."""
    formatter = ax.yaxis.get_major_formatter()
    formatter.set_locs(ax.get_yticks().tolist())
    if not formatter.get_offset():
        return 0.0
    height = ax.get_position().height * ax.figure.figure.get_figheight()
    return 1.5 * float(ax.yaxis.get_offset_text().get_fontsize()) / 72 / height


def _columns(ax: Axes, labels: Sequence[str]) -> int:
    """Give how many columns of a legend fit above axes: one for each label, if that is not too wide."""
    room = ax.get_position().width * ax.figure.figure.get_figwidth() * _LETTERS_AN_INCH
    for columns in range(len(labels), 1, -1):
        parts = np.array_split([len(label) + _HANDLE for label in labels], columns)
        if sum(part.max() for part in parts) <= room:
            return columns
    return 1
