"""Asking SymPy in a process of its own, which is ended when it takes too long."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

import backproof
from backproof.graphs.deriving.equality import Pair
from backproof.graphs.deriving.verdict import Verdict
from backproof.graphs.deriving.wire import NoWord, pack, unpack

__all__ = ["SOLVER", "NoAnswer", "Solver", "require_seconds"]

_START = "import sys; sys.path[:] = sys.argv[1:]; from backproof.graphs.deriving.worker import main; main()"
#: So long it may take to load SymPy, on a busy machine. Thinking has a limit of its own.
_LOADING = 60.0


def require_seconds(seconds: float) -> None:
    """Refuse what is no time to wait.

    Raises
    ------
    ValueError
        If it is not above 0, or without end.

    Examples
    --------
    >>> require_seconds(float("inf"))
    Traceback (most recent call last):
    ...
    ValueError: expected seconds above 0, at most 86400 (a day); got seconds=inf
    """
    if not 0 < seconds <= _DAY:
        raise ValueError(f"expected seconds above 0, at most {_DAY} (a day); got {seconds=!r}")


_DAY = 86_400


class NoAnswer(RuntimeError):
    """SymPy took too long, or did not know."""


class Solver:
    """The process, started when it is first asked and again after it was ended.

    Nothing need be done in the program that uses it: it imports nothing of that program.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, question: str, given: Any, seconds: float) -> Any:
        """Ask, and wait for the answer at most so long.

        Raises
        ------
        NoAnswer
            If there is none.
        NotSymbolic
            If there is no formula of what it is asked about.
        """
        if seconds <= 0:
            raise NoAnswer("SymPy found no answer in 0 seconds: there was no time left")
        with self._lock:
            self._start()
            answer = self._asked(question, given, seconds)
        if "refused" in answer:
            from backproof.graphs.symbols import NotSymbolic

            raise NotSymbolic(answer["refused"])
        if "error" in answer:
            raise NoAnswer(answer["error"])
        return answer["answer"]

    def _asked(self, question: str, given: Any, seconds: float) -> dict[str, Any]:
        process = cast("subprocess.Popen[str]", self._process)
        try:
            with contextlib.suppress(OSError):  # it has ended: there will be no answer
                cast("Any", process.stdin).write(json.dumps([question, given]) + "\n")
                cast("Any", process.stdin).flush()
            line = self._answers.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            self.end()
            raise NoAnswer(f"SymPy found no answer in {seconds:.3g} seconds") from None
        except BaseException:  # an interrupt: the answer to this question must not be taken for another's
            self.end()
            raise
        if not line:
            self.end()
            raise NoAnswer("SymPy's process ended without an answer")
        return cast("dict[str, Any]", json.loads(line))

    def ready(self) -> None:
        """Start the process, before the time for thinking begins; a question says why, if it cannot be."""
        with self._lock, contextlib.suppress(NoAnswer):
            self._start()

    def _start(self) -> None:
        """Start the process, where there is none of this program: a copy of the program has none."""
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return
        own = str(Path(backproof.__file__).parent.parent)
        path = [entry for entry in sys.path if entry]
        self._owner, self._answers = os.getpid(), queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our own module
            [sys.executable, "-P", "-c", _START, *(path if own in path else [*path, own])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # an interrupt is for the program alone
        )
        threading.Thread(target=_listen, args=(self._process.stdout, self._answers), daemon=True).start()
        self._asked("hello", None, _LOADING)

    def end(self) -> None:
        """End the process; a later question starts another."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    cast("Any", pipe).close()

    # --- questions

    def equal(self, pairs: Sequence[Pair], seconds: float, domain: Sequence[Any] = ()) -> Verdict:
        """Say whether the formulas of each pair are equal where those of a domain are real numbers.

        They are compared first at points, then by algebra.
        """
        try:
            packed = [[(pack(one), pack(other)) for one, other in pairs], [*map(pack, domain)]]
        except NoWord as error:
            return Verdict("undecided", why=str(error))
        return self.judged(("compare", "prove"), packed, seconds, (len(pairs),) if pairs[1:] else ())

    def judged(
        self, questions: tuple[str, str], given: Any, seconds: float, shape: tuple[int, ...]
    ) -> Verdict:
        """Ask first where two sides, arrays of a shape, differ, then for a proof that they do not."""
        end = time.monotonic() + seconds
        try:
            found = self.ask(questions[0], given, seconds)
        except NoAnswer as error:
            return Verdict("undecided", why=str(error))
        if "at" in found:
            return Verdict(
                "refuted",
                found["points"],
                {name: float(_fraction(value)) for name, value in found["at"].items()},
                (float(found["one"]), float(found["other"])),
                element=tuple(map(int, np.unravel_index(found["which"], shape))),
                digits=(found["one"], found["other"]),
            )
        if not found["points"]:
            return Verdict("undecided", why="no point was found at which both are real numbers")
        try:
            proof = self.ask(questions[1], given, end - time.monotonic())
        except NoAnswer as error:
            proof = {"proven": False, "why": str(error)}
        if proof["proven"]:
            return Verdict("proven", found["points"], positive=tuple(proof["positive"]))
        why = proof.get("why", "SymPy did not find a proof")
        return Verdict("holds", found["points"], why=why)

    def slope(self, formula: Any, name: Any, seconds: float) -> Any:
        """Differentiate a formula as SymPy does; ``None`` where that takes too long."""
        try:
            return unpack(self.ask("slope", [pack(formula), pack(name)], seconds))
        except (NoAnswer, NoWord):
            return None

    def shorter(self, formula: Any, seconds: float) -> Any:
        """Simplify a formula; it is given back as it is where that takes too long."""
        try:
            return unpack(self.ask("shorter", pack(formula), seconds))
        except (NoAnswer, NoWord):
            return formula


def _fraction(text: str) -> float:
    over, _, under = text.partition("/")
    return int(over) / int(under or 1)


def _listen(pipe: Any, answers: queue.Queue[str]) -> None:
    with contextlib.suppress(ValueError, OSError):  # the pipe is closed when the process is ended
        for line in pipe:
            answers.put(line)
    answers.put("")


#: The process of this program.
SOLVER = Solver()
atexit.register(SOLVER.end)
