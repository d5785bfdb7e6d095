"""Writing a graph in a format, and into a file whose ending says which."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from backproof._files import write_whole
from backproof.graphs.drawing.image import as_png
from backproof.graphs.drawing.json import as_json
from backproof.graphs.drawing.movie import as_gif
from backproof.graphs.drawing.page import as_page
from backproof.graphs.drawing.scene import laid_out
from backproof.graphs.drawing.svg import as_svg
from backproof.graphs.drawing.texts import as_dot, as_mermaid
from backproof.graphs.drawing.view import View, seen

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["ENDINGS", "FORMATS", "MOVING", "drawn", "save"]

#: What draws each format.
FORMATS: Mapping[str, Callable[[View], str | bytes]] = {
    "svg": lambda view: as_svg(laid_out(view)),
    "png": lambda view: as_png(laid_out(view)),
    "html": as_page,
    "mermaid": as_mermaid,
    "dot": as_dot,
    "json": as_json,
    "gif": as_gif,
}
#: The formats that go step by step.
MOVING = ("gif", "html")
#: The format that a file's ending says.
ENDINGS = {**{name: name for name in FORMATS}, "mmd": "mermaid", "gv": "dot", "htm": "html"}


def drawn(graph: Graph, form: str) -> str | bytes:
    """Give a graph in a format: a text, or the bytes of an image.

    Raises
    ------
    ValueError
        If there is no such format, or the graph is too large for it.
    ModuleNotFoundError
        If it is an image, and matplotlib is not installed.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> drawn(graph("2*x", x=3.0), "mermaid").splitlines()[0]
    'flowchart LR'
    """
    if form not in FORMATS:
        near = difflib.get_close_matches(form, FORMATS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"the formats are {', '.join(FORMATS)}; got form={form!r}{hint}")
    return FORMATS[form](seen(graph))


def save(graph: Graph, path: str | os.PathLike[str], forms: tuple[str, ...] = tuple(FORMATS)) -> None:
    """Write a graph into a file, whole or not at all, in the format that its ending says.

    Raises
    ------
    ValueError
        If the ending is that of no format, or the graph is too large for it.
    ModuleNotFoundError
        If it is an image, and matplotlib is not installed.
    OSError
        If the file cannot be written; it is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> from backproof.graphs.graph import graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(graph("2*x", x=3.0), f"{folder}/graph.svg")
    ...     Path(folder, "graph.svg").read_text("utf-8")[:4]
    '<svg'
    """
    target = Path(path)
    form = ENDINGS.get(target.suffix.removeprefix(".").lower())
    if form not in forms:
        endings = ", ".join(f".{ending}" for ending, known in ENDINGS.items() if known in forms)
        raise ValueError(f"expected a path that ends in {endings}; got path={str(path)!r}")
    write_whole(target, drawn(graph, form))
