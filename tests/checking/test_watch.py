"""Watching files: whatever way one is saved, it is checked again, once, and an interrupt ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from backproof.checking import watch as module
from backproof.checking.findings import Report
from backproof.checking.settings import Settings
from backproof.checking.watch import watch

TANH = """
import numpy as np
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, grad_output):
        return grad_output * (1 - self.y**2)
"""
WRONG = TANH.replace("grad_output * (1", "(1")


class NoSpare:
    """Takes the place of a worker in reserve, where none is needed."""

    def __init__(self, seed: int) -> None:
        pass

    def __enter__(self) -> NoSpare:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def prepare(self, *, torch: bool) -> None:
        pass


@contextmanager
def watched(paths: Sequence[Path | str], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Watch paths in a thread; gives what is checked, call by call."""
    monkeypatch.setattr(module, "Spare", NoSpare)
    calls: list[list[str]] = []
    ended = threading.Event()

    def check(parts: Sequence[str], settings: Settings, start: Any) -> Report:
        calls.append(list(parts))
        return Report(0)

    sleep = time.sleep

    def pause(seconds: float) -> None:
        if ended.is_set():
            raise KeyboardInterrupt
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", pause)
    thread = threading.Thread(target=watch, args=([str(path) for path in paths], Settings(), check))
    thread.start()
    try:
        until(lambda: len(calls) == 1)
        yield calls
    finally:
        ended.set()
        thread.join(timeout=20)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def rest() -> None:
    """Wait until what was going to happen has happened."""
    threading.Event().wait(0.4)


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)


def replace(path: Path, text: str) -> None:
    other = path.with_name(".swap")
    other.write_text(text)
    other.replace(path)


def remove_for_a_moment(path: Path, text: str) -> None:
    path.unlink()
    rest()
    path.write_text(text)


@pytest.mark.parametrize("save", [rewrite, replace, remove_for_a_moment])
def test_a_file_that_is_saved_is_checked_again(
    save: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    with watched([path], monkeypatch) as calls:
        for number in (2, 3):
            save(path, f"x = {number}0\n")
            until(lambda number=number: len(calls) == number)  # type: ignore[misc]
        rest()
        assert calls == [[str(path)]] * 3


def test_only_what_was_saved_is_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (tmp_path / f"{name}.py").write_text("x = 1\n")
    with watched([f"{tmp_path / 'a.py'}::A", tmp_path], monkeypatch) as calls:
        (tmp_path / "b.py").write_text("x = 20\n")
        until(lambda: len(calls) == 2)
        (tmp_path / "c.py").write_text("x = 1\n")  # a new one
        until(lambda: len(calls) == 3)
        assert calls[1:] == [[str(tmp_path / "b.py")], [str(tmp_path / "c.py")]]


def test_a_part_of_a_file_stays_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    with watched([f"{path}::A"], monkeypatch) as calls:
        path.write_text("x = 20\n")
        until(lambda: len(calls) == 2)
        assert calls[1] == [f"{path}::A"]


@pytest.mark.parametrize("line", ["import torch\n", "import numpy\n"])
def test_the_reserve_has_what_the_file_imports(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text(line)
    prepared: list[bool] = []
    monkeypatch.setattr(NoSpare, "prepare", lambda _, *, torch: prepared.append(torch))
    with watched([path], monkeypatch):
        until(lambda: bool(prepared))
    assert prepared == ["torch" in line]


def test_a_file_that_is_not_there_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    with watched([path], monkeypatch) as calls:
        path.write_text("x = 1\n")
        until(lambda: len(calls) == 2)
    assert len(calls) == 2


def test_saved_while_it_was_checked_it_is_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    monkeypatch.setattr(module, "Spare", NoSpare)
    calls = []

    def check(parts: Sequence[str], settings: Settings, start: Any) -> Report:
        calls.append(settings.expected)
        if len(calls) == 1:
            path.write_text("x = 20\n")
            return Report(0)
        raise KeyboardInterrupt

    watch([str(path)], Settings(expected=frozenset({"A"})), check)
    assert len(calls) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a single process")
def test_as_a_user_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(WRONG)
    said: list[str] = []
    with (
        subprocess.Popen(
            [sys.executable, "-m", "backproof", "check", str(path), "--watch"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process,
        ExitStack() as at_end,
    ):
        at_end.callback(process.kill)  # does nothing where it has ended
        assert process.stdout is not None
        assert process.stderr is not None
        listener = threading.Thread(target=said.extend, args=(iter(process.stdout.readline, ""),))
        listener.start()

        def ends(text: str) -> bool:
            lines = [line for line in said if "seed 0" in line]
            return bool(lines) and text in lines[-1]

        until(lambda: ends("1 fail"))
        path.write_text("class Tanh(:\n")
        until(lambda: ends("1 problem"))
        path.write_text(TANH)
        until(lambda: ends("1 pass"))
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        assert process.wait(timeout=20) == 0  # of the last check
        assert process.stderr.read() == ""
        listener.join(timeout=20)
