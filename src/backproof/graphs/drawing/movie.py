"""A moving picture: the steps one after the other, as GIF through matplotlib and Pillow."""

from __future__ import annotations

import io
import textwrap
from typing import Any

import numpy as np

from backproof.graphs.drawing.image import Drawing, required
from backproof.graphs.drawing.scene import Scene, Text, laid_out
from backproof.graphs.drawing.steps import Visit, told
from backproof.graphs.drawing.view import View, require_few

__all__ = ["as_gif"]

#: More nodes than this make a film of minutes.
_MOST = 100
_LINE, _SIZE = 17.0, 12.0
_MILLISECONDS, _LAST = 1100, 4000
#: A unit of the scene in dots: as many as it takes to be legible, and more where the picture is small.
_LEGIBLE, _FINE, _WIDE = 1.0, 1.6, 2000
_COLOURS = 128
_ACTIVE = {"forward": "#2f74d8", "backward": "#d9561a"}


def as_gif(view: View) -> bytes:
    """Draw a graph step by step, forward and then backward.

    Raises
    ------
    ValueError
        If there are too many nodes.
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    require_few(view, _MOST, "a moving picture")
    image = required("PIL.Image")
    film = _Film(laid_out(view), told(view))
    first, *others = (image.fromarray(pixels).quantize(_COLOURS, dither=0) for pixels in film.frames())
    stream = io.BytesIO()
    durations = [_MILLISECONDS] * len(others) + [_LAST]
    first.save(stream, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=False)
    return stream.getvalue()


class _Film:
    """A drawing of which each frame shows what has been computed by then."""

    def __init__(self, scene: Scene, steps: list[Visit]) -> None:
        self.steps = steps
        columns = int((scene.width - 32) / (_SIZE * 0.61))
        self.captions = [_wrapped(step, columns) for step in steps]
        lines = max(len(caption) for caption in self.captions) + 1
        self.drawing = Drawing(scene, below=lines * _LINE)
        self.drawing.figure.set_dpi(72 * max(_LEGIBLE, min(_FINE, _WIDE / scene.width)))
        self.top = scene.height + _LINE / 2

    def frames(self) -> Any:
        """Give the pixels after each step, and before the first."""
        drawing = self.drawing
        for artists in (drawing.values.values(), drawing.grads.values()):
            _show(artists, visible=False)
        for label in drawing.labels.values():
            _show(label, visible=False)
        yield self.pixels()
        for step, caption in zip(self.steps, self.captions, strict=True):
            forward = step.phase == "forward"
            texts = drawing.values if forward else drawing.grads
            _show([texts[step.index]], visible=True)
            for edge in () if forward else step.edges:
                _show(drawing.labels[edge], visible=True)
            lines = [drawing.text(self.line(at, line)) for at, line in enumerate(caption)]
            worked: list[Any] = [drawing.frames[step.index], *(drawing.lines[edge][0] for edge in step.edges)]
            before = [(artist, artist.get_edgecolor(), artist.get_linewidth()) for artist in worked]
            for artist in worked:
                artist.set(edgecolor=_ACTIVE[step.phase], linewidth=2.6)
            yield self.pixels()
            for artist, colour, wide in before:
                artist.set(edgecolor=colour, linewidth=wide)
            for artist in lines:
                artist.remove()

    def line(self, at: int, text: str) -> Text:
        return Text(16, self.top + at * _LINE, text, "note", _SIZE, "start")

    def pixels(self) -> Any:
        canvas: Any = self.drawing.figure.canvas
        canvas.draw()
        return np.array(canvas.buffer_rgba())[..., :3]


def _show(artists: Any, *, visible: bool) -> None:
    for artist in artists:
        artist.set_visible(visible)


def _wrapped(step: Visit, columns: int) -> list[str]:
    return [
        part
        for line in step.lines
        for part in textwrap.wrap(line, max(columns, 24), subsequent_indent="    ") or [""]
    ]
