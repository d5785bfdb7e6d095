"""Runs what pages show, and writes down beneath it what came: Python, commands, and what is shown of a value.

A page is written by hand, but for three things, which are made again each time:

- the results in a block of Python with ``>>>``. What is there already stays where it is the same but for
  ``...``, as doctests have it;
- what ``$ backproof graph``, ``derive`` and ``train`` print in a block of a console, where ``examples`` are;
- what stands between ``<!-- shown -->`` and ``<!-- /shown -->``: the value of the last line of Python above,
  as Markdown.

What it saves, pictures for the most part, it saves beside the page. What a command saves is lost, but for
pictures that pages show.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imread

from backproof.graphs.deriving.check import Check

__all__ = ["PAGES", "alike", "ran", "write"]

ROOT = Path(__file__).resolve().parents[2]
#: The pages with sessions.
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "graph.md",
    ROOT / "docs" / "train.md",
    *sorted((ROOT / "docs" / "exercises").glob("*.md")),
)

_BLOCK = re.compile(
    r"(?P<python>(?<=```python\n)>>> .*?(?=```))"
    r"|(?P<console>(?<=```console\n)\$ backproof (?:graph|derive|train) .*?(?=```))"
    r"|(?P<shown><!-- shown -->.*?<!-- /shown -->)",
    re.DOTALL,
)
#: What a command saves, and where a page shows it.
_SHOWN = {"out/boundary.png": "docs/train-exam.png"}
#: All is well; a line is refuted; something was not understood, which a page may show.
_STATUSES = (0, 1, 2)
_SAME = doctest.OutputChecker()
_HOW = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def write(pages: Iterable[Path] = PAGES) -> None:
    """Run the sessions of pages, and write these with what came."""
    for page in pages:
        text = ran(page.read_text(encoding="utf-8"), page.parent)
        page.write_text(text, encoding="utf-8")


def ran(page: str, folder: Path) -> str:
    r"""Give a page with what its sessions give today; what they save goes into a folder.

    Raises
    ------
    RuntimeError
        If a command fails by a fault of its own. What goes wrong in Python is raised as it is.

    Examples
    --------
    >>> ran("```python\n>>> 6*7\n41\n```", Path())
    '```python\n>>> 6*7\n42\n```'
    """
    session = _Session(folder)
    with contextlib.chdir(folder):
        return _BLOCK.sub(session.block, page)


class _Session:
    """One page's blocks, run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.last: Any = None

    def block(self, found: re.Match[str]) -> str:
        """Run a block, and give it with what came."""
        assert found.lastgroup is not None  # noqa: S101 - each way to match is a group
        run = {"python": self._python, "console": self._commands, "shown": self._shown}
        return run[found.lastgroup](found[0])

    def _python(self, text: str) -> str:
        parts = doctest.DocTestParser().parse(text)
        return "".join(part if isinstance(part, str) else self._example(part) for part in parts)

    def _example(self, example: doctest.Example) -> str:
        first, *others = example.source.splitlines()
        shown = "\n".join([f">>> {first}", *(f"... {line}".rstrip() for line in others)])
        came = self._come(example)
        same = _SAME.check_output(example.want, came, _HOW)
        return f"{shown}\n{example.want if same else came}"

    def _come(self, example: doctest.Example) -> str:
        """Run an example, and give what it prints."""

        def keep(value: Any) -> None:
            self.last = value
            if value is not None and not _pictured(value):
                print(repr(value))

        before, sys.displayhook = sys.displayhook, keep
        try:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                exec(compile(example.source, "a page", "single"), self.names)  # noqa: S102 - our own page
        finally:
            sys.displayhook = before
        return said.getvalue().replace("\n\n", "\n<BLANKLINE>\n")  # as doctests write it

    def _commands(self, text: str) -> str:
        """Run the commands of a console; what they say of an error belongs to it."""
        commands = [line for line in text.splitlines() if line.startswith("$ ")]
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / "examples").symlink_to(ROOT / "examples")
            came = "\n".join(f"{line}\n{_printed(line, place)}" for line in commands)
            for made, shown in _SHOWN.items():
                drawn, there = Path(place) / made, self.folder / shown
                if drawn.exists() and not (there.exists() and alike(drawn, there)):
                    there.parent.mkdir(exist_ok=True)
                    shutil.copyfile(drawn, there)
        return text if _VARYING.sub("", came) == _VARYING.sub("", text) else came

    def _shown(self, _: str) -> str:
        return f"<!-- shown -->\n\n{_markdown(self.last).strip()}\n\n<!-- /shown -->"


def _pictured(value: Any) -> bool:
    """Say whether something is shown better than as its ``repr``: it stands below the block."""
    return isinstance(value, Check) or hasattr(value, "to_markdown")


def _markdown(value: Any) -> str:
    return _table(value) if isinstance(value, Check) else str(value.to_markdown())


def _table(check: Check) -> str:
    """Write the comparisons as a table: an input a row, an oracle a column.

    The differences are not in it: what is left of rounding is another on each machine.
    """
    oracles = list(dict.fromkeys(row.oracle for row in check.rows))
    lines = [f"| input | ours | {' | '.join(oracles)} | |", "|---|--:|" + "--:|" * len(oracles) + "---|"]
    for name in dict.fromkeys(row.name for row in check.rows):
        rows = {row.oracle: row for row in check.rows if row.name == name}
        ours = max((row.ours for row in rows.values()), key=len)
        cells = [_numbers(rows[oracle].theirs) if oracle in rows else "–" for oracle in oracles]
        verdicts = ", ".join(dict.fromkeys(row.verdict for row in rows.values()))
        lines.append(f"| `{name}` | {_numbers(ours)} | {' | '.join(cells)} | {verdicts} |")
    return "\n".join([*lines, *(f"\nLeft out: {why}." for why in check.left_out)])


def _numbers(values: Any) -> str:
    first = [f"{value:.6g}" for value in values[:2]]  # elements that every oracle was asked for
    return ", ".join(first) + (", …" if len(values) > len(first) else "")


#: What is another on each machine: seconds, and what is left of rounding.
_VARYING = re.compile(r" *(\d+\.\d+ s\b|-?\d\.\de-\d\d)")


def alike(one: Path, other: Path) -> bool:
    """Say whether two files are the same; PNGs are if their pixels are, however they are packed."""
    if one.suffix == ".png":
        return np.array_equal(imread(one), imread(other))
    return one.read_bytes() == other.read_bytes()


def _printed(line: str, place: str) -> str:
    _, *arguments = shlex.split(line.removeprefix("$ "))
    run = subprocess.run(  # noqa: S603 - our own command, on our own page
        [sys.executable, "-m", "backproof", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "96"},
        cwd=place,
    )
    if run.returncode not in _STATUSES or "fault of backproof" in run.stdout:
        raise RuntimeError(f"{line}\nended with {run.returncode}:\n{run.stdout}")
    return run.stdout
