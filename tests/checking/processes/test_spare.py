"""A worker in reserve: the next file gets it, and with the end it is gone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from backproof.checking.processes import spare as module
from backproof.checking.processes.launch import Worker
from backproof.checking.processes.remote import DISCOVER, open_file
from backproof.checking.processes.spare import Spare
from tests.checking.files import script

TANH = """
import numpy as np
class Tanh:
    def forward(self, x):
        return np.tanh(x)
    def backward(self, grad_output):
        return grad_output
"""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """Give the workers that are started."""
    workers: list[Worker] = []

    class Noted(Worker):
        def __init__(self, discover: str, seed: int) -> None:
            super().__init__(discover, seed)
            workers.append(self)

    monkeypatch.setattr(module, "Worker", Noted)
    return workers


def _names(path: Path, start: Spare) -> list[str]:
    with open_file(path, timeout=20, seed=0, start=start) as opened:
        return [found.description.name for found in opened.candidates]


@pytest.mark.parametrize("torch", [False, True])
def test_a_file_gets_the_one_in_reserve(tmp_path: Path, started: list[Worker], torch: bool) -> None:
    path = script(tmp_path, TANH)
    with Spare(0) as spare:
        spare.prepare(torch=torch)
        spare.prepare(torch=torch)
        assert len(started) == 1
        assert _names(path, spare) == ["Tanh"]
        assert len(started) == 1
        assert _names(path, spare) == ["Tanh"]
        assert len(started) == 2


def test_another_seed_gets_its_own(started: list[Worker]) -> None:
    with Spare(0) as spare:
        spare.prepare(torch=False)
        other = spare(DISCOVER, 1)
        assert other is not started[0]
        other.stop()


def test_one_that_died_meanwhile_is_made_good(tmp_path: Path, started: list[Worker]) -> None:
    with Spare(0) as spare:
        spare.prepare(torch=False)
        started[0].stop()
        assert _names(script(tmp_path, TANH), spare) == ["Tanh"]


def test_the_end_ends_it(started: list[Worker]) -> None:
    with Spare(0) as spare:
        spare.prepare(torch=False)
    began = time.monotonic()
    assert started[0].stop(patience=20)  # it is gone already
    assert time.monotonic() - began < 10
