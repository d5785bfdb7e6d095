"""The command train as a process: what it loads, and how it ends when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backproof.cli import main

LINE = "x,y\n" + "".join(f"{x},{2 * x + 1 + 0.1 * (x % 3)}\n" for x in range(12))


def started(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """Start the command as a process."""
    command = [sys.executable, "-W", "error", "-m", "backproof", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_process_trains_with_nothing_heavy_loaded(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(LINE)
    program = (
        "import sys; from backproof.cli import main; status = main(sys.argv[1:]); "
        "print(status, [m for m in ('torch', 'sklearn', 'matplotlib', 'sympy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, "train", "data.csv", "--target", "y"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0 []"


def test_an_interrupt_ends_it_with_130(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(LINE)
    with started("train", "data.csv", "--target", "y", "--epochs", "100000000", folder=tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()  # what was understood is told before training
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in complaint
    assert "Traceback" not in complaint


@pytest.mark.usefixtures("not_enforced")
def test_what_was_interrupted_goes_on_as_if_it_had_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.csv").write_text(LINE)
    command = ("train", "data.csv", "--target", "y", "--epochs", "25000")
    with started(*command, "--save", "model.safetensors", folder=tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    how, interrupted = complaint.splitlines()
    assert how.startswith("backproof: stopped after")
    assert how.endswith(
        "written down in model.safetensors.checkpoint; the same command with --resume goes on"
    )
    assert interrupted == "backproof: interrupted"
    assert {each.name for each in tmp_path.iterdir()} == {"data.csv", "model.safetensors.checkpoint"}
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--save", "model.safetensors"]) == 2
    assert "go on from it with --resume, or begin anew with --overwrite" in capsys.readouterr().err
    assert main([*command, "--save", "model.safetensors", "--resume"]) == 0
    assert main([*command, "--save", "whole.safetensors"]) == 0
    assert (tmp_path / "model.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert not list(tmp_path.glob("*checkpoint*"))
