"""Pictures: everything is there, nothing lies on anything else, and all of it can be read."""

from __future__ import annotations

import functools
import itertools
import struct
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray

from backproof.graphs.drawing.image import as_png
from backproof.graphs.drawing.layout.layout import Point
from backproof.graphs.drawing.scene import COLOURS, FILLS, GROUNDS, Box, Curve, Label, Scene, laid_out
from backproof.graphs.drawing.svg import LINE, as_svg
from backproof.graphs.drawing.view import seen
from backproof.graphs.drawing.writing import width
from backproof.graphs.graph import graph
from tests.graphs.drawing.graphs import GRAPHS, network

SVG = "{http://www.w3.org/2000/svg}"
every_scene = pytest.mark.parametrize("name", GRAPHS)


@functools.cache
def scene_of(name: str) -> Scene:
    return laid_out(seen(GRAPHS[name]))


def labels_of(scene: Scene) -> list[Label]:
    return [curve.label for curve in scene.curves if curve.label]


def along(curve: Curve) -> NDArray[np.float64]:
    """Give points on an edge."""
    found, start = [], curve.points[0]
    at = np.linspace(0, 1, 12)[:, None]
    for index in range(1, len(curve.points), 3):
        one, other, end = curve.points[index : index + 3]
        parts = ((start, 1), (one, 3), (other, 3), (end, 1))
        found.append(sum(n * at**k * (1 - at) ** (3 - k) * np.array(p) for k, (p, n) in enumerate(parts)))
        start = end
    return np.concatenate(found)


def overlap(one: Box | Label, other: Box | Label) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 0 and down > 0


@every_scene
def test_every_node_and_edge_is_there(name: str) -> None:
    made, scene = GRAPHS[name], scene_of(name)
    tape = made.tape
    constants = {place for place in made.places if tape.is_constant(place)} - set(made.outputs)
    assert [box.node.place for box in scene.boxes] == [p for p in made.places if p not in constants]
    edges = [(child, parent) for child in made.places for parent in tape.parents[child]]
    drawn = [(curve.edge.child.place, curve.edge.parent.place) for curve in scene.curves]
    assert drawn == [edge for edge in edges if edge[1] not in constants]
    formulas = {box.node.place: box.node.formula for box in scene.boxes}
    for child, parent in edges:
        if parent in constants:
            assert made.names[parent] in formulas[child]


@every_scene
def test_nothing_lies_on_anything_else(name: str) -> None:
    scene = scene_of(name)
    areas: list[Box | Label] = [*scene.boxes, *labels_of(scene), *scene.legend]
    assert not any(overlap(one, other) for one, other in itertools.combinations(areas, 2))
    for area in areas:
        assert area.x > 0 < area.y
        assert area.x + area.width < scene.width
        assert area.y + area.height < scene.height


@every_scene
def test_edges_go_from_box_to_box_and_through_no_other(name: str) -> None:
    scene = scene_of(name)
    box_of = {box.node.index: box for box in scene.boxes}
    sides = np.array([(box.x, box.y, box.x + box.width, box.y + box.height) for box in scene.boxes])
    for curve in scene.curves:
        parent, child = box_of[curve.edge.parent.index], box_of[curve.edge.child.index]
        first, last = curve.points[0], curve.points[-1]
        assert first == pytest.approx(Point(parent.x + parent.width, parent.y + parent.height / 2))
        assert last.x == pytest.approx(child.x)
        assert child.y < last.y < child.y + child.height
        x, y = along(curve)[:, :, None].transpose(1, 0, 2)
        left, top, right, bottom = sides.T
        inside = (x > left + 0.01) & (x < right - 0.01) & (y > top) & (y < bottom)
        assert not inside.any()
        if curve.label:
            middle = Point(curve.label.x + curve.label.width / 2, curve.label.y + curve.label.height / 2)
            assert np.abs(along(curve) - middle).sum(axis=1).min() < 1e-6


@every_scene
def test_texts_fit_into_their_boxes(name: str) -> None:
    for box in scene_of(name).boxes:
        title, value, grad = box.texts
        assert width(title.text, title.size) < box.width
        assert width(value.text, value.size) + width(grad.text, grad.size) < box.width - 20
        assert all(text.size >= 11 for text in box.texts)


def test_texts_are_no_wider_than_was_thought() -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=12)
    texts = {text.text for scene in map(scene_of, GRAPHS) for box in scene.boxes for text in box.texts}
    for text in {*texts, *map(chr, range(32, 127)), "∂·×…σπθλ"} - {"a<b>&\"'�"}:
        found, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
        assert found <= width(text, 12) + 1e-9


def luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, as WCAG 2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_colours_can_be_read() -> None:
    for role in ("title", "value", "grad"):
        assert all(contrast(COLOURS[role], fill) >= 4.5 for fill, _ in FILLS.values())
    assert all(contrast(COLOURS[role], ground) >= 4.5 for role, ground in GROUNDS.items())
    assert contrast(LINE, "#ffffff") >= 3 <= contrast(LINE, "#14171d")


@every_scene
def test_svg_is_xml_with_everything(name: str) -> None:
    scene = scene_of(name)
    root = ET.fromstring(as_svg(scene))  # noqa: S314 - it is our own
    groups = root.findall(f"{SVG}g")
    nodes = [group for group in groups if group.get("class", "").startswith("node")]
    assert [int(node.get("data-node", "")) for node in nodes] == [box.node.index for box in scene.boxes]
    for node, box in zip(nodes, scene.boxes, strict=True):
        assert [text.text for text in node.findall(f"{SVG}text")] == [text.text for text in box.texts]
    edges = [group for group in groups if group.get("class") == "edge"]
    ends = {(e.get("data-to"), e.get("data-from"), e.get("data-argument")) for e in edges}
    assert ends == {tuple(map(str, curve.ends)) for curve in scene.curves}
    assert len(edges) == len(scene.curves)
    assert not root.findall(f".//{SVG}style") + root.findall(f".//{SVG}script")
    assert "nan" not in {attribute for element in root.iter() for attribute in element.attrib.values()}


@pytest.mark.parametrize("name", ["five nodes", "a hostile name", "200 nodes", "an input"])
def test_png_has_the_proportions_of_the_scene(name: str) -> None:
    scene = scene_of(name)
    content = as_png(scene)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", content[16:24])
    assert wide / high == pytest.approx(scene.width / scene.height, rel=0.01)
    assert wide >= scene.width


def test_constants_stand_in_formulas() -> None:
    scene = laid_out(seen(graph("x**(-2) - 1e-3 + [1, 2, 3, 4][1]", x=2.0)))
    assert [box.node.formula for box in scene.boxes if box.node.formula][:2] == ["x**(-2)", "a - 0.001"]


def test_arrays_are_shown_by_their_shapes() -> None:
    boxes = {box.node.name: box for box in scene_of("arrays").boxes}
    assert boxes["X"].texts[1].text == "4×3 numbers"
    assert boxes["loss"].node.formula == "cross_entropy(z, t)"
    labels = {(c.edge.child.name, c.edge.parent.name): c.edge.label for c in scene_of("arrays").curves}
    assert labels["h", "b"] == "4×5"
    assert labels["z", "h"] == "4×3×4×5"
    # Of a row it is never a number that could be a gradient.
    rows = {c.edge.child.name: c.edge.label for c in scene_of("an index").curves}
    assert (rows["a"], rows["b"], rows["c"]) == ("[1, 0, 0]", "2×3", "[1, 0]")
    assert [c.edge.label for c in laid_out(seen(graph("sum(x)", x=[1.0] * 5))).curves] == ["5 numbers"]


#: A gradient for an array of four, and how it is written.
SPREADS: dict[tuple[float, ...], str] = {
    (-468.0, -85.0, -100.0, -200.0): "-468 … -85",
    (1.0, 1.0, 1.0, 1.0): "1",
    (0.12345, 0.12349, 0.1234, 0.1234): "0.123",
    (-0.5, 0.0, 1.0, 2000000.0): "-0.5 … 2e+06",
}


@pytest.mark.parametrize("given", SPREADS)
def test_a_gradient_of_many_numbers_goes_from_the_least_to_the_largest(given: tuple[float, ...]) -> None:
    made = graph("sum(x*g)", x=np.zeros(4), g=np.array(given))
    box = next(box for box in laid_out(seen(made)).boxes if box.node.name == "x")
    assert box.texts[2].text == f"∂ {SPREADS[given]}"


def test_too_many_nodes_are_no_picture() -> None:
    with pytest.raises(ValueError, match=r"a picture shows at most 1000 nodes, got nodes=1\d\d\d"):
        laid_out(seen(network(20, 20, 1)))
