"""The example does what it says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples" / "comparing"


def test_optimizers_on_surfaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = runpy.run_path(str(EXAMPLES / "surfaces.py"))
    _, mine = names["main"](tmp_path, steps=5)
    parting = mine.partings["inside", "hills"]
    assert (parting.step, parting.kind) == (1, "parameter")
    assert "inside and PyTorch's part on hills at step 1" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"surfaces.png", "surfaces-by-hand.png"}
    assert "[surfaces.py](surfaces.py)" in (EXAMPLES / "README.md").read_text(encoding="utf-8")
