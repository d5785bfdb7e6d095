"""Tables for the commands train and predict, and how these are run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backproof.cli import main

LINE = "x,y\n" + "".join(f"{x},{2 * x + 1 + 0.1 * (x % 3)}\n" for x in range(12))
SHOP = "age,colour,bought\n" + "".join(
    f"{20 + n % 30},{('red', 'green', 'blue')[n % 3]},{'yes' if (n * 7) % 30 > 13 + n % 5 else 'no'}\n"
    for n in range(60)
)
IRIS = "width,length,species\n" + "".join(
    f"{1 + n % 7 + n % 3},{2 + n % 5 + 2 * (n % 3)},{('rose', 'lily', 'iris')[n % 3]}\n" for n in range(45)
)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Train, and give what is told as JSON."""
    assert main(["train", *arguments, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that cannot do its work, and give the line that says why."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("backproof: ")
    assert captured.err.count("\n") == 1
    assert "unexpected" not in captured.err
    return captured.err
