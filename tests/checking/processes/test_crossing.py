"""Candidates that misbehave, each in a process of its own; one worker has run their file."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import (
    Answer,
    Candidate,
    CandidateLost,
    Case,
    Course,
    Raised,
    Signature,
    Trajectory,
)
from backproof.checking.processes.remote import OpenedFile, RemoteFound, open_file
from backproof.checking.processes.wire import WireError
from tests.checking.files import script
from tests.checking.standin import DISCOVER

TIMEOUT = 0.6
SIGNATURE = Signature("function", {"input": (3, 5)})
CASE = Case({"input": np.arange(15.0).reshape(3, 5)}, np.ones((3, 5)), "kink")

#: What a forward does, by the name of its candidate: it returns ``x + 1`` all the same.
HARMLESS = {
    "Nothing": "pass",
    "PrintsALot": """
        for _ in range(100):
            print("ünï \\ud800" * 5000)
            sys.stderr.write("y" * 50_000)
            os.write(1, b"x" * 50_000)
            os.write(2, b"x" * 50_000)
    """,
    "ClosesTheStreams": "os.closerange(0, 3)\nprint",
    "ReplacesTheStreams": "sys.stdout = sys.stderr = sys.stdin = None\nprint('x')",
    "OpensOverTheStreams": """
        os.closerange(0, 3)
        kept.append([open(os.devnull, "w") for _ in range(3)])
        os.write(1, b"x")
    """,
    "ChangesTheProcess": """
        os.chdir("/")
        random.seed(1)
        np.random.seed(1)
        os.environ.clear()
        sys.path.clear()
        np.seterr(all="raise")
        sys.setrecursionlimit(60)
        warnings.simplefilter("error")
        Nothing.forward = None
    """,
    "Threads": "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "AtExit": "atexit.register(time.sleep, 1000)",
    "Forks": "os.fork()",
    "Alarms": "signal.signal(signal.SIGALRM, signal.SIG_IGN); signal.alarm(1)",
    "IgnoresInterrupts": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
}
#: What a forward does instead of returning, and what is said of it.
LOST = {
    "LoopsForEver": (
        "while True: pass",
        "time-out",
        "no answer within 0.6 s in all, during its forward and backward",
    ),
    "SleepsDeaf": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(1e6)",
        "time-out",
        "no answer within 0.6 s in all, during its forward and backward (case kink)",
    ),
    "ForksAndLoops": ("os.fork()\nwhile True: pass", "time-out", "no answer within 0.6 s"),
    "Leaves": ("os._exit(3)", "raises", "the process ended by itself (exit status 3) during its forward"),
    "LeavesInSilence": (
        "os._exit(0)",
        "raises",
        "the process ended by itself (exit status 0) during its forward",
    ),
    "KillsItself": (
        "os.kill(os.getpid(), signal.SIGKILL)",
        "raises",
        "the process was ended by the signal SIGKILL during its forward and backward (case kink)",
    ),
    "Crashes": ("ctypes.string_at(0)", "raises", "the process was ended by the signal SIGSEGV during"),
    "Aborts": ("os.abort()", "raises", "the process was ended by the signal SIGABRT during"),
    "HangsUp": (
        "os.closerange(3, 256)\ntime.sleep(1e6)",
        "raises",
        "the process closed its connection to the checker",
    ),
    "Babbles": (
        """
        for number in range(3, 256):
            with contextlib.suppress(OSError): os.write(number, b"hello, this is no frame")
        """,
        "raises",
        "the process sent what is no answer (expected a frame that starts with b'bpw1', got b'hell')",
    ),
}
#: What a forward raises, past the adapter.
RAISED = {
    "Raises": ("raise ValueError('no ünï')", Raised("ValueError", "no ünï", "forward")),
    "Exits": ("exit()", Raised("SystemExit", "None", "forward")),
    "ExitsWithStatus": ("sys.exit(3)", Raised("SystemExit", "3", "forward")),
    "Interrupts": ("raise KeyboardInterrupt", Raised("KeyboardInterrupt", "", "forward")),
    "Asks": ("input()", Raised("EOFError", "EOF when reading a line", "forward")),
    "Recurses": ("self.forward(x)", Raised("RecursionError", "maximum recursion depth exceeded", "forward")),
    "GivesObjects": (
        "return np.array([object()])",
        Raised(
            "TypeError",
            "the result cannot be used: expected an array of numbers or truth values, got dtype=object",
            "forward",
        ),
    ),
    "RaisesTheUnprintable": (
        "raise Unprintable",
        Raised("Unprintable", "(its message cannot be shown: ZeroDivisionError)", "forward"),
    ),
}

HEAD = """
import atexit, contextlib, ctypes, os, random, signal, sys, threading, time, warnings
import numpy as np
kept = []
class Unprintable(BaseException):
    def __str__(self): return 1 / 0
class State:
    def forward(self):
        return repr([os.getcwd(), random.random(), np.random.rand(), len(os.environ) > 3, len(sys.path) > 3,
            np.geterr()["over"], Nothing.forward is not None, kept, os.getpid() == os.getsid(0)])
class Stepper:
    def step(self): pass
class Stumbler:
    def step(self): raise SystemExit(2)
class Obscure(Stepper):
    conventions = TypeError("no way")
class Skipped: pass
"""


def definition(name: str, body: str) -> str:
    lines = indent(dedent(body), " " * 8)
    return f"class {name}:\n    def forward(self, x):\n{lines}\n        return x + 1\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bodies = HARMLESS | {name: body for table in (LOST, RAISED) for name, (body, *_) in table.items()}
    text = HEAD + "".join(definition(name, body) for name, body in bodies.items())
    return script(tmp_path_factory.mktemp("candidates"), text)


@pytest.fixture(scope="module")
def opened(path: Path) -> Iterator[OpenedFile]:
    with open_file(path, timeout=20, seed=0, discover=DISCOVER) as opened:
        assert not opened.units
        yield opened


@pytest.fixture(scope="module")
def hasty(path: Path) -> Iterator[OpenedFile]:
    """Give the same file, run with a short time limit."""
    with open_file(path, timeout=TIMEOUT, seed=0, discover=DISCOVER) as hasty:
        yield hasty


def find(opened: OpenedFile, name: str) -> RemoteFound:
    (found,) = [found for found in opened.candidates if found.description.name == name]
    return found


def state(opened: OpenedFile) -> str:
    with find(opened, "State").open() as candidate:
        return candidate.call(Case({}), {}).mutated[0]


@pytest.fixture
def undisturbed(opened: OpenedFile) -> Iterator[None]:
    """Demand that the next candidate finds everything as the one before found it."""
    before = state(opened)
    yield
    assert state(opened) == before
    with find(opened, "Nothing").open() as candidate:
        assert_right(candidate.call(CASE, {}))


def assert_right(answer: Answer) -> None:
    assert answer.raised is None
    assert answer.output is not None
    np.testing.assert_array_equal(answer.output, np.arange(1.0, 16).reshape(3, 5))


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_no_harm_gets_its_answer(
    opened: OpenedFile, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with find(opened, name).open() as candidate:
        assert_right(candidate.call(CASE, {}))
        assert_right(candidate.call(CASE, {"any": ["thing", 1.5]}))
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("name", LOST)
def test_what_gives_no_answer_is_lost_for_good(opened: OpenedFile, hasty: OpenedFile, name: str) -> None:
    _, diagnosis, message = LOST[name]
    started = time.monotonic()
    with find(hasty if diagnosis == "time-out" else opened, name).open() as candidate:
        for _ in range(2):
            with pytest.raises(CandidateLost, match=re.escape(message)) as caught:
                candidate.call(CASE, {})
            assert caught.value.diagnosis == diagnosis
        with pytest.raises(CandidateLost, match=re.escape(message)):
            candidate.conventions(SIGNATURE)
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("name", RAISED)
def test_what_the_adapter_lets_through_is_in_the_answer(opened: OpenedFile, name: str) -> None:
    with find(opened, name).open() as candidate:
        for _ in range(2):  # and the process lives on
            raised = candidate.call(CASE, {}).raised
            assert raised
            expected = RAISED[name][1]
            assert (raised.type, raised.phase) == (expected.type, expected.phase)
            assert raised.message.startswith(expected.message)


def test_all_methods_cross(opened: OpenedFile) -> None:
    found = find(opened, "Nothing")
    x = np.ones((3, 5), np.float32)
    with found.open() as candidate:
        assert candidate.description == found.description
        conventions = candidate.conventions(Signature("loss", {"input": (3,), "target": ()}, {"axis": -1}))
        assert conventions == [{"arguments": ["input", "target"], "options": {"axis": -1}}]
        assert candidate.call(Case({"input": x}), conventions[0]).gradients == {}
        answer = candidate.call(Case({"input": x}, x), conventions[0], fresh=True)
        (gradient,) = answer.gradients["backward"].values()
        assert gradient is not None
        assert gradient.dtype == np.float32
    with find(opened, "Stepper").open() as candidate:
        trajectory = candidate.train(Course((x,), ((x,), (None,)), (0.1, 0.2)), {"lr": 1})
        assert trajectory.taken == ("lr",)
        np.testing.assert_array_equal(trajectory.parameters[0][0], x)
    with find(opened, "Stumbler").open() as candidate:
        assert candidate.train(Course((), (), ()), {}) == Trajectory(raised=Raised("SystemExit", "2", "step"))


def test_a_failing_search_for_conventions_is_told(opened: OpenedFile) -> None:
    with find(opened, "Obscure").open() as candidate:
        with pytest.raises(CandidateLost, match="TypeError: no way during the search for a way") as caught:
            candidate.conventions(SIGNATURE)
        assert caught.value.diagnosis == "raises"


def test_a_case_that_cannot_cross_is_the_callers_mistake(opened: OpenedFile) -> None:
    with find(opened, "Nothing").open() as candidate:
        with pytest.raises(WireError, match="got object"):
            candidate.call(CASE, {"x": object()})
        assert_right(candidate.call(CASE, {}))


def test_large_arrays_cross(opened: OpenedFile) -> None:
    x = np.random.default_rng(0).normal(size=(500, 500))
    with find(opened, "Nothing").open() as candidate:
        output = candidate.call(Case({"input": x}), {}).output
    np.testing.assert_array_equal(np.asarray(output), x + 1)


def test_what_is_skipped_cannot_be_opened(opened: OpenedFile) -> None:
    found = find(opened, "Skipped")
    assert found.reason == "it has no forward"
    with (
        pytest.raises(ValueError, match="Skipped was skipped, it cannot be opened: it has no forward"),
        found.open(),
    ):
        pass


def test_several_candidates_may_be_open_at_a_time(hasty: OpenedFile) -> None:
    with find(hasty, "Nothing").open() as first, find(hasty, "LoopsForEver").open() as second:
        with find(hasty, "Threads").open() as third:
            assert_right(third.call(CASE, {}))
        assert_right(first.call(CASE, {}))
        with pytest.raises(CandidateLost):
            second.call(CASE, {})
        assert_right(first.call(CASE, {}))


def test_the_time_of_all_calls_counts_together(tmp_path: Path) -> None:
    path = script(tmp_path, "import time\n" + definition("Slow", "time.sleep(0.2)"))
    answers = 0

    def ask(candidate: Candidate) -> Any:
        nonlocal answers
        while True:
            candidate.call(CASE, {})
            answers += 1

    with (
        open_file(path, timeout=TIMEOUT, seed=0, discover=DISCOVER) as opened,
        opened.candidates[0].open() as candidate,
    ):
        time.sleep(TIMEOUT)  # the time between the calls is not the candidate's
        with pytest.raises(CandidateLost, match=r"no answer within 0\.6 s"):
            ask(candidate)
    assert 1 <= answers <= 2
