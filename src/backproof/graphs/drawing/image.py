"""The scene as an image, through matplotlib, which is loaded when an image is asked for."""

from __future__ import annotations

import importlib
import io
import itertools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.graphs.drawing.scene import COLOURS, FILLS, GROUNDS, Box, Curve, Label, Scene, Text
from backproof.graphs.drawing.svg import BASELINE, LINE, arrow

if TYPE_CHECKING:
    from matplotlib.artist import Artist

__all__ = ["Drawing", "Letters", "as_png", "required"]

#: Dots an image has for each unit of the scene, unless that made it larger than programs show.
_SCALE, _MOST_DOTS, _LONGEST = 2.0, 12e6, 30_000
_UNITS_AN_INCH = 72
#: How much of a text stands before its place.
_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}
#: How far the points that bend a quarter of a circle are from its ends, in radii.
_ROUND = 0.5523


def required(name: str) -> Any:
    """Give a module of matplotlib, or of Pillow, which comes with it.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed: with how to install it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"images are drawn by matplotlib, and {error.name} is not installed: "
            'pip install "backproof[plot]"; SVG and HTML need nothing',
            name=error.name,
        ) from error


def as_png(scene: Scene) -> bytes:
    """Draw a scene as PNG.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    drawing = Drawing(scene)
    wide, high = scene.width, scene.height
    scale = min(_SCALE, (_MOST_DOTS / (wide * high)) ** 0.5, _LONGEST / max(wide, high))
    stream = io.BytesIO()
    drawing.figure.savefig(stream, format="png", dpi=_UNITS_AN_INCH * scale, pil_kwargs={"compress_level": 2})
    return stream.getvalue()


class Drawing:
    """A scene on a figure of matplotlib: a unit of the scene is a point of the paper.

    Attributes
    ----------
    frames
        The frame of each node, by its number.
    values, grads
        The texts of these, by the node's number.
    lines, labels
        What belongs to each edge, by its ends and argument.
    """

    def __init__(self, scene: Scene, below: float = 0.0) -> None:
        """Draw; with some room below the scene."""
        wide, high = scene.width, scene.height + below
        self._path, self._patch = required("matplotlib.path").Path, required("matplotlib.patches").PathPatch
        size = (wide / _UNITS_AN_INCH, high / _UNITS_AN_INCH)
        self.figure = required("matplotlib.figure").Figure(figsize=size, facecolor="white")
        required("matplotlib.backends.backend_agg").FigureCanvasAgg(self.figure)
        turned = required("matplotlib.transforms").Affine2D().translate(0, -high).scale(1 / wide, -1 / high)
        self._letters = Letters("DejaVu Sans")
        self._even = Letters("DejaVu Sans Mono")
        self._onto = turned + self.figure.transFigure
        self.frames: dict[int, Artist] = {}
        self.values: dict[int, Artist] = {}
        self.grads: dict[int, Artist] = {}
        self.lines: dict[tuple[int, int, int], list[Artist]] = {}
        self.labels: dict[tuple[int, int, int], list[Artist]] = {}
        for curve in scene.curves:
            self.lines[curve.ends] = self._curve(curve)
        for curve in scene.curves:
            self.labels[curve.ends] = self._label(curve.label) if curve.label else []
        for label in scene.legend:
            self._label(label)
        for box in scene.boxes:
            self._box(box)

    def text(self, text: Text) -> Artist:
        """Draw a text; a note in letters of one width."""
        letters = self._even if text.role == "note" else self._letters
        return self._shape(*letters.line(text), facecolor=COLOURS[text.role], edgecolor="none")

    def _curve(self, curve: Curve) -> list[Artist]:
        codes = [self._path.MOVETO] + [self._path.CURVE4] * (len(curve.points) - 1)
        line = self._shape(
            curve.points,
            codes,
            fill=False,
            edgecolor=LINE,
            linewidth=1.4,
            linestyle="-" if curve.edge.flows else "--",
        )
        tip = arrow(curve.points[-1])
        head = self._shape(
            [*tip, tip[0]],
            [self._path.MOVETO, *[self._path.LINETO] * 2, self._path.CLOSEPOLY],
            facecolor=LINE,
            edgecolor="none",
        )
        return [line, head]

    def _label(self, label: Label) -> list[Artist]:
        ground = GROUNDS[label.text.role]
        panel = self._panel(label, label.height / 2, facecolor=ground, edgecolor="none")
        return [panel, self.text(label.text)]

    def _box(self, box: Box) -> None:
        fill, frame = FILLS[box.node.kind]
        index = box.node.index
        self.frames[index] = self._panel(box, 8, facecolor=fill, edgecolor=frame, linewidth=1.2)
        for text in box.texts:
            artist = self.text(text)
            if text.role in ("value", "grad"):
                (self.values if text.role == "value" else self.grads)[index] = artist

    def _panel(self, area: Box | Label, radius: float, **how: Any) -> Artist:
        """Draw a rectangle with round corners: eight points on the sides, with two that bend each corner."""
        left, top, right, bottom = area.x, area.y, area.x + area.width, area.y + area.height
        bend = radius * (1 - _ROUND)
        points = [(left + radius, top)]
        for (x, y), (to_x, to_y) in (
            ((right, top), (0, 1)),
            ((right, bottom), (-1, 0)),
            ((left, bottom), (0, -1)),
            ((left, top), (1, 0)),
        ):
            from_x, from_y = to_y, -to_x  # the side before comes this way
            points += [
                (x - from_x * radius, y - from_y * radius),
                (x - from_x * bend, y - from_y * bend),
                (x + to_x * bend, y + to_y * bend),
                (x + to_x * radius, y + to_y * radius),
            ]
        corner = [self._path.LINETO, *[self._path.CURVE4] * 3]
        return self._shape(points, [self._path.MOVETO, *corner * 4], **how)

    def _shape(self, points: ArrayLike, codes: ArrayLike, **how: Any) -> Artist:
        patch: Artist = self._patch(self._path(points, codes), transform=self._onto, **how)
        self.figure.add_artist(patch)
        return patch


class Letters:
    """Texts as outlines, those of each character found once: in a third of the time of matplotlib's texts."""

    def __init__(self, family: str) -> None:
        self._font = required("matplotlib.font_manager").FontProperties(family=family)
        self._found: dict[str, tuple[NDArray[Any], NDArray[Any], float]] = {}

    def line(self, text: Text) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give the outline of a text where it stands: its points, and what each of them is."""
        outlines = [self._outline(char) for char in text.text or " "]
        ends = list(itertools.accumulate(wide for _, _, wide in outlines))
        starts = [0.0, *ends[:-1]]
        left = text.x - text.size * ends[-1] * _BEFORE[text.anchor]
        base = text.y + BASELINE * text.size
        points = np.concatenate(
            [shape + np.array([start, 0]) for (shape, _, _), start in zip(outlines, starts, strict=True)]
        )
        return points * (text.size, -text.size) + (left, base), np.concatenate(
            [codes for _, codes, _ in outlines]
        )

    def _outline(self, char: str) -> tuple[NDArray[Any], NDArray[Any], float]:
        """Give the outline of a character of size 1, and how far the next is away."""
        if char not in self._found:
            paths = required("matplotlib.textpath").text_to_path
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the font lacks is drawn as a frame
                points, codes = paths.get_text_path(self._font, char)
                wide, _, _ = paths.get_text_width_height_descent(char, self._font, ismath=False)
            shape = np.reshape(points, (-1, 2)) / paths.FONT_SCALE
            self._found[char] = shape, np.asarray(codes, int), wide / self._font.get_size_in_points()
        return self._found[char]
