"""Starting a worker process, and ending it with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

import backproof
from backproof.checking.processes.wire import Channel

__all__ = ["Worker", "last_line", "told"]

_START = "import sys; sys.path[:] = sys.argv[3:]; from backproof.checking.processes.worker import main; \
main(int(sys.argv[1]), sys.argv[2])"
_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS")


class Worker:
    """A worker process, connected by a channel.

    Parameters
    ----------
    discover
        The function that finds candidates, as ``module:name``.
    seed
        Makes the order of sets the same in every run.
    """

    def __init__(self, discover: str, seed: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our own module
                    [sys.executable, "-P", "-c", _START, str(theirs.fileno()), discover, *_path()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,  # until it is ready: what Python says if it cannot start
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # Ctrl-C is for the main process alone
                    env=_environment(seed),
                )
            except BaseException:
                ours.close()
                raise
        self.channel = Channel(ours)
        #: For whole requests with their answers.
        self.lock = threading.Lock()
        #: What a worker that was stopped before it had started said last.
        self.last_words = ""
        self._end: str | None = None
        self._stopping = threading.Lock()

    def started(self) -> None:
        """Note that the worker runs by itself: its standard error leads nowhere from now on."""
        cast("IO[bytes]", self._process.stderr).close()

    @property
    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self._end is None and self._process.poll() is None

    def stop(self, patience: float = 0.0) -> str:
        """End the worker with all that it started, and say how it ended.

        It is given ``patience`` seconds to end by itself. To stop it again does nothing more.
        """
        with self._stopping:
            if self._end is None:
                ended = True
                try:
                    self._process.wait(patience)
                except subprocess.TimeoutExpired:
                    ended = False
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._end = told(ended, self._process.wait())
                self.channel.close()
                self.last_words = self._last_words()
                self.started()
            return self._end

    def _last_words(self) -> str:
        stderr = cast("IO[bytes]", self._process.stderr)
        if stderr.closed:
            return ""
        os.set_blocking(stderr.fileno(), False)
        return last_line((stderr.read() or b"").decode(errors="replace"))


def last_line(text: str) -> str:
    """Give the last line of a traceback, which says what was raised."""
    return text.strip().rpartition("\n")[2].strip()


def told(ended: bool, status: int | None) -> str:
    """Say how a process ended: by itself with an exit status, or by which signal.

    Examples
    --------
    >>> told(True, 3), told(True, -11)
    ('ended by itself (exit status 3)', 'was ended by the signal SIGSEGV')
    """
    if not ended:
        return "closed its connection to the checker"
    if status is None:
        return "ended by itself (its exit status is not known)"
    if status >= 0:
        return f"ended by itself (exit status {status})"
    try:
        name = signal.Signals(-status).name
    except ValueError:  # a real-time signal has a number only
        name = str(-status)
    return f"was ended by the signal {name}"


def _path() -> list[str]:
    """Give the worker the import path of this process, but never the folder it happens to stand in."""
    own = str(Path(backproof.__file__).parent.parent)
    path = [entry for entry in sys.path if entry]
    return path if own in path else [*path, own]


def _environment(seed: int) -> dict[str, str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY")  # no plot opens a window, and waits for it to be closed
    return {
        **{name: value for name, value in os.environ.items() if name not in hidden},
        **{f"{library}_NUM_THREADS": "1" for library in _LIBRARIES},
        "VECLIB_MAXIMUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": str(seed % 2**32),
        "CUDA_VISIBLE_DEVICES": "",  # a forked process cannot use a device that its parent has used
    }
