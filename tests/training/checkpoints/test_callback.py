"""A training that was interrupted goes on to the bit as if it had never stopped, or says why it does not."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof import nn, optim
from backproof.training.callbacks import Callback
from backproof.training.checkpoints import Damaged
from tests.training.checkpoints.scenarios import SCENARIOS, Signal, Trained, interrupted, mlp, momentum

pytestmark = pytest.mark.usefixtures("not_enforced")

#: In the first step, in the middle of an epoch, at the last batch of one, at its end, and when all is done.
MOMENTS = ({"step": 1}, {"step": 9}, {"step": 12}, {"epoch": 3}, {"step": 21}, {"epoch": 7})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


@pytest.mark.parametrize("make", SCENARIOS.values(), ids=SCENARIOS)
def test_it_goes_on_to_the_bit(make: Callable[[], Trained], path: Path) -> None:
    expected = make().fit()
    for when in MOMENTS:
        interrupted(make(), path, when, resume=True)
    assert make().fit(checkpoint=path, resume=True) == expected


RULES = [name for name in optim.__all__ if isinstance(getattr(optim, name), type) and name != "Optimizer"]


@pytest.mark.parametrize("rule", RULES)
def test_every_optimizer_goes_on(rule: str, path: Path) -> None:
    def made() -> Trained:
        model = mlp()
        return Trained(model, getattr(optim, rule)(model.parameters()), None, epochs=3)

    expected = made().fit()
    interrupted(made(), path, {"step": 8})
    assert made().fit(checkpoint=path, resume=True) == expected


def test_it_goes_on_with_the_objects_that_were_interrupted(path: Path) -> None:
    expected, same = SCENARIOS["adam"]().fit(), SCENARIOS["adam"]()
    interrupted(same, path, {"step": 40})
    assert same.fit(checkpoint=path, resume=True) == expected


def test_writing_changes_nothing(path: Path) -> None:
    assert momentum().fit(checkpoint=path, checkpoint_every=0.0) == momentum().fit()


def test_the_way_of_the_parameters_goes_on(path: Path) -> None:
    whole, first, second = SCENARIOS["loaded"](), SCENARIOS["loaded"](), SCENARIOS["loaded"]()
    whole.fit()
    interrupted(first, path, {"epoch": 7})
    second.fit(checkpoint=path, resume=True)
    assert whole.history is not None
    assert second.history is not None
    ways = whole.history.path, second.history.path
    assert ways[0] is not None
    assert ways[1] is not None
    assert ways[0].epochs == ways[1].epochs
    np.testing.assert_array_equal(ways[0].points, ways[1].points)


# What is asked for.


def test_more_epochs_are_more_epochs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    momentum().fit(checkpoint=path, epochs=4)
    assert momentum().fit(checkpoint=path, resume=True, epochs=7) == momentum().fit()
    assert "training goes on after 4 of 7 epochs" in capsys.readouterr().err
    assert momentum().fit(checkpoint=path, resume=True, epochs=7) == momentum().fit()
    assert "training had ended after 7 of 7 epochs" in capsys.readouterr().err
    with pytest.raises(ValueError, match="got epochs=6, which are fewer"):
        momentum().fit(checkpoint=path, resume=True, epochs=6)


class Enough(Callback):
    """Stops after so many epochs, and remembers them."""

    def __init__(self) -> None:
        self.epochs = 0

    def on_start(self, training: Any) -> None:
        self.epochs = 0

    def on_epoch(self, training: Any) -> None:
        self.epochs += 1
        if self.epochs == 5:
            training.stop("enough")

    def state_dict(self) -> dict[str, Any]:
        return {"epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epochs = state["epochs"]


def test_callbacks_remember(path: Path) -> None:
    interrupted(_with(Enough()), path, {"epoch": 3})
    found = _with(Enough())
    assert found.fit(checkpoint=path, resume=True)["stopped"] == "enough"
    assert found.history is not None
    assert len(found.history) == 5
    again = _with(Enough())
    assert again.fit(checkpoint=path, resume=True)["stopped"] == "enough"
    assert again.history is not None
    assert len(again.history) == 5
    with pytest.warns(RuntimeWarning, match="the state of Enough, which is not among the callbacks"):
        momentum().fit(checkpoint=path, resume=True, epochs=8)


def _with(callback: Callback) -> Trained:
    made = momentum()
    made.how["callbacks"] = [callback]
    return made


def test_without_a_checkpoint_it_starts_from_the_beginning(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert momentum().fit(checkpoint=path, resume=True) == momentum().fit()
    assert capsys.readouterr().err.startswith(f"there is no checkpoint {path} yet: training starts")


def test_a_checkpoint_is_not_overwritten(path: Path) -> None:
    momentum().fit(checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="go on from it with resume=True, or remove it to begin anew"):
        momentum().fit(checkpoint=path)
    path.rename(f"{path}.previous")
    with pytest.raises(FileExistsError, match="previous: go on"):
        momentum().fit(checkpoint=path)
    assert Path(f"{path}.previous").read_bytes() == before


WRONG: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "no file": (lambda _: {"resume": True}, "resume=True needs the file to go on from"),
    "a folder": (lambda folder: {"checkpoint": folder}, "is a folder; name a file in it"),
    "no folder": (lambda folder: {"checkpoint": folder / "a" / "b"}, "there is no folder .*a for the"),
    "seconds": (
        lambda folder: {"checkpoint": folder / "a", "checkpoint_every": -1.0},
        "fit expects checkpoint_every to be at least 0; got checkpoint_every=-1.0",
    ),
    "no seconds": (
        lambda folder: {"checkpoint": folder / "a", "checkpoint_every": np.nan},
        "fit expects checkpoint_every to be at least 0; got checkpoint_every=nan",
    ),
    "a text of seconds": (
        lambda folder: {"checkpoint": folder / "a", "checkpoint_every": "1"},
        r"fit expects checkpoint_every to be a number; got checkpoint_every='1' \(str\)",
    ),
}


@pytest.mark.parametrize(("how", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused(how: Callable[[Path], dict[str, Any]], said: str, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        momentum().fit(**how(tmp_path))


# Damage, and a disk that is full.


def test_a_damaged_checkpoint_is_survived_with_the_one_before(path: Path) -> None:
    expected = momentum().fit()
    interrupted(momentum(), path, {"step": 9})
    with pytest.raises(KeyboardInterrupt):
        momentum().fit(checkpoint=path, resume=True, callbacks=[Signal(signal.SIGINT, step=20)])
    path.write_bytes(path.read_bytes()[:-7])
    with (
        pytest.warns(RuntimeWarning, match="is damaged .* training goes on from the one before"),
        pytest.raises(KeyboardInterrupt),
    ):
        momentum().fit(checkpoint=path, resume=True, callbacks=[Signal(signal.SIGINT, step=11)])
    # The damaged one has not become the one before.
    path.unlink()
    assert momentum().fit(checkpoint=path, resume=True) == expected


def test_without_a_whole_one_it_does_not_begin_anew(path: Path) -> None:
    path.write_bytes(b"\0" * 100)
    with pytest.raises(Damaged, match="there is no whole checkpoint to go on from; remove"):
        momentum().fit(checkpoint=path, resume=True)


def test_another_file_is_refused(path: Path) -> None:
    nn.save(mlp(), path)
    with pytest.raises(ValueError, match="is no checkpoint, but another file of safetensors"):
        momentum().fit(checkpoint=path, resume=True)


def test_a_full_disk_does_not_end_training(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backproof.training.checkpoints.files.os.fsync", full)
    with pytest.warns(RuntimeWarning, match="No space left on device; training goes on, and it") as said:
        found = momentum().fit(checkpoint=path, checkpoint_every=0.0)
    assert found == momentum().fit()
    assert len(said) == 1
    assert not list(path.parent.iterdir())


class Odd(Callback):
    """Remembers what cannot be written, from a step on."""

    def __init__(self, since: int) -> None:
        self.since, self.step = since, 0

    def on_step(self, training: Any, loss: float) -> None:
        self.step = training.step

    def state_dict(self) -> dict[str, Any]:
        return {"what": object() if self.step >= self.since else None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


def test_what_cannot_be_written_is_said_before_training(path: Path) -> None:
    with pytest.raises(TypeError, match=r"in state\.callbacks\.Odd\.what; got object: leave it out"):
        _with(Odd(0)).fit(checkpoint=path)
    with pytest.warns(RuntimeWarning, match="no checkpoint could be written"):
        _with(Odd(3)).fit(checkpoint=path)


# Signals.


def test_handlers_are_put_back(path: Path) -> None:
    mine = (lambda *_: None), (lambda *_: None)
    before = [signal.signal(number, each) for number, each in zip((2, 15), mine, strict=True)]
    try:
        momentum().fit(checkpoint=path)
        assert (signal.getsignal(2), signal.getsignal(15)) == mine
        with pytest.raises(ZeroDivisionError):
            momentum().fit(checkpoint=path, resume=True, epochs=20, callbacks=[lambda _: 1 // 0])
        assert (signal.getsignal(2), signal.getsignal(15)) == mine
    finally:
        for number, each in zip((2, 15), before, strict=True):
            signal.signal(number, each)


def test_a_handler_of_ones_own_is_called_when_all_is_written(path: Path) -> None:
    came: list[bool] = []
    before = signal.signal(15, lambda *_: came.append(path.exists()))
    try:
        found = momentum().fit(checkpoint=path, callbacks=[Signal(15, step=9)])
    finally:
        signal.signal(15, before)
    assert came == [True]
    assert found["stopped"] == "SIGTERM asked for it"
    assert momentum().fit(checkpoint=path, resume=True) == momentum().fit()


def test_a_second_interrupt_ends_it_at_once(path: Path) -> None:
    class Impatient(Callback):
        def on_step(self, training: Any, loss: float) -> None:
            if training.step == 9:
                signal.raise_signal(2)
                signal.raise_signal(2)

    with pytest.raises(KeyboardInterrupt):
        momentum().fit(checkpoint=path, callbacks=[Impatient()])
    assert not path.exists()
    assert signal.getsignal(2) is signal.default_int_handler


def test_what_is_ignored_stays_ignored(path: Path) -> None:
    before = signal.signal(2, signal.SIG_IGN)
    try:
        assert momentum().fit(checkpoint=path, callbacks=[Signal(2, step=9)]) == momentum().fit()
    finally:
        signal.signal(2, before)


def test_in_another_thread_it_is_written_too(path: Path) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(momentum().fit(checkpoint=path)))
    thread.start()
    thread.join()
    assert found == [momentum().fit()]
    assert path.exists()


def test_an_error_is_not_written_down(path: Path) -> None:
    def fail(training: Any) -> None:
        if training.epoch == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        momentum().fit(checkpoint=path, callbacks=[fail])
    assert not path.exists()
