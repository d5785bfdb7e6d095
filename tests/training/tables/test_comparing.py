"""``train --compare torch`` says whether PyTorch trains alike."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from backproof import nn
from backproof.cli import main

LINE = "x,y\n" + "".join(f"{x},{2 * x + 1 + 0.1 * (x % 3)}\n" for x in range(12))
WORDS = "x,y\n" + "".join(f"{x},{'abc'[x % 3]}\n" for x in range(12))


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "line.csv"
    path.write_text(LINE)
    return str(path)


def test_the_verdict_is_told(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "pictures"
    how = ["--target", "y", "--epochs", "5", "--compare", "torch", "--plot", str(folder)]
    assert main(["train", table, *how]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "step  loss, ours  loss, PyTorch    apart  of rounding" in lines
    assert (
        "ours and PyTorch agree: 5 steps in float64, and none differs by more than rounding explains" in lines
    )
    assert {path.name for path in folder.iterdir()} == {"loss.png", "regression.png", "comparison.png"}


def test_in_json(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    how = ["--target", "y", "--model", "mlp:4", "--epochs", "2", "--compare", "torch", "--format", "json"]
    assert main(["train", table, *how]) == 0
    found = json.loads(capsys.readouterr().out)["comparison"]
    assert (found["verdict"], found["agree"], found["steps"], found["parting"]) == ("agree", True, 2, None)
    assert "ours and PyTorch agree" in found["summary"]
    assert {name: len(column) for name, column in found["rows"].items()} == dict.fromkeys(
        ("step", "ours", "torch", "difference", "share"), 2
    )


def test_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "words.csv"
    path.write_text(WORDS)
    how = ["--target", "y", "--optimizer", "sgd", "--epochs", "3", "--batch-size", "5", "--compare", "torch"]
    assert main(["train", str(path), *how]) == 0
    assert "ours and PyTorch agree: 9 steps" in capsys.readouterr().out


def test_what_parts_has_status_1(
    table: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nn.MSELoss, "to_torch", lambda self: torch.nn.L1Loss())
    assert main(["train", table, "--target", "y", "--epochs", "3", "--compare", "torch"]) == 1
    assert "ours and PyTorch part at step 1, in float64: the loss differs" in capsys.readouterr().out


def test_another_library(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", table, "--target", "y", "--compare", "jax"]) == 2
    assert capsys.readouterr().err == "backproof: --compare takes torch; got --compare jax\n"


def test_without_pytorch(
    table: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("backproof.training.comparing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["train", table, "--target", "y", "--compare", "torch"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "backproof: --compare torch: this compares with PyTorch, which is not installed: "
        'pip install "backproof[torch]"\n'
    )
