"""Files: the ending says the format, and a file is written whole or not at all."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from backproof.graphs.drawing.files import FORMATS, drawn
from backproof.graphs.drawing.movie import as_gif
from backproof.graphs.drawing.steps import steps
from backproof.graphs.drawing.view import seen
from tests.graphs.drawing.graphs import GRAPHS

BEGINNINGS = {
    "svg": b"<svg",
    "png": b"\x89PNG",
    "html": b"<!DOCTYPE html>",
    "htm": b"<!DOCTYPE html>",
    "mmd": b"flowchart LR",
    "mermaid": b"flowchart LR",
    "dot": b"digraph {",
    "gv": b"digraph {",
    "json": b"{",
    "gif": b"GIF89a",
    "SVG": b"<svg",
}


@pytest.mark.parametrize(("ending", "beginning"), BEGINNINGS.items())
def test_the_ending_says_the_format(tmp_path: Path, ending: str, beginning: bytes) -> None:
    GRAPHS["twice the same"].save(tmp_path / f"graph.{ending}")
    assert (tmp_path / f"graph.{ending}").read_bytes().startswith(beginning)


def test_other_endings_are_refused(tmp_path: Path) -> None:
    made = GRAPHS["five nodes"]
    for name in ("graph.pdf", "graph", ".svg"):
        with pytest.raises(ValueError, match=r"ends in \.svg, .*got path="):
            made.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"ends in \.html, \.gif, \.htm; got path="):
        made.animate(tmp_path / "graph.png")
    with pytest.raises(ValueError, match="did you mean mermaid"):
        drawn(made, "mermaids")
    assert not list(tmp_path.iterdir())


def test_a_graph_is_animated(tmp_path: Path) -> None:
    GRAPHS["five nodes"].animate(tmp_path / "graph.html")
    assert "<button" in (tmp_path / "graph.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["five nodes", "joining paths", "arrays", "a constant"])
def test_a_moving_picture_has_a_frame_for_each_step(name: str) -> None:
    from PIL import Image

    image = Image.open(io.BytesIO(as_gif(seen(GRAPHS[name]))))
    assert getattr(image, "n_frames", 1) == len(steps(GRAPHS[name])) + 1


def test_too_large_a_film_is_refused() -> None:
    with pytest.raises(ValueError, match="a moving picture shows at most 100 nodes"):
        drawn(GRAPHS["200 nodes"], "gif")


@pytest.mark.parametrize("form", ["png", "gif"])
def test_without_matplotlib_it_says_how_to_get_it(
    form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("matplotlib", "matplotlib.path", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "backproof\[plot\]"') as caught:
        GRAPHS["five nodes"].save(tmp_path / f"graph.{form}")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"png", "gif"}))
def test_texts_need_no_matplotlib(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.path", None)
    assert isinstance(drawn(GRAPHS["arrays"], form), str)
