"""Running the user's code: what it raises becomes a part of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backproof.checking.candidate import Raised

__all__ = ["Failure", "Obstacle", "Origin", "attempt"]

#: A message longer than this says nothing more to a person.
_LONGEST = 2000


class Obstacle(Exception):
    """There is no way to construct or call a candidate; the message says what stands in the way."""


class Failure(Exception):
    """The user's code raised; ``raised`` says what, and where."""

    def __init__(self, raised: Raised) -> None:
        super().__init__(f"{raised.type}: {raised.message}")
        self.raised = raised


@dataclass(frozen=True)
class Origin:
    """Where a candidate's code stands: the name its code objects carry, and the lines of its parts.

    ``text`` is the docstring of its class.
    """

    filename: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    text: str | None = None

    def raised(self, error: BaseException, phase: str) -> Raised:
        """Describe an exception, with the last line of the user's own on the way to it."""
        return Raised(type(error).__name__, _message(error), phase, self._line(error, phase))

    def _line(self, error: BaseException, phase: str) -> int | None:
        line = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        if line is not None:
            return line
        return self.lines.get({"autograd": "forward"}.get(phase, phase), self.lines.get("definition"))


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST]
    except Exception as second:  # the user's own exception class, whose __str__ fails
        return f"(its message cannot be shown: {type(second).__name__})"


def attempt(origin: Origin, phase: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the user's code.

    Raises
    ------
    Failure
        If it raises, ``exit()`` included; a keyboard interrupt goes through.
    """
    try:
        return function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() and whatever else a user's code may raise
        raise Failure(origin.raised(error, phase)) from error
