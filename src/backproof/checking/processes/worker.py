"""The process of one file: it runs the file's units, finds the candidates, and forks one process each.

It speaks with the main process over a socket that it is started with, never over the standard streams,
which the user's code may write to, close or replace. This guards against accidents, not against
somebody who means harm.

The main process may send ``("prepare", "torch")`` first, while it has no file yet. It sends ``(source,
timeout, seed, skipped)``, where ``skipped`` holds pairs (unit,
statement) that ended an earlier worker, or took too long in it. The answers are ``("ready",)``;
``("at", unit, statement)`` before each statement; ``("setback", unit, message, line, evidence, slow)``
for each unit that failed; ``("searching",)``; ``("found", candidates, remarks, complaints, owed)``, where
``owed`` says of a name where it was to be defined by code that failed; or, for a
mistake of ours, ``("broken", traceback)``. From then on it asks: ``("open", number)``, with a socket to
come, for a candidate's process; ``("end", pid, patience)`` for its end; ``("serve", number)`` to be
that process itself.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from os import _exit, getpid
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from backproof.checking.processes.modules import create, own_modules
from backproof.checking.processes.running import Runner
from backproof.checking.processes.serving import hush, serve, settle
from backproof.checking.processes.undone import undone
from backproof.checking.processes.wire import Channel, Hangup
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Source, Unit, Unreadable, read

if TYPE_CHECKING:
    from backproof.checking.candidate import Candidate
    from backproof.checking.discover import Found

__all__ = ["main"]


# Bound for good, before a user's code can put something else in their place.
_fork, _setsid = getattr(os, "fork", None), getattr(os, "setsid", None)
_close, _set_inheritable = os.close, os.set_inheritable
_recv_fds = getattr(socket, "recv_fds", None)
_kill, _killpg = os.kill, getattr(os, "killpg", os.kill)
_waitid, _waitpid, _exit_code = getattr(os, "waitid", None), os.waitpid, os.waitstatus_to_exitcode
_getppid, _getpgrp = os.getppid, getattr(os, "getpgrp", os.getpid)
_now, _sleep = time.monotonic, time.sleep
#: Seconds in which a process that is dying has gone; one that lives ends its workers in that time.
_LEAVING = 0.5


def main(descriptor: int, discover: str) -> NoReturn:
    """Work for the process at the other end of a socket, until it hangs up.

    ``discover`` names the function that finds the candidates, as ``module:name``.
    """
    os.set_inheritable(descriptor, False)
    channel = Channel(socket.socket(fileno=descriptor))
    module, _, name = discover.partition(":")
    worker = _Worker(channel, getattr(importlib.import_module(module), name))
    sys.dont_write_bytecode = True  # nothing is left beside the user's files
    hush()
    try:
        worker.work()
    except Hangup:
        pass  # how the work ends: the main process has closed its end, or is gone
    except BaseException:  # a mistake of ours: the main process shall know of it
        with contextlib.suppress(Hangup, OSError):
            channel.send(("broken", traceback.format_exc()))
    finally:
        worker.clear_up()
        _exit(0)


class _Worker:
    def __init__(
        self, channel: Channel, find: Callable[[ModuleType, Sequence[Unit]], Sequence[Found]]
    ) -> None:
        self._channel = channel
        self._find = find
        self._found: list[Found] = []
        self._children: set[int] = set()
        self._seed = 0
        self._warm = False
        self._parent = os.getppid()

    def work(self) -> None:
        request = self._channel.receive()
        if request == ("prepare", "torch"):
            _import_torch()
            request = self._channel.receive()
        source, timeout, self._seed, skipped = request
        if source.imports_torch:
            _import_torch()
        self._channel.send(("ready",))
        module, owed = self._run(source, timeout, skipped)
        self._channel.send(("searching",))
        self._search(module, source, owed)
        hush()  # the units may have closed or replaced the streams
        while True:
            request = self._channel.receive()
            match request:
                case ("open", int(number)):
                    self._open(number)
                case ("end", int(pid), float(patience)):
                    self._channel.send(("ended", *self._end(pid, patience)))
                case ("serve", int(number)):
                    settle(self._seed)
                    serve(self._channel, self._candidate(number))
                    return
                case _:
                    raise ValueError(f"expected a request, got {request!r}")

    def _run(
        self, source: Source, timeout: float, skipped: Collection[tuple[int, int]]
    ) -> tuple[ModuleType, dict[str, tuple[str, str]]]:
        """Run the units, telling of each statement before it and of each failure; give what is owed."""
        sys.argv[:] = [source.path]
        random.seed(self._seed)
        np.random.seed(self._seed % 2**32)
        module = create(source.path)
        os.chdir(Path(source.path).parent)
        for unit in source.units:
            _ = unit.tree  # made and kept, while `compile` is sure to be Python's own
        at = 0
        runner = Runner(module, timeout, lambda statement: self._channel.send(("at", at, statement)))
        for at, unit in enumerate(source.units):
            setback = runner.run(unit, {statement for number, statement in skipped if number == at})
            if setback:
                told = (setback.message, setback.line, setback.evidence, setback.slow)
                self._channel.send(("setback", at, *told))
        return module, runner.owed()

    def _search(self, module: ModuleType, source: Source, owed: Mapping[str, tuple[str, str]]) -> None:
        """Find the candidates, for a notebook those too that it imports from modules beside it."""
        remarks: dict[str, Remark] = {}
        complaints: list[str] = []
        for imported in own_modules(module, str(Path(source.path).parent)) if source.is_notebook else ():
            try:
                beside = _beside(source, str(imported.__file__))
            except Unreadable as error:  # read by Python a moment ago, yet not by us
                complaints.append(str(error))
                continue
            self._found.extend(self._find(imported, beside.units))
            remarks.update(beside.remarks)
            complaints.extend(beside.complaints)
        good = [unit for unit in source.units if not unit.fault]
        self._found[:0] = self._find(module, good)
        told = [(found.description, found.reason, found.candidate is not None) for found in self._found]
        failures = {name: failure for name, (_, failure) in owed.items()}
        told += [(description, reason, False) for description, reason in undone(good, failures)]
        places = {name: place for name, (place, _) in owed.items()}
        self._channel.send(("found", told, remarks, complaints, places))

    def _candidate(self, number: int) -> Candidate:
        candidate: Candidate | None = self._found[number].candidate
        if candidate is None:
            raise ValueError(f"candidate {number} cannot be judged: {self._found[number].reason}")
        return candidate

    def _open(self, number: int) -> None:
        """Fork a process for a candidate. The socket it is to use comes behind the request."""
        if _fork is None or _recv_fds is None:
            raise RuntimeError("expected a system with os.fork; elsewhere a worker is asked to serve")
        _, (received, *_), _, _ = _recv_fds(self._channel.socket, 1, 1)
        _set_inheritable(received, False)
        if not self._warm:
            self._warm = True
            _warm_up()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the threads that the user's code left running
            pid = _fork()
        if pid == 0:
            self._become(number, received)
        _close(received)
        self._children.add(pid)
        self._channel.send(("opened", pid))

    def _become(self, number: int, descriptor: int) -> NoReturn:
        status = 70  # what `sysexits.h` calls an internal error
        try:
            if _setsid is not None:
                _setsid()
            self._channel.close()
            settle(self._seed)
            serve(Channel(socket.socket(fileno=descriptor)), self._candidate(number))
            status = 0
        finally:
            _exit(status)

    def _end(self, pid: int, patience: float) -> tuple[bool, int | None]:
        """End a candidate's process and all that it started, and say whether it had ended, and how.

        It is given ``patience`` seconds to end by itself.
        """
        if pid not in self._children:
            return True, None
        self._children.remove(pid)
        until = _now() + patience
        while not (ended := _has_ended(pid)) and _now() < until:
            _sleep(0.001)
        for kill in (_killpg, _kill):
            # Not there any more, or (on macOS) ended and not collected yet.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)
        try:
            return ended, _exit_code(_waitpid(pid, 0)[1])
        except ChildProcessError:  # the user's code has told the system to collect them
            return ended, None

    def clear_up(self) -> None:
        """End what this process has started; a main process that still lives does the rest."""
        for pid in tuple(self._children):
            self._end(pid, 0.0)
        # The sockets of a process that dies close a moment before it has left its children.
        until = _now() + _LEAVING
        while _getppid() == self._parent and _now() < until:
            _sleep(0.005)
        if _getppid() != self._parent and _getpgrp() == getpid():
            _killpg(getpid(), signal.SIGKILL)  # this process too, with all that the user's code started


def _has_ended(pid: int) -> bool:
    """Say whether a process has ended, and leave it to be collected."""
    if _waitid is None:
        return False
    try:
        return _waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _import_torch() -> None:
    """Import torch where it will be needed: the seconds it takes are not the user's."""
    try:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        _spare_the_compiler(torch.optim.Optimizer)
    except Exception:
        # A broken torch is for the user's own import to report.
        return


def _spare_the_compiler(optimizer: type) -> None:
    """Keep an optimizer's methods from importing torch's compiler, which takes seconds in each process.

    They do so at their first call, to say that they are not to be compiled, and keep the result. Here
    nothing is compiled; what they would keep is put there beforehand.
    """
    for method in vars(optimizer).values():
        inner = getattr(method, "__wrapped__", None)
        code = getattr(method, "__code__", None)
        if inner is not None and code is not None and Path(code.co_filename).name == "_compile.py":
            vars(inner).setdefault("__dynamo_disable", inner)


def _warm_up() -> None:
    """Let torch load here, once, what it loads at the first backward: some 0.3 s for each candidate."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    try:
        one = torch.ones(1, requires_grad=True)
        torch.autograd.grad(one * one, one, torch.ones(1))
    except Exception:  # the units have changed torch; it only saves time
        return


def _beside(source: Source, path: str) -> Source:
    """Read a module beside a notebook, named as the notebook is."""
    folder = Path(source.path).parent.resolve()
    shown = Path(source.file).parent / Path(path).resolve().relative_to(folder)
    return read(path, shown=str(shown))
