"""Processes that train are killed at random moments, and what goes on from there is the same to the bit."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import warnings
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from backproof.training.callbacks import Callback
from backproof.training.checkpoints import Files
from tests.training.checkpoints.scenarios import SCENARIOS

EPOCHS = 40
#: Seconds after the first step: no training is over before.
LONGEST = 0.1
NAMES = ("momentum", "plateau", "dropout", "normalized")
ENDS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: -signal.SIGTERM, signal.SIGINT: 1}


class Telling(Callback):
    """Says when the first step was made, and lets training take its time from there on."""

    def __init__(self, wire: Connection) -> None:
        self.wire: Connection | None = wire

    def on_step(self, training: Any, loss: float) -> None:
        if self.wire is not None:
            self.wire.send("going")
            self.wire = None

    def on_epoch(self, training: Any) -> None:
        time.sleep(LONGEST / (EPOCHS - 1))


class Full(Callback):
    """Lets no file become large, as on a disk that is full, until a step."""

    def __init__(self, until: int) -> None:
        self.until, self.before = until, resource.getrlimit(resource.RLIMIT_FSIZE)

    def on_start(self, training: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, self.before[1]))

    def on_step(self, training: Any, loss: float) -> None:
        if training.step == self.until:
            resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def train(name: str, wire: Connection, how: dict[str, Any]) -> None:
    """Train in a process of its own, and tell what came of it."""
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    looking_on = [Telling(wire), *[Full(until) for until in how.pop("full", ())]]
    with warnings.catch_warnings(record=True) as said:
        found = SCENARIOS[name]().fit(epochs=EPOCHS, callbacks=looking_on, **how)
    wire.send(found | {"said": [str(each.message) for each in said]})


class Processes:
    """Starts processes quickly: from one that has imported everything already, and enforces no shapes."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([__name__])

    def start(self, name: str, **how: Any) -> tuple[BaseProcess, Connection]:
        """Start one, and wait until it trains."""
        here, there = self.context.Pipe(duplex=False)
        process = self.context.Process(target=train, args=(name, there, how))
        process.start()
        there.close()
        assert here.poll(30), "it did not begin"
        return process, here

    def finished(self, name: str, **how: Any) -> Any:
        """Give what comes of a training that nobody disturbs."""
        process, wire = self.start(name, **how)
        with wire:
            while (told := wire.recv()) == "going":
                pass
        process.join(30)
        return told

    def killed(self, name: str, number: int, after: float, **how: Any) -> int | None:
        """Send a signal to a training after a while, and give how it ended."""
        process, wire = self.start(name, **how)
        time.sleep(after)
        assert process.pid is not None
        with contextlib.suppress(ProcessLookupError):  # it was quicker
            os.kill(process.pid, number)
        process.join(30)
        wire.close()
        return process.exitcode


@pytest.fixture(scope="module")
def processes() -> Processes:
    return Processes()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_goes_on_to_the_bit(processes: Processes, name: str, tmp_path: Path) -> None:
    rng, path = random.Random(name), tmp_path / "run.safetensors"  # noqa: S311 - moments
    ends = []
    for number in rng.sample([*ENDS, signal.SIGKILL, signal.SIGKILL], 5):
        how = {"checkpoint": path, "resume": True, "checkpoint_every": rng.choice([0.0, 0.003])}
        ends.append(processes.killed(name, number, rng.uniform(0, LONGEST), **how))
        assert ends[-1] in (0, ENDS[number])  # 0 if it was quicker
        if number != signal.SIGKILL:
            assert Files(path).read_last()[1:] == (path, [])
    assert any(ends), "none was hit"
    expected = processes.finished(name)
    assert processes.finished(name, checkpoint=path, resume=True) == expected


@pytest.mark.parametrize("until", [60, 10**6])
def test_a_full_disk_does_not_end_training(processes: Processes, until: int, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    expected = processes.finished("momentum")
    found = processes.finished("momentum", checkpoint=path, checkpoint_every=0.0, full=[until])
    (said,) = found["said"]
    assert "File too large; training goes on, and it is tried again" in said
    assert found | {"said": []} == expected
    assert len(list(tmp_path.iterdir())) == (2 if until == 60 else 0)
