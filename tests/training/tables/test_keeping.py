"""Where a training on a table is written down, when it goes, and how one goes on from it."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backproof import fit
from backproof.cli import main
from backproof.training.checkpoints import Files
from backproof.training.tables import fitting, session
from backproof.training.tables.choices import Choices
from tests.training.checkpoints.scenarios import Signal

LINE = "x,y\n" + "".join(f"{x},{2 * x + 1 + 0.1 * (x % 3)}\n" for x in range(12))
TRAIN = ("train", "data.csv", "--target", "y", "--epochs", "30")
#: With this the rate does not fall at the end of the epochs.
STAYS = ("--lr", "0.1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data.csv").write_text(LINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()} - {"data.csv"}


def test_beside_the_model_it_goes_when_that_is_there(folder: Path) -> None:
    assert main([*TRAIN, "--save", "model.safetensors"]) == 0
    assert names(folder) == {"model.safetensors"}


def test_in_a_place_that_was_named_it_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = ("--checkpoint", "run.st")
    assert main([*TRAIN, *named, *STAYS]) == 0
    assert names(folder) == {"run.st"}
    assert main([*TRAIN, *named, *STAYS]) == 2
    assert "run.st has a training written down; go on from it with --resume" in capsys.readouterr().err
    assert main([*TRAIN, "--epochs", "50", *named, *STAYS, "--resume"]) == 0
    said = capsys.readouterr()
    assert "run.st: training goes on after 30 of 50 epochs" in said.err
    assert "50 epochs, 50 steps" in said.out
    assert main([*TRAIN, *named, "--overwrite"]) == 0
    assert Files("run.st").read_last()[0]["place"]["epoch"] == 30
    assert names(folder) == {"run.st"}


def test_where_the_rate_falls_at_the_end_it_goes_on_with_as_many_epochs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, "--save", "whole.safetensors"]) == 0
    named = ("--checkpoint", "run.st", "--save", "model.safetensors")
    with monkeypatch.context() as patched:
        stopping = functools.partial(fit, callbacks=[Signal(signal.SIGINT, epoch=27)])
        patched.setattr(fitting, "fit", stopping)
        assert main([*TRAIN, *named]) == 130
    assert main([*TRAIN, "--epochs", "60", *named, "--resume"]) == 2
    said = capsys.readouterr().err
    assert "make everything as it was, epochs=30 too if the schedule is made for them" in said
    assert main([*TRAIN, *named, "--resume"]) == 0
    assert (folder / "model.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()


def test_without_one_it_starts_from_the_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--save", "model.safetensors", "--resume"]) == 0
    assert "there is no checkpoint model.safetensors.checkpoint yet" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")  # it is one line, not an error
def test_a_damaged_one_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for epochs in ("10", "20"):
        assert main([*TRAIN, "--epochs", epochs, "--checkpoint", "run.st", *STAYS, "--resume"]) == 0
    last = Files("run.st").last
    last.write_bytes(last.read_bytes()[:-1])
    capsys.readouterr()
    assert main([*TRAIN, "--checkpoint", "run.st", *STAYS, "--resume"]) == 0
    damaged, resumed = capsys.readouterr().err.splitlines()
    assert damaged.startswith("backproof: run.st is damaged")
    assert damaged.endswith("training goes on from the one before, run.st.previous")
    assert resumed == "run.st.previous: training goes on after 10 of 30 epochs"


WRONG = {
    "nothing to go on from": (("--resume",), "--resume needs the file to go on from"),
    "one file for both": (
        ("--save", "m.safetensors", "--checkpoint", "m.safetensors"),
        "to be two files; got m.safetensors for both",
    ),
    "no folder": (("--checkpoint", "a/b"), "there is no folder a for the checkpoint"),
    "a folder": (("--checkpoint", "."), "is a folder"),
}


@pytest.mark.parametrize(("how", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_one_line(
    how: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, *how]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_another_table_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--checkpoint", "run.st"]) == 0
    (folder / "data.csv").write_text(LINE.replace("\n5,", "\n6,"))
    assert main([*TRAIN, "--checkpoint", "run.st", "--resume"]) == 2
    assert "run.st is of another training (data, " in capsys.readouterr().err


SAVED = (*TRAIN, "--save", "m.safetensors", "--resume")


def stopped_by(error: BaseException, *further: str) -> Callable[[str, pytest.MonkeyPatch], None]:
    """Give what runs the command and stops it in a function of the session, by an error."""

    def run(where: str, patch: pytest.MonkeyPatch) -> None:
        def stop(*_: Any) -> None:
            raise error

        with patch.context() as within:
            within.setattr(session, where, stop)
            assert main([*SAVED, *further]) == (130 if isinstance(error, KeyboardInterrupt) else 2)

    return run


def left(form: str) -> Callable[[str, pytest.MonkeyPatch], None]:
    """Give what reads until something of the result is told, and then no more."""

    def run(where: str, patch: pytest.MonkeyPatch) -> None:
        places = session.Places(save=Path("m.safetensors"), resume=True)
        pieces = session.train("data.csv", Choices("y", epochs=30), places, form=form)
        while where not in next(pieces):
            pass
        pieces.close()

    return run


STOPS = {
    "before it is told": (stopped_by(KeyboardInterrupt()), "result"),
    "while it is compared": (stopped_by(KeyboardInterrupt(), "--compare", "torch"), "compared"),
    "while a picture is drawn": (stopped_by(KeyboardInterrupt(), "--plot", "."), "draw"),
    "by a full disk": (stopped_by(OSError(28, "No space left on device"), "--plot", "."), "draw"),
    "by who reads it": (left("text"), "rmse"),
    "by what reads it": (left("json"), "rmse"),
}


@pytest.mark.parametrize(("run", "where"), STOPS.values(), ids=STOPS)
def test_what_stops_after_the_model_was_written_goes_on_too(
    run: Callable[[str, pytest.MonkeyPatch], None],
    where: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(where, monkeypatch)
    assert names(folder) == {"m.safetensors", "m.safetensors.checkpoint"}
    model = (folder / "m.safetensors").read_bytes()
    capsys.readouterr()
    assert main(SAVED) == 0
    said = capsys.readouterr()
    assert "training had ended after 30 of 30 epochs" in said.err
    assert "written    m.safetensors" in said.out
    assert names(folder) == {"m.safetensors"}
    assert (folder / "m.safetensors").read_bytes() == model


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_complete_is_not_trained_again(
    form: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(SAVED) == 0
    capsys.readouterr()
    assert main([*SAVED, "--format", form]) == 0
    assert capsys.readouterr() == ("", "m.safetensors is trained already; --overwrite trains it anew\n")


@pytest.mark.parametrize("further", [(), ("--checkpoint", "run.st")], ids=["no checkpoint", "a checkpoint"])
def test_the_model_of_another_training_is_not_replaced(
    further: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, "--epochs", "3", "--save", "m.safetensors"]) == 0
    if further:
        assert main([*TRAIN, *further]) == 0
    before = (folder / "m.safetensors").read_bytes()
    capsys.readouterr()
    assert main([*SAVED, *further]) == 2
    assert "m.safetensors is there already; name another file" in capsys.readouterr().err
    assert (folder / "m.safetensors").read_bytes() == before


def test_what_cannot_be_written_is_told_with_what_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.suffix == ".png":
            raise OSError(28, "No space left on device")
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", full)
    assert main([*TRAIN, "--save", "m.safetensors", "--plot", "drawn"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "backproof: [Errno 28] No space left on device: 'drawn/loss.png'; written before: m.safetensors; "
        "the same command with --resume goes on"
    )
