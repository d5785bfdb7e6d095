"""The scene as SVG: a file of its own, or a part of a page."""

from __future__ import annotations

from html import escape

from backproof.graphs.drawing.layout.layout import Point
from backproof.graphs.drawing.scene import COLOURS, FILLS, GROUNDS, Box, Curve, Label, Scene, Text

__all__ = ["BASELINE", "LINE", "arrow", "as_svg"]

#: Of edges: reads on white and on black.
LINE = "#7d8694"
#: How far below the middle of a line its letters stand, of their size.
BASELINE = 0.35
_FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def as_svg(scene: Scene) -> str:
    """Write a scene as SVG.

    What belongs to a node bears its number in the graph (``data-node``), what belongs to an edge those of
    its ends.
    """
    wide, high = _n(scene.width), _n(scene.height)
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{_FONT}">',
        f"<title>{escape(scene.title)}</title>",
        *map(_edge, scene.curves),
        *(_ground(curve.label, curve) for curve in scene.curves if curve.label),
        *map(_box, scene.boxes),
        '<g class="legend">',
        *(_ground(label) for label in scene.legend),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def arrow(tip: Point) -> tuple[Point, Point, Point]:
    """Give the corners of the head of an arrow to the right."""
    return tip, Point(tip.x - 7, tip.y - 3.5), Point(tip.x - 7, tip.y + 3.5)


def _ends(curve: Curve) -> str:
    child, parent, argument = curve.ends
    return f'data-from="{parent}" data-to="{child}" data-argument="{argument}"'


def _edge(curve: Curve) -> str:
    first, *others = (f"{_n(point.x)} {_n(point.y)}" for point in curve.points)
    dashes = "" if curve.edge.flows else ' stroke-dasharray="4 3"'
    head = "L".join(f"{_n(point.x)} {_n(point.y)}" for point in arrow(curve.points[-1]))
    return (
        f'<g class="edge" {_ends(curve)}>'
        f'<path d="M{first}C{" ".join(others)}" fill="none" stroke="{LINE}" stroke-width="1.4"{dashes}/>'
        f'<path d="M{head}Z" fill="{LINE}"/></g>'
    )


def _box(box: Box) -> str:
    fill, frame = FILLS[box.node.kind]
    texts = "".join(map(_text, box.texts))
    return (
        f'<g class="node {box.node.kind}" data-node="{box.node.index}"><title>{escape(box.hint)}</title>'
        f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="8" '
        f'fill="{fill}" stroke="{frame}" stroke-width="1.2"/>{texts}</g>'
    )


def _ground(label: Label, curve: Curve | None = None) -> str:
    opened = f'<g class="label" {_ends(curve)}>' if curve else "<g>"
    hint = f"<title>{escape(label.hint)}</title>" if label.hint else ""
    return (
        f'{opened}{hint}<rect x="{_n(label.x)}" y="{_n(label.y)}" width="{_n(label.width)}" '
        f'height="{_n(label.height)}" rx="{_n(label.height / 2)}" fill="{GROUNDS[label.text.role]}"/>'
        f"{_text(label.text)}</g>"
    )


def _text(text: Text) -> str:
    place = f'x="{_n(text.x)}" y="{_n(text.y + BASELINE * text.size)}"'
    font = f'font-size="{_n(text.size)}" text-anchor="{text.anchor}" fill="{COLOURS[text.role]}"'
    return f'<text class="{text.role}" {place} {font}>{escape(text.text)}</text>'


def _n(number: float) -> str:
    """Write a length without more digits than one sees."""
    return f"{number:.1f}".removesuffix(".0")
