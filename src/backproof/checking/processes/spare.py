"""A worker in reserve: Python has started and imported what it takes, before there is a file to run."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType

from backproof.checking.processes.launch import Worker
from backproof.checking.processes.remote import DISCOVER
from backproof.checking.processes.wire import Hangup

__all__ = ["Spare"]


class Spare:
    """Starts workers as `Worker` does, but at once where one is in reserve.

    A context: with its end the one in reserve ends. ``seed`` is that of the workers to come.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._waiting: Worker | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Spare:
        """Begin with none."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the worker in reserve."""
        worker = self._take()
        if worker is not None:
            worker.stop()

    def prepare(self, *, torch: bool) -> None:
        """Put a worker in reserve, unless there is one; ``torch`` lets it import PyTorch as well.

        Raises
        ------
        OSError
            If no process can be started.
        """
        with self._lock:
            if self._waiting is not None:
                return
            self._waiting = Worker(DISCOVER, self._seed)
            if torch:
                with contextlib.suppress(Hangup):  # if it has ended, who takes it will meet that
                    self._waiting.channel.send(("prepare", "torch"))

    def __call__(self, discover: str, seed: int) -> Worker:
        """Give a worker: the one in reserve, unless it has died, or else a new one."""
        worker = self._take() if (discover, seed) == (DISCOVER, self._seed) else None
        if worker is not None and worker.lives:
            return worker
        if worker is not None:
            worker.stop()
        return Worker(discover, seed)

    def _take(self) -> Worker | None:
        with self._lock:
            worker, self._waiting = self._waiting, None
        return worker
