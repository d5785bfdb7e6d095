"""A candidate in another process: each method is a request, its result the answer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from typing import Any, Protocol

from backproof.checking.candidate import (
    Answer,
    CandidateLost,
    Case,
    Convention,
    Course,
    Description,
    Raised,
    Signature,
    Trajectory,
)
from backproof.checking.processes.launch import Worker, last_line, told
from backproof.checking.processes.wire import Channel, Hangup, WireError

__all__ = ["Forked", "Process", "RemoteCandidate"]

#: Seconds within which an idle process answers.
_ANSWER = 30.0


class Process(Protocol):
    """A process that serves a candidate over a channel."""

    channel: Channel

    def stop(self, patience: float = 0.0) -> str:
        """End it with all that it started, giving it a while to end by itself, and say how it ended."""


class Forked:
    """The process of one candidate, forked from the worker that ran its file.

    Raises
    ------
    CandidateLost
        If the worker is not there any more.
    """

    def __init__(self, worker: Worker, number: int) -> None:
        self._worker = worker
        self._end: str | None = None
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours)
        deadline = time.monotonic() + _ANSWER
        with theirs, worker.lock:
            try:
                worker.channel.send(("open", number), deadline)
                socket.send_fds(worker.channel.socket, [b"\0"], [theirs.fileno()])
                self._pid = _opened(worker.channel.receive(deadline))
            except (Hangup, WireError, OSError, _Broken) as error:
                self.channel.close()
                end = worker.stop(patience=1.0)
                how = str(error) if isinstance(error, _Broken) else end
                raise CandidateLost("raises", f"the process that ran its file {how}") from error
            except BaseException:
                self.channel.close()
                raise

    def stop(self, patience: float = 0.0) -> str:
        """End it with all that it started, and say how it ended. To stop it again does nothing more."""
        if self._end is None:
            self._end = self._ask_for_end(patience)
            self.channel.close()
        return self._end

    def _ask_for_end(self, patience: float) -> str:
        """Let the worker end it, which alone can collect it."""
        deadline = time.monotonic() + _ANSWER + patience
        try:
            with self._worker.lock:
                self._worker.channel.send(("end", self._pid, patience), deadline)
                while True:
                    # An interrupt may have left the answer to an earlier request on the way.
                    match self._worker.channel.receive(deadline):
                        case ("ended", bool(ended), (int() | None) as status):
                            return told(ended, status)
        except (Hangup, WireError, TimeoutError):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            return "was lost with the process that ran its file"


def _opened(reply: object) -> int:
    match reply:
        case ("opened", int(pid)):
            return pid
        case ("broken", str(trace)):
            raise _Broken(f"failed with {last_line(trace)}")
    raise WireError(f"expected the number of a process, got {reply!r}")


class RemoteCandidate:
    """A `Candidate` whose methods cross to its process.

    Parameters
    ----------
    timeout
        Seconds that may be spent waiting for it, over all calls together. After that, or when its
        process has ended, each call raises the same `CandidateLost`.
    """

    def __init__(self, description: Description, process: Process, timeout: float) -> None:
        self._description = description
        self._process = process
        self._timeout = timeout
        self._left = timeout
        self._lost: tuple[str, str] | None = None

    @property
    def description(self) -> Description:
        """What can be said of it without calling it."""
        return self._description

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give the ways to construct and call it, the likeliest first; empty where there is none."""
        result: list[dict[str, Any]] = self._ask("the search for a way to call it", "conventions", signature)
        return result

    @property
    def obstacle(self) -> str:
        """Why the last search for conventions found none."""
        result: str = self._ask("the search for a way to call it", "obstacle")
        return result

    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        """Run the forward, and the backward if the case has an upstream gradient."""
        passes = "forward" if case.grad_output is None else "forward and backward"
        result: Answer = self._ask(f"its {passes} (case {case.name})", "call", case, convention, fresh)
        return result

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run an optimizer over a course, always on a new instance."""
        result: Trajectory = self._ask(f"its steps (course {course.name})", "train", course, convention)
        return result

    def _ask(self, doing: str, method: str, *arguments: object) -> Any:
        if self._lost is None:
            started = time.monotonic()
            deadline = started + self._left
            try:
                self._process.channel.send((method, *arguments), deadline)
                return self._answer(deadline)
            except TimeoutError:
                self._process.stop()
                self._lost = "time-out", f"no answer within {self._timeout:g} s in all, during {doing}"
            except Hangup:
                self._lost = "raises", f"the process {self._process.stop(patience=1.0)} during {doing}"
            except _NoAnswer as error:
                self._process.stop()
                self._lost = "raises", f"{error} during {doing}"
            finally:
                self._left -= time.monotonic() - started
        raise CandidateLost(*self._lost)

    def _answer(self, deadline: float) -> Any:
        try:
            reply = self._process.channel.receive(deadline)
        except WireError as error:
            raise _NoAnswer(f"the process sent what is no answer ({error})") from error
        match reply:
            case ("answer", result):
                return result
            case ("raised", Raised(type=kind, message=message)):
                raise _NoAnswer(f"{kind}: {message}")
        raise _NoAnswer(f"the process sent what is no answer ({type(reply).__name__})")


class _NoAnswer(Exception):
    """What came from a candidate's process is not the result of a call."""


class _Broken(Exception):
    """A worker could not do what it was asked for, and said why."""
