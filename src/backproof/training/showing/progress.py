"""What the terminal shows while training runs: a bar with numbers, and the loss in characters above it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TextIO

from backproof.training.callbacks import Callback
from backproof.training.showing.characters import showable
from backproof.training.showing.speed import PATIENCE, Pace, numbers
from backproof.training.showing.table import picture

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.progress import Progress as Bar

    from backproof.training.training import Training

__all__ = ["Lines", "Progress"]

#: Seconds from one picture to the next, and from one line to the next.
_PICTURES, _LINES = 0.1, 2.0
#: A terminal that is lower than this shows no curve.
_LOWEST = 18
_WIDEST, _NARROW = 80, 66


class Progress(Callback):
    """Shows a bar on a terminal, with the loss as a curve above it; the bar stays when it is over.

    Parameters
    ----------
    stream
        The terminal.
    at_once
        Whether to show it from the first step on; else only trainings that take longer than a moment.
    """

    by_engine = True

    def __init__(self, stream: TextIO, *, at_once: bool = False) -> None:
        self._stream, self._wait = stream, 0.0 if at_once else PATIENCE
        self._pace = Pace(_PICTURES)
        self._live: Live | None = None
        self._bar: Bar | None = None

    def on_start(self, training: Training) -> None:
        """Begin to wait."""
        self._pace.start(training, self._wait)

    def on_step(self, training: Training, loss: float) -> None:
        """Show it, if it is time."""
        if time.perf_counter() >= self._pace.due:
            self._show(training)

    def on_end(self, training: Training) -> None:
        """Show the end, without the curve, and leave the terminal as it was."""
        if self._live is not None:
            try:
                self._show(training, is_last=True)
            finally:
                self._live.stop()
                self._live = self._bar = None

    def _show(self, training: Training, *, is_last: bool = False) -> None:
        if self._live is None:
            self._open(len(f"epoch {training.epochs}/{training.epochs}"))
        assert self._live is not None and self._bar is not None  # noqa: S101, PT018 - just opened
        self._pace.begin(training)
        self._bar.update(
            self._bar.task_ids[0],
            completed=training.share,
            description=f"epoch {training.epoch}/{training.epochs}",
            said=numbers(training, self._pace.rate),
        )
        self._live.update(self._bar if is_last else self._content(training), refresh=True)
        self._pace.end()

    def _open(self, least: int) -> None:
        """Open it; a narrow terminal has the numbers alone, the first of them in any case."""
        from rich.console import Console
        from rich.live import Live
        from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        console = Console(file=self._stream)
        epoch = TextColumn(
            "{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=least)
        )
        said = TextColumn("{task.fields[said]}", markup=False, table_column=Column(no_wrap=True))
        left = TimeRemainingColumn(elapsed_when_finished=True, table_column=Column(no_wrap=True))
        columns: list[ProgressColumn] = [epoch, said]
        if console.width >= _NARROW:
            columns = [epoch, BarColumn(bar_width=20), said, left]
        self._bar = Bar(*columns, console=console, auto_refresh=False)
        self._bar.add_task("", total=1.0, said="")
        self._live = Live(self._bar, console=console, auto_refresh=False)
        self._live.start()

    def _content(self, training: Training) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        assert self._live is not None  # noqa: S101 - it is open
        console = self._live.console
        wide = min(console.width, _WIDEST)
        drawn = "" if console.height < _LOWEST else _drawn(training, wide, console.encoding)
        shown: Any = self._bar
        return Group(Text(drawn), shown) if drawn else shown


def _drawn(training: Training, width: int, encoding: str) -> str:
    return picture(training.history, width, 7, braille=showable(encoding)).strip("\n")


class Lines(Callback):
    """Writes a plain line now and then, and at the end: for files and pipes."""

    by_engine = True

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._pace = stream, Pace(_LINES)

    def on_start(self, training: Training) -> None:
        """Begin."""
        self._pace.start(training, _LINES)

    def on_step(self, training: Training, loss: float) -> None:
        """Write, if it is time."""
        if time.perf_counter() >= self._pace.due:
            self._write(training)

    def on_end(self, training: Training) -> None:
        """Write how it ended."""
        self._write(training)

    def _write(self, training: Training) -> None:
        self._pace.begin(training)
        said = numbers(training, self._pace.rate)
        print(f"epoch {training.epoch}/{training.epochs}  {said}".rstrip(), file=self._stream, flush=True)
        self._pace.end()
