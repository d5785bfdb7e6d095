"""A line on the terminal that says how far a run is."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from backproof.checking.findings import Judgement

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["Progress"]

#: A run that is quicker than this shows no progress, in seconds.
PATIENCE = 1.0


class Progress:
    """A context that shows what it is called with: the file being checked, and each judgement.

    Nothing is shown where ``stream`` is no terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._status: Status | None = None
        if stream.isatty():
            from rich.console import Console

            self._status = Console(file=stream).status("checking", spinner="line")
            self._timer = threading.Timer(PATIENCE, self._status.start)
        self._judged = 0

    def __enter__(self) -> Progress:
        """Start to wait."""
        if self._status:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        if self._status:
            self._timer.cancel()
            self._timer.join()
            self._status.stop()

    def __call__(self, event: Judgement | str) -> None:
        """Take note of a judgement, or of the file that is checked next."""
        judged = isinstance(event, Judgement)
        self._judged += judged
        if self._status:
            from rich.text import Text

            file = event.file if isinstance(event, Judgement) else event
            self._status.update(Text(f"checking {file}: {self._judged} judged"))
