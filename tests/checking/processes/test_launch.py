from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

import backproof
from backproof.checking.processes.launch import Worker, told
from tests.checking.standin import DISCOVER


@pytest.mark.parametrize(
    ("ended", "status", "text"),
    [
        (True, 0, "ended by itself (exit status 0)"),
        (True, 255, "ended by itself (exit status 255)"),
        (True, None, "ended by itself (its exit status is not known)"),
        (True, -signal.SIGSEGV, "was ended by the signal SIGSEGV"),
        (True, -50, "was ended by the signal 50"),
        (False, -9, "closed its connection to the checker"),
    ],
)
def test_how_a_process_ended(ended: bool, status: int | None, text: str) -> None:
    assert told(ended, status) == text


def test_a_worker_is_stopped_once() -> None:
    worker = Worker(DISCOVER, 0)
    assert worker.stop() == worker.stop(patience=5) == "closed its connection to the checker"
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_files_in_the_current_folder_do_not_get_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("random", "json", "socket", "numpy", "backproof", "tests"):
        (tmp_path / f"{name}.py").write_text("raise AssertionError('not this one')")
    monkeypatch.chdir(tmp_path)
    own = str(Path(backproof.__file__).parent.parent)
    monkeypatch.setattr(sys, "path", ["", *(entry for entry in sys.path if entry not in ("", own))])
    worker = Worker(DISCOVER, 0)
    worker.channel.send(("nonsense",))
    kind, trace = worker.channel.receive()
    assert kind == "broken"
    assert "not enough values to unpack" in trace
    assert worker.stop(patience=5) == "ended by itself (exit status 0)"
