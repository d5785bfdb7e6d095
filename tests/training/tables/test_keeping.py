"""Where a training on a table is written down, when it goes, and how one goes on from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from backproof.cli import main
from backproof.training.checkpoints import Files

LINE = "x,y\n" + "".join(f"{x},{2 * x + 1 + 0.1 * (x % 3)}\n" for x in range(12))
TRAIN = ("train", "data.csv", "--target", "y", "--epochs", "30")


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
    assert main([*TRAIN, *named]) == 0
    assert names(folder) == {"run.st"}
    assert main([*TRAIN, *named]) == 2
    assert "run.st has a training written down; go on from it with --resume" in capsys.readouterr().err
    assert main([*TRAIN, "--epochs", "50", *named, "--resume"]) == 0
    said = capsys.readouterr()
    assert "run.st: training goes on after 30 of 50 epochs" in said.err
    assert "50 epochs, 50 steps" in said.out
    assert main([*TRAIN, *named, "--overwrite"]) == 0
    assert Files("run.st").read_last()[0]["place"]["epoch"] == 30
    assert names(folder) == {"run.st"}


def test_without_one_it_starts_from_the_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--save", "model.safetensors", "--resume"]) == 0
    assert "there is no checkpoint model.safetensors.checkpoint yet" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")  # it is one line, not an error
def test_a_damaged_one_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for epochs in ("10", "20"):
        assert main([*TRAIN, "--epochs", epochs, "--checkpoint", "run.st", "--resume"]) == 0
    last = Files("run.st").last
    last.write_bytes(last.read_bytes()[:-1])
    capsys.readouterr()
    assert main([*TRAIN, "--checkpoint", "run.st", "--resume"]) == 0
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
