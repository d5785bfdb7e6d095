"""Serving one candidate: requests come over a channel, answers go back.

This runs in a process of the candidate's own, which ends here whatever happens.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from os import _exit, getpid
from typing import Any

import numpy as np

from backproof.checking.candidate import Answer, Candidate, Raised, Trajectory
from backproof.checking.processes.wire import Channel, Hangup, WireError

__all__ = ["hush", "serve", "settle"]

# Bound for good, before a user's code can put something else in their place.
_open, _dup2, _close, _fdopen, _devnull = os.open, os.dup2, os.close, os.fdopen, os.devnull
_set_handler = signal.signal


def hush() -> None:
    """Lead the three standard streams nowhere, whatever was done to them before.

    A descriptor that the user's code closed must not be left free: the next one opened would get its
    number, and with it what the user's code prints.
    """
    nowhere = _open(_devnull, os.O_RDWR)
    for number in range(3):
        if number != nowhere:
            _dup2(nowhere, number)
    if nowhere > 2:
        _close(nowhere)
    sys.stdin = _fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = _fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = _fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def settle(seed: int) -> None:
    """Make a process fit to run one candidate: quiet, on one thread, its random numbers seeded."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "set_num_threads"):
        # First of all: whatever uses the threads that were not copied by the fork would wait for ever.
        torch.set_num_threads(1)
    if hasattr(signal, "SIGALRM"):
        _set_handler(signal.SIGALRM, signal.SIG_DFL)
    hush()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


def serve(channel: Channel, candidate: Candidate) -> None:
    """Answer requests until the other end hangs up.

    A request is a tuple: ``conventions``, ``obstacle``, ``call`` or ``train``, and the arguments of it.
    The answer is ``("answer", what the method gave)``, or ``("raised", Raised)``.
    """
    pid = getpid()
    while True:
        try:
            method, *arguments = channel.receive()
        except Hangup:
            return
        reply = _reply(candidate, method, arguments)
        if getpid() != pid:
            _exit(0)  # a copy of this process that the user's code forked and did not end
        try:
            channel.send(reply)
        except WireError as error:
            channel.send(_wrapped(method, "TypeError", f"the result cannot be used: {error}"))
        except Hangup:
            return


def _reply(candidate: Candidate, method: str, arguments: list[Any]) -> tuple[str, object]:
    methods: dict[str, Callable[..., object]] = {
        "conventions": candidate.conventions,
        "obstacle": lambda: candidate.obstacle,
        "call": lambda case, convention, fresh: candidate.call(case, convention, fresh=fresh),
        "train": candidate.train,
    }
    try:
        return "answer", methods[method](*arguments)
    except BaseException as error:
        # The adapter answers for what the user's code raises; this is for what passes it all the same.
        return _wrapped(method, type(error).__name__, _text(error))


def _wrapped(method: str, kind: str, message: str) -> tuple[str, object]:
    if method == "call":
        return "answer", Answer(raised=Raised(kind, message, "forward"))
    if method == "train":
        return "answer", Trajectory(raised=Raised(kind, message, "step"))
    return "raised", Raised(kind, message, "construct")


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except Exception as second:  # the user's own exception, whose __str__ fails
        return f"(its message cannot be shown: {type(second).__name__})"
