"""What the other process runs: one question a line, one answer a line."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import sympy

from backproof.graphs.deriving.equality import compare, prove_zero, shorter
from backproof.graphs.deriving.slopes import slopes
from backproof.graphs.deriving.solution import QUESTIONS
from backproof.graphs.deriving.wire import pack, unpack
from backproof.graphs.symbols import NotSymbolic

__all__ = ["main"]

#: More memory than this is a formula that has grown out of hand.
_MEMORY = 4 * 1024**3


def _asked(given: Any) -> tuple[list[tuple[Any, Any]], list[Any]]:
    pairs, domain = given
    return [(unpack(one), unpack(other)) for one, other in pairs], [*map(unpack, domain)]


def _spread(answer: Callable[..., Any], given: Any) -> Any:
    return answer(*given)


_ANSWERS: dict[str, Callable[[Any], Any]] = {
    **{name: functools.partial(_spread, answer) for name, answer in QUESTIONS.items()},
    "compare": lambda given: compare(*_asked(given)),
    "prove": lambda given: prove_zero(*_asked(given)),
    "slopes": lambda given: slopes(*given),
    "slope": lambda given: pack(sympy.diff(*map(unpack, given))),
    "shorter": lambda given: pack(shorter(unpack(given))),
    "hello": lambda given: "hello",
}


def main() -> None:
    """Answer until nothing comes any more."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # there are no limits to set on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        question, given = json.loads(line)
        try:
            answer = {"answer": _ANSWERS[question](given)}
        except NotSymbolic as error:
            answer = {"refused": str(error)}
        except Exception:  # SymPy raises errors of every kind, in words that nobody here has asked for
            answer = {"error": "SymPy found no answer"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
