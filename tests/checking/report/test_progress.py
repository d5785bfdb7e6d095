from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Iterator

import pytest

from backproof.checking.events import Begun, Opened
from backproof.checking.report import progress as module
from backproof.checking.report.progress import Progress
from tests.checking.report import samples


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _plain(stream: Terminal) -> str:
    """Give what was written without colours and the like."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_a_quick_run_shows_nothing() -> None:
    stream = Terminal()
    with Progress(stream) as progress:
        progress(Begun("a.py", 1))
        progress(samples.judgement())
    assert stream.getvalue() == ""


def test_a_long_run_shows_file_and_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    stream = Terminal()
    deadline = time.monotonic() + 30
    with Progress(stream) as progress:
        for event in (Begun("a.py", 2), Opened("a.py", 3), samples.judgement(), Begun("b[red].py", 2)):
            progress(event)
        while "1 judged" not in _plain(stream) and time.monotonic() < deadline:
            time.sleep(0.01)
        progress(Opened("b[red].py", 1))
        while "1 of 4 judged" not in _plain(stream) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert re.search(r"checking b\[red\]\.py\s+[━╸╺ ]+\s+1 of 4 judged", _plain(stream))


def test_where_there_is_no_terminal_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress(Begun("a.py", 1))
        progress(samples.judgement())
    assert stream.getvalue() == ""


def test_it_goes_away_when_interrupted() -> None:
    stream = Terminal()
    with pytest.raises(KeyboardInterrupt), Progress(stream):
        raise KeyboardInterrupt
    assert stream.getvalue() == ""
