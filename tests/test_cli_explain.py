"""``backproof explain``: what it prints and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from backproof.cli import main
from backproof.diagnoses import DIAGNOSES

FULL = Path("/dev/full")


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_help(capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    assert main(["explain", "--help"]) == 0
    captured = capsys.readouterr()
    assert captured.out == snapshot
    assert captured.err == ""


@pytest.mark.parametrize("name", DIAGNOSES)
def test_every_diagnosis_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{name}  {DIAGNOSES[name].severity.value}  {DIAGNOSES[name].group}\n")
    assert "\x1b" not in captured.out
    assert captured.err == ""


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[:2] for line in lines if line.startswith("  ") and line[2] != " "]
    assert listed == [[name, diagnosis.severity.value] for name, diagnosis in DIAGNOSES.items()]


BAD = [
    (
        "upsteam-ignored",
        "expected the name of a diagnosis, got 'upsteam-ignored'; did you mean upstream-ignored",
    ),
    ("NOT_FINITE", "got 'NOT_FINITE'; did you mean not-finite"),
    ("../cli", "got '../cli'; one is upstream-ignored, for example ('backproof explain' lists them all)"),
    ("", "got ''; one is upstream-ignored, for example"),
]


@pytest.mark.parametrize(("name", "message"), BAD)
def test_a_name_that_is_none(name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("backproof: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "backproof", "explain", *arguments],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def test_a_poor_encoding_is_served() -> None:
    ended = program("statistics-constant", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"sigma" in ended.stdout
    assert ended.stdout.isascii()


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_is_one_line() -> None:
    with FULL.open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "backproof", "explain"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert ended.returncode == 2
    assert ended.stderr == b"backproof: could not write the page: [Errno 28] No space left on device\n"


def test_nothing_heavy_is_imported() -> None:
    code = "import sys; from backproof.cli import main; main(['explain', 'raises']); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert not {"numpy", "torch", "scipy", "sympy", "matplotlib", "nbformat"} & loaded
