"""Opening files: what comes of them, what is told where nothing does, and that nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from backproof.checking.candidate import CandidateLost, Case
from backproof.checking.processes import remote
from backproof.checking.processes.remote import OpenedFile, open_file, stop_all
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Unreadable
from tests.checking.files import notebook, script
from tests.checking.standin import DISCOVER

#: Writes the numbers of its processes down: those of the worker, a candidate, and what they started.
BUSY = """
import os, subprocess, sys, time
def note():
    with open({pids!r}, "a") as file:
        print(os.getpid(), file=file)
note()
if os.fork() == 0:
    note()
    time.sleep(1000)
kept = subprocess.Popen(["sleep", "1000"])
print(kept.pid, file=open({pids!r}, "a"))
class Busy:
    def forward(self):
        note()
        if os.fork() == 0:
            note()
        while True: pass
class Quiet:
    def forward(self): return 1
"""


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Say whether a process runs; one that has ended and that nobody has collected does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def tidy() -> Iterator[None]:
    """Demand that no descriptor stays open, and no process of ours, running or ended, stays behind."""
    before = descriptors()
    yield
    assert descriptors() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    return script(tmp_path, BUSY.format(pids=str(tmp_path / "pids")))


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.with_name("pids").read_text().split()]


@pytest.mark.usefixtures("tidy")
def test_an_opened_file(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "# backproof: like=mse\nclass A:\n    def forward(self, x): return x",
        "# backproof: nonsense\nclass B: pass\n1/0",
    )
    with open_file(path, timeout=20, seed=0, discover=DISCOVER) as opened:
        first, second = opened.candidates
        assert (first.description.name, first.description.file, first.description.cell) == ("A", str(path), 0)
        assert (first.reason, second.reason) == ("", "it has no forward")
        assert [unit.cell for unit in opened.units] == [1]
        assert opened.remarks == {"A": Remark("mse")}
        assert len(opened.complaints) == 1
        assert opened.source.is_notebook
        assert "discover" not in sys.modules
        assert not any(name.endswith("book_ipynb") for name in sys.modules)


@pytest.mark.usefixtures("tidy")
def test_a_time_limit_may_be_as_long_as_one_likes(tmp_path: Path) -> None:
    path = script(tmp_path, "class A:\n    def forward(self): return 3")
    with open_file(path, timeout=1e300, seed=-1, discover=DISCOVER) as opened:
        assert not opened.units
        assert call(opened, "A") == 3


def unreadable(path: Path, **options: object) -> str:
    settings: dict[str, object] = {"timeout": 0.3, "seed": 0, "discover": DISCOVER} | options
    with (
        pytest.raises(Unreadable) as caught,
        open_file(path, **settings),  # type: ignore[arg-type]  # a table of options
    ):
        pass
    message = str(caught.value)
    assert message.startswith(f"{path} ")
    assert "\n" not in message
    return message.removeprefix(f"{path} ")


@pytest.mark.usefixtures("tidy")
def test_what_cannot_be_opened_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = script(tmp_path, "x = 1", "good.py")
    assert unreadable(tmp_path / "gone.py") == "does not exist"
    assert unreadable(script(tmp_path, "x = = 1")).startswith("has a syntax error in line 1")
    lost = "could not be checked: its process "
    assert unreadable(good, discover="json:nothing").startswith(
        f"{lost}ended by itself (exit status 1) while it was started: AttributeError: module 'json' has no "
    )
    bad = script(tmp_path, "class A:\n    explode = staticmethod(lambda: 1 / 0)", "bad.py")
    looking = "while its candidates were looked for"
    division = "ZeroDivisionError: division by zero"
    assert unreadable(bad) == f"{lost}failed with {division} {looking}"
    leaving = script(tmp_path, "import os\nclass A:\n    explode = staticmethod(lambda: os._exit(3))")
    assert unreadable(leaving) == f"{lost}ended by itself (exit status 3) {looking}"
    monkeypatch.setattr(remote, "_START", 1.0)
    hanging = script(tmp_path, "import time\nclass A:\n    explode = staticmethod(lambda: time.sleep(1000))")
    assert unreadable(hanging) == f"{lost}gave no answer in time {looking}"
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho one >&2; echo 'no such library' >&2; exit 7")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert unreadable(good) == f"{lost}ended by itself (exit status 7) while it was started: no such library"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert unreadable(good).startswith("could not be checked: no process could be started for it: ")


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_the_time_limit_is_a_number_of_seconds(tmp_path: Path, timeout: float) -> None:
    path = script(tmp_path, "x = 1")
    with pytest.raises(ValueError, match="expected a number of seconds above 0, got timeout="):  # noqa: SIM117
        with open_file(path, timeout=timeout, seed=0):
            pass


def call(opened: OpenedFile, name: str) -> object:
    (found,) = [found for found in opened.candidates if found.description.name == name]
    with found.open() as candidate:
        return candidate.call(Case({}), {}).output


@pytest.mark.usefixtures("tidy")
def test_nothing_is_left_of_a_file(busy: Path) -> None:
    with open_file(busy, timeout=0.5, seed=0, discover=DISCOVER) as opened:
        for _ in range(2):
            with pytest.raises(CandidateLost):
                call(opened, "Busy")
        assert call(opened, "Quiet") == 1
        before = pids(busy)
        assert len(before) == 7  # the worker, what it forked, what it started; twice a candidate and its copy
        wait_until(lambda: not any(map(lives, before[3:])))  # what is killed takes a moment to go
        assert all(map(lives, before[:3]))
    wait_until(lambda: not any(map(lives, pids(busy))))


@pytest.mark.usefixtures("tidy")
def test_nothing_is_left_where_the_body_raises(busy: Path) -> None:
    with (
        contextlib.suppress(KeyboardInterrupt),
        open_file(busy, timeout=20, seed=0, discover=DISCOVER) as opened,
        opened.candidates[0].open(),
        opened.candidates[1].open() as candidate,
    ):
        assert candidate.call(Case({}), {}).output == 1
        raise KeyboardInterrupt
    wait_until(lambda: not any(map(lives, pids(busy))))


PROGRAM = """
import sys
from pathlib import Path
from backproof.checking.candidate import Case
from backproof.checking.processes.remote import open_file
with open_file(sys.argv[1], timeout=60, seed=0, discover="tests.checking.standin:discover") as opened:
    with opened.candidates[0].open() as candidate:
        candidate.call(Case({}), {})
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_where_the_main_process_is_ended(busy: Path, number: signal.Signals) -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(busy)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    try:
        wait_until(lambda: busy.with_name("pids").exists() and len(pids(busy)) == 5)
        os.killpg(program.pid, number)  # as a terminal does for Ctrl-C
        assert program.wait(10) == -number
    finally:
        program.kill()
        program.wait()
    wait_until(lambda: not any(map(lives, pids(busy))))


@pytest.mark.usefixtures("tidy")
def test_all_can_be_stopped_from_another_thread(busy: Path) -> None:
    hanging = script(busy.parent, "while True: pass", "hanging.py")
    lost: list[BaseException] = []

    def wait_on(path: Path) -> None:
        try:
            with open_file(path, timeout=60, seed=0, discover=DISCOVER) as opened:
                call(opened, "Busy")
        except (CandidateLost, Unreadable) as error:
            lost.append(error)

    threads = [threading.Thread(target=wait_on, args=(path,)) for path in (busy, hanging)]
    for thread in threads:
        thread.start()
    wait_until(lambda: busy.with_name("pids").exists() and len(pids(busy)) == 5)
    time.sleep(0.3)
    stop_all()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert {type(error) for error in lost} == {CandidateLost, Unreadable}
    wait_until(lambda: not any(map(lives, pids(busy))))


@pytest.mark.usefixtures("tidy")
def test_files_may_be_open_in_several_threads(tmp_path: Path) -> None:
    def open_one(number: int) -> object:
        path = script(tmp_path, f"class A:\n    def forward(self): return {number}", f"a{number}.py")
        with open_file(path, timeout=20, seed=0, discover=DISCOVER) as opened:
            return call(opened, "A")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_one, range(6))) == list(range(6))


@pytest.mark.usefixtures("tidy")
def test_without_fork_the_file_is_run_again_for_each_candidate(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        import os
        class Good:
            def forward(self, x): return x + 1
        class Leaves:
            def forward(self, x): os._exit(3)
        class Loops:
            def forward(self, x):
                while True: pass
        class Pid:
            def forward(self): return [os.getpid(), os.getppid()]
        os._exit(4)
        """,
    )
    x = np.ones(3)
    with open_file(path, timeout=0.5, seed=0, discover=DISCOVER, forks=False) as opened:
        good, leaves, loops, pid = opened.candidates
        assert [unit.finding.line for unit in opened.units] == [12]
        with good.open() as candidate, pid.open() as other:
            np.testing.assert_array_equal(np.asarray(candidate.call(Case({"x": x}), {}).output), x + 1)
            assert other.call(Case({}), {}).mutated[0].endswith(f", {os.getpid()}]")
        with leaves.open() as candidate, pytest.raises(CandidateLost, match="exit status 3"):
            candidate.call(Case({"x": x}), {})
        with loops.open() as candidate, pytest.raises(CandidateLost, match=r"no answer within 0\.5 s"):
            candidate.call(Case({"x": x}), {})


@pytest.mark.usefixtures("tidy")
def test_a_worker_that_ends_later_takes_its_candidates_along(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        import os, threading
        class A:
            def forward(self): return 1
        threading.Timer(0.5, os._exit, [5]).start()
        """,
    )
    with open_file(path, timeout=20, seed=0, discover=DISCOVER) as opened:
        assert call(opened, "A") == 1
        time.sleep(1)
        for _ in range(2):
            with pytest.raises(
                CandidateLost, match=r"the process that ran its file ended by itself \(exit status 5"
            ):
                call(opened, "A")
