"""The loop that serves a candidate, and the loop that hears nothing of what is printed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import (
    Answer,
    Case,
    Convention,
    Course,
    Description,
    Raised,
    Signature,
    Trajectory,
)
from backproof.checking.processes.serving import serve
from backproof.checking.processes.wire import Channel


class Recording:
    """A candidate that gives back what it is asked, or raises what it is told to."""

    description = Description("Recording", "function", "numpy-class")

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        if self.error:
            raise self.error
        return [{"kind": signature.kind}]

    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        if self.error:
            raise self.error
        return Answer(case.inputs["x"], mutated=(str(convention), str(fresh)))

    def train(self, course: Course, convention: Convention) -> Trajectory:
        if self.error:
            raise self.error
        return Trajectory((course.parameters,), tuple(convention))


def ask(candidate: Recording, *requests: tuple[object, ...]) -> list[Any]:
    here, there = (Channel(end) for end in socket.socketpair())
    with here, there:
        server = threading.Thread(target=serve, args=(there, candidate))
        server.start()
        replies = []
        for request in requests:
            here.send(request)
            replies.append(here.receive())
        here.close()
        server.join(10)
        assert not server.is_alive()
    return replies


def test_requests_are_answered_until_the_other_end_hangs_up() -> None:
    x = np.arange(3)
    conventions, answer, trajectory = ask(
        Recording(),
        ("conventions", Signature("loss", {})),
        ("call", Case({"x": x}), {"a": 1}, True),
        ("train", Course((x,), (), ()), {"lr": 1}),
    )
    assert conventions == ("answer", [{"kind": "loss"}])
    assert answer[0] == "answer"
    assert answer[1].mutated == ("{'a': 1}", "True")
    assert trajectory[1].taken == ("lr",)


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit("no"), KeyboardInterrupt("no"), MemoryError("no")]
)
def test_whatever_is_raised_is_an_answer(error: BaseException) -> None:
    name = type(error).__name__
    conventions, answer, trajectory = ask(
        Recording(error),
        ("conventions", Signature("loss", {})),
        ("call", Case({}), {}, False),
        ("train", Course((), (), ()), {}),
    )
    assert conventions == ("raised", Raised(name, "no", "construct"))
    assert answer == ("answer", Answer(raised=Raised(name, "no", "forward")))
    assert trajectory == ("answer", Trajectory(raised=Raised(name, "no", "step")))


@pytest.mark.parametrize("result", [np.array([None]), np.array([1j]), {1, 2}, object()])
def test_a_result_that_cannot_cross_is_told(result: Any) -> None:
    class Odd(Recording):
        def call(self, case: Case, convention: Mapping[str, Any], *, fresh: bool = False) -> Answer:
            return Answer(result)

    ((kind, answer),) = ask(Odd(), ("call", Case({}), {}, False))
    assert kind == "answer"
    assert answer.raised.type == "TypeError"
    assert answer.raised.message.startswith("the result cannot be used: expected a")
