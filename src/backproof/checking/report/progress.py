"""A bar on the terminal that says how far a run is."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from backproof.checking.events import Begun, Event, Opened

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

__all__ = ["Progress"]

#: A run that is quicker than this shows no progress, in seconds.
PATIENCE = 1.0


class Progress:
    """A context that shows what it is called with: files begun, candidates found and judged.

    Nothing is shown where ``stream`` is no terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Bar | None = None
        self._timer = threading.Timer(PATIENCE, self._show) if stream.isatty() else None
        self._lock = threading.Lock()
        self._file = ""
        self._files = self._opened = self._found = self._judged = 0
        self._done = 0.0

    def __enter__(self) -> Progress:
        """Start to wait."""
        if self._timer:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        if self._bar:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Take note of what happened."""
        with self._lock:
            if isinstance(event, Begun):
                self._file, self._files = event.file, event.files
            elif isinstance(event, Opened):
                self._opened, self._found = self._opened + 1, self._found + event.candidates
            else:
                self._judged += 1
            if self._files and self._found:
                # Another file may bring more candidates than those so far: the bar does not go back for it.
                done = self._opened / self._files * self._judged / self._found
                self._done = max(self._done, done)
            self._update()

    def _show(self) -> None:
        """Show the bar. It is imported only now: most runs end before."""
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
        count = TextColumn("{task.fields[count]}", markup=False)
        bar = Bar(name, BarColumn(), count, console=Console(file=self._stream), transient=True, expand=False)
        bar.add_task("checking", total=1.0, count="")
        with self._lock:
            self._bar = bar
            self._update()
        bar.start()

    def _update(self) -> None:
        if self._bar is None:
            return
        of = f" of {self._found}" if self._opened == self._files else ""
        self._bar.update(
            self._bar.task_ids[0],
            description=f"checking {self._file}",
            completed=self._done,
            count=f"{self._judged}{of} judged",
        )
