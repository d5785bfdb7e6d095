"""Showing a training: a bar and a curve on the terminal, a plot that lives in a notebook, a table."""

from __future__ import annotations

import sys

from backproof.training.callbacks import Callback

__all__ = ["watchers"]


def watchers(progress: bool | None) -> list[Callback]:
    """Give what shows a training while it runs.

    ``None`` shows it where somebody watches, on a terminal or in a notebook, if it takes longer than a
    moment; ``True`` in any case, with plain lines where there is neither; ``False`` shows nothing.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(f"expected progress to be True, False or None; got progress={progress!r}")
    if progress is False:
        return []
    if "IPython" in sys.modules:
        from backproof.training.showing.notebook import LivePlot, displays

        if displays():
            return [LivePlot(at_once=progress is True)]
    stream = sys.stderr
    if stream is not None and stream.isatty():
        from backproof.training.showing.progress import Progress

        return [Progress(stream, at_once=progress is True)]
    if progress and stream is not None:
        from backproof.training.showing.progress import Lines

        return [Lines(stream)]
    return []
