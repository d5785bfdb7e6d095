"""Draws docs/check.svg: what `backproof check examples/first_steps.py` says, as a terminal shows it."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

from rich.console import Console

from backproof.checking.report.text import render
from backproof.checking.run import check_paths
from backproof.checking.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PICTURE = Path(__file__).with_name("check.svg")
COMMAND = "backproof check examples/first_steps.py"


def draw() -> str:
    """Check the example and give the picture."""
    os.chdir(ROOT)
    report = check_paths([COMMAND.rpartition(" ")[2]], Settings())
    console = Console(record=True, width=96, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    render(report, console)
    picture = console.export_svg(title=COMMAND, unique_id="check")
    # Rich's picture loads its font from a server; a reader's own will do.
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
