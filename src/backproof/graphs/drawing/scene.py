"""The scene: what is drawn, and where, before it becomes an SVG or an image."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backproof.graphs.drawing.layout import Arrow, Layout, arranged
from backproof.graphs.drawing.layout.layout import Point, Size
from backproof.graphs.drawing.view import Kind, SeenEdge, SeenNode, View, require_few
from backproof.graphs.drawing.writing import cut, number, short, width

__all__ = ["COLOURS", "FILLS", "GROUNDS", "Box", "Curve", "Label", "Scene", "Text", "laid_out"]

Role = Literal["title", "value", "grad", "local", "note"]
#: Each on a light ground of its own: so they read on a light page and on a dark one.
COLOURS: dict[Role, str] = {
    "title": "#1f2430",
    "value": "#1553b5",
    "grad": "#b93a08",
    "local": "#6a2fb5",
    "note": "#4a5160",
}
#: The ground of a label.
GROUNDS: dict[Role, str] = {
    "title": "#f1f2f4",
    "value": "#e4eeff",
    "grad": "#ffe8da",
    "local": "#f0e8fb",
    "note": "#f1f2f4",
}
#: For each kind of box how it is filled and framed.
FILLS: dict[Kind, tuple[str, str]] = {
    "input": ("#e9f1ff", "#86a9e0"),
    "constant": ("#f1f2f4", "#b4bac4"),
    "step": ("#ffffff", "#aab2bf"),
    "output": ("#fff0e3", "#e09a63"),
}
TITLE, NUMBER, LABEL = 13.0, 12.0, 11.0
_HEIGHT, _PAD, _MARGIN, _APART = 46.0, 11.0, 16.0, 16.0
_NARROWEST = 64.0
_LONGEST, _LONGEST_NUMBER = 34, 24
_LEGEND = 40.0
#: More numbers than this have no room in a hint.
_FULL = 60
#: More boxes than this make no picture.
_MOST = 1000


@dataclass(frozen=True)
class Text:
    """A text with the middle of its line at a height, and an end or its middle to the right."""

    x: float
    y: float
    text: str
    role: Role
    size: float
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Box:
    """A box: a node with its title, value and gradient."""

    x: float
    y: float
    width: float
    height: float
    node: SeenNode
    texts: tuple[Text, ...]
    hint: str


@dataclass(frozen=True)
class Label:
    """The label of an edge, on a ground of its own."""

    x: float
    y: float
    width: float
    height: float
    text: Text
    hint: str


@dataclass(frozen=True)
class Curve:
    """An edge: cubic pieces, the first point and then three for each, with an arrow at the end."""

    points: tuple[Point, ...]
    edge: SeenEdge
    label: Label | None

    @property
    def ends(self) -> tuple[int, int, int]:
        """The numbers of its nodes, the child's first, and which argument it is."""
        return self.edge.ends


@dataclass(frozen=True)
class Scene:
    """All that is drawn; the legend says what the colours mean."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    legend: tuple[Label, ...]
    title: str


def laid_out(view: View) -> Scene:
    """Give everything its place.

    Raises
    ------
    ValueError
        If there are too many nodes or edges for a picture.
    """
    require_few(view, _MOST, "a picture")
    numbers = {node.place: index for index, node in enumerate(view.boxes)}
    labels = {edge.edge: _size(edge.label) for edge in view.lines if edge.flows}
    arrows = [
        Arrow(numbers[line.parent.place], numbers[line.child.place], labels.get(line.edge, Size(0, 0)))
        for line in view.lines
    ]
    layout = arranged([_box_size(node) for node in view.boxes], arrows)
    boxes = tuple(_box(view, node, middle) for node, middle in zip(view.boxes, layout.boxes, strict=True))
    legend = _legend(view, _MARGIN + layout.size.height + _LEGEND / 2 + _MARGIN / 2)
    right = max([layout.size.width + _MARGIN, *(label.x + label.width for label in legend)])
    return Scene(
        right + _MARGIN,
        layout.size.height + 2 * _MARGIN + _LEGEND,
        boxes,
        _curves(view, layout),
        legend,
        f"The graph of {view.output.name}",
    )


def _size(text: str) -> Size:
    return Size(width(cut(text, _LONGEST_NUMBER), LABEL) + 12, LABEL + 7)


def _texts(node: SeenNode) -> tuple[str, str, str]:
    value = cut(short(node.value), _LONGEST_NUMBER)
    return cut(node.title, _LONGEST), value, f"∂ {cut(_spread(node.grad), _LONGEST_NUMBER)}"


def _spread(grad: Any) -> str:
    """Write a gradient, of an array from the least to the largest: its shape is that of the value."""
    if np.size(grad) and short(grad).endswith("numbers"):
        ends = (number(float(end), 3) for end in (np.min(grad), np.max(grad)))
        return " … ".join(dict.fromkeys(ends))
    return short(grad)


def _box_size(node: SeenNode) -> Size:
    title, value, grad = _texts(node)
    below = width(value, NUMBER) + _APART + width(grad, NUMBER)
    return Size(max(width(title, TITLE), below, _NARROWEST - 2 * _PAD) + 2 * _PAD, _HEIGHT)


def _box(view: View, node: SeenNode, middle: Point) -> Box:
    wide, high = _box_size(node)
    x, y = middle.x + _MARGIN - wide / 2, middle.y + _MARGIN - high / 2
    title, value, grad = _texts(node)
    texts = (
        Text(x + wide / 2, y + 14.5, title, "title", TITLE),
        Text(x + _PAD, y + 33, value, "value", NUMBER, "start"),
        Text(x + wide - _PAD, y + 33, grad, "grad", NUMBER, "end"),
    )
    hint = f"{node.title}\nvalue {_full(node.value)}\n{view.gradient(node)} = {_full(node.grad)}"
    return Box(x, y, wide, high, node, texts, hint)


def _full(value: object) -> str:
    """Write a value with all digits that matter, of a large array the shape."""
    array = np.asarray(value)
    if array.size > _FULL:
        return f"{array.dtype} of shape {array.shape}"
    return np.array2string(array, precision=8, separator=", ")


def _curves(view: View, layout: Layout) -> tuple[Curve, ...]:
    curves = []
    for line, wire in zip(view.lines, layout.wires, strict=True):
        points = tuple(Point(point.x + _MARGIN, point.y + _MARGIN) for point in wire.points)
        label = None
        if line.flows:
            hint = f"{line.factor}: the local gradient"
            label = _label(wire.label.x + _MARGIN, wire.label.y + _MARGIN, line.label, "local", hint)
        curves.append(Curve(points, line, label))
    return tuple(curves)


def _label(x: float, y: float, text: str, role: Role, hint: str) -> Label:
    wide, high = _size(text)
    shown = Text(x, y, cut(text, _LONGEST_NUMBER), role, LABEL)
    return Label(x - wide / 2, y - high / 2, wide, high, shown, hint)


def _legend(view: View, y: float) -> tuple[Label, ...]:
    said: Sequence[tuple[str, Role]] = (
        ("value", "value"),
        (f"∂ gradient of {cut(view.target, 16)}", "grad"),
        ("local gradient", "local"),
    )
    sizes = [_size(text).width for text, _ in said]
    starts = itertools.accumulate(sizes, lambda at, wide: at + wide + 8, initial=_MARGIN)
    return tuple(
        _label(start + wide / 2, y, text, role, "")
        for (text, role), wide, start in zip(said, sizes, starts, strict=False)
    )
