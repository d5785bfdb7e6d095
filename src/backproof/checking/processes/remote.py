"""Candidates in other processes: a file is run in a worker, each candidate in a process forked from it.

The main process imports neither the user's code nor torch. It waits for nothing longer than it said it
would, and what it started it ends.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from backproof.checking.candidate import Candidate, Description
from backproof.checking.findings import Finding, UnitFinding
from backproof.checking.processes.crossing import Forked, Process, RemoteCandidate
from backproof.checking.processes.launch import Worker, last_line
from backproof.checking.processes.wire import Hangup, WireError
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Source, Unreadable, read

__all__ = ["DISCOVER", "OpenedFile", "RemoteFound", "Start", "open_file", "stop_all"]

#: What starts a worker, given the function that finds candidates and the seed.
Start = Callable[[str, int], Worker]

#: The function that finds the candidates of a file.
DISCOVER = "backproof.checking.discover:discover"
#: Seconds within which a worker starts, torch's import included, and within which it finds candidates.
_START = 120.0
#: Seconds beyond its time limit after which a unit is ended from without.
_GRACE = 1.0
_SESSIONS: set[_Session] = set()


@dataclass
class OpenedFile:
    """A file that was run: what it holds, and what went wrong on the way.

    Attributes
    ----------
    source
        The file as it was read.
    candidates
        What was found, skipped ones with the reason.
    units
        A finding for each unit that failed.
    remarks, complaints
        The comments ``# backproof: …`` of the file and of the modules beside it, by the name of the
        definition, and a line on each that was not understood.
    owed
        For a name that is not defined where it was to be, by code that failed.
    """

    source: Source
    candidates: list[RemoteFound] = field(default_factory=list)
    units: list[UnitFinding] = field(default_factory=list)
    remarks: dict[str, Remark] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    owed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RemoteFound:
    """A candidate that was found in a file: what it is, or why it is skipped.

    ``open()`` starts a process for it, and gives the candidate whose methods cross to that process;
    with the end of the context the process ends. A skipped one cannot be opened (``ValueError``).
    """

    description: Description
    reason: str
    open: Callable[[], AbstractContextManager[Candidate]] = field(repr=False, compare=False)


@contextlib.contextmanager
def open_file(
    path: str | os.PathLike[str],
    *,
    timeout: float,
    seed: int,
    discover: str = DISCOVER,
    forks: bool = hasattr(os, "fork"),
    start: Start = Worker,
) -> Iterator[OpenedFile]:
    """Run a file in a process of its own, and give what it holds.

    Parameters
    ----------
    path
        A ``.py`` or ``.ipynb`` file.
    timeout
        Seconds that one unit may take, and that may be spent waiting for one candidate in all.
    seed
        Seeds the random numbers of the file, and those of each candidate's process.
    discover
        The function that finds the candidates, as ``module:name``; it is imported by the worker.
    forks
        Whether a candidate's process is forked from the one that ran the file. Where there is no fork
        the file is run again for each.
    start
        What starts a worker.

    Raises
    ------
    Unreadable
        If the file cannot be read, or nothing can be said of it because its process was lost.
    """
    session = _Session(read(path), timeout, seed, discover, forks, start)
    _SESSIONS.add(session)
    try:
        yield session.open()
    finally:
        _SESSIONS.discard(session)
        session.close()


def stop_all() -> None:
    """End every process that this one has started, from whatever thread.

    For an interrupt while threads wait: each hears at once that what it waits for is gone.
    """
    for session in list(_SESSIONS):
        session.close()


@dataclass
class _Progress:
    """How far a worker has come: whether it started, and the statement that it runs."""

    ready: bool = False
    at: tuple[int, int] | None = None


class _Session:
    """The processes of one file."""

    def __init__(
        self, source: Source, timeout: float, seed: int, discover: str, forks: bool, start: Start
    ) -> None:
        if not timeout > 0:
            raise ValueError(f"expected a number of seconds above 0, got timeout={timeout!r}")
        self._source = source
        self._timeout = timeout
        self._seed = seed
        self._discover = discover
        self._forks = forks
        self._start = start
        self._skipped: set[tuple[int, int]] = set()
        self._setbacks: dict[int, UnitFinding] = {}
        self._processes: list[Process] = []  # the worker before those that were forked from it
        self._worker: Worker | None = None
        self._closed = threading.Event()

    def open(self) -> OpenedFile:
        self._worker, (told, remarks, complaints, owed) = self._run()
        return OpenedFile(
            self._source,
            [self._found(number, *each) for number, each in enumerate(told)],
            [self._setbacks[number] for number in sorted(self._setbacks)],
            {**remarks, **self._source.remarks},
            [*self._source.complaints, *complaints],
            owed,
        )

    def close(self) -> None:
        self._closed.set()
        for process in reversed(tuple(self._processes)):
            process.stop()

    def _found(self, number: int, description: Description, reason: str, usable: bool) -> RemoteFound:
        @contextlib.contextmanager
        def start() -> Iterator[Candidate]:
            if not usable:
                raise ValueError(f"{description.name} was skipped, it cannot be opened: {reason}")
            process = self._process(number)
            try:
                yield RemoteCandidate(description, process, self._timeout)
            finally:
                process.stop()
                self._processes.remove(process)

        return RemoteFound(description, reason, start)

    def _process(self, number: int) -> Process:
        """Start the process of a candidate."""
        if self._worker is not None and self._forks:
            forked = Forked(self._worker, number)
            self._processes.append(forked)
            return forked
        worker, _ = self._run()
        with contextlib.suppress(Hangup):  # if it has ended, the first question will meet that
            worker.channel.send(("serve", number))
        return worker

    def _run(self) -> tuple[Worker, Sequence[Any]]:
        """Run the file in a worker; where a statement ends it, in another that leaves the statement out."""
        while True:
            if self._closed.is_set():
                raise Unreadable(self._source.file, "was not checked: the checker was stopped")
            try:
                worker = self._start(self._discover, self._seed)
            except OSError as error:
                raise Unreadable(
                    self._source.file, f"could not be checked: no process could be started for it: {error}"
                ) from error
            self._processes.append(worker)
            if self._closed.is_set():  # in this very moment
                worker.stop()
            progress = _Progress()
            try:
                return worker, self._follow(worker, progress)
            except TimeoutError:
                worker.stop()
                how = ""
            except (Hangup, WireError):
                how = worker.stop(patience=1.0)
            self._processes.remove(worker)
            if progress.at is None:
                self._give_up(progress, how or "gave no answer in time", worker.last_words)
            else:
                self._leave_out(*progress.at, how)

    def _follow(self, worker: Worker, progress: _Progress) -> Sequence[Any]:
        """Take in what a worker tells, up to what it found."""
        deadline = time.monotonic() + _START
        worker.channel.send((self._source, self._timeout, self._seed, tuple(self._skipped)), deadline)
        while True:
            match worker.channel.receive(deadline):
                case ("ready",):
                    worker.started()
                    progress.ready = True
                case ("at", int(unit), int(statement)):
                    progress.at = (unit, statement)
                    deadline = time.monotonic() + self._timeout * 1.1 + _GRACE
                case ("setback", int(unit), message, line, evidence, slow):
                    self._note(unit, message, line, evidence)
                    self._skipped.update((unit, statement) for statement in slow)
                case ("searching",):
                    progress.at = None
                    deadline = time.monotonic() + _START
                case ("found", *found):
                    return found
                case ("broken", trace):
                    self._give_up(progress, f"failed with {last_line(str(trace))}", "")
                case other:
                    raise WireError(f"expected a message of a worker, got {other!r}")

    def _note(self, number: int, message: str, line: int | None, evidence: Mapping[str, object]) -> None:
        unit = self._source.units[number]
        finding = Finding("cell-error", message, evidence, line)
        # The first that was said of a unit stands: in a later run its hanging statement is left out.
        self._setbacks.setdefault(number, UnitFinding(unit.file, finding, unit.cell))

    def _give_up(self, progress: _Progress, how: str, last_words: str) -> NoReturn:
        doing = "its candidates were looked for" if progress.ready else "it was started"
        words = f": {last_words}" if last_words else ""
        raise Unreadable(self._source.file, f"could not be checked: its process {how} while {doing}{words}")

    def _leave_out(self, number: int, statement: int, how: str) -> None:
        """Note the statement at which a worker was lost; ``how`` is empty where its time was up."""
        self._skipped.add((number, statement))
        unit = self._source.units[number]
        line = unit.tree.body[statement].lineno
        if how:
            kind, message = "process ended", f"in line {line} the process {how}"
        else:
            kind, message = "out of time", f"line {line} did not finish within {self._timeout:g} s"
        source = unit.code.split("\n")[line - unit.line].strip()
        self._note(number, message, line, {"type": kind, "text": message, "source": source})
