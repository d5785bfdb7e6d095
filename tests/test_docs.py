"""The pictures and examples in the documentation are what the code makes today."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import backproof as bp

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _text(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_picture_shows_what_the_checker_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    drawn = _load(ROOT / "docs" / "picture.py").draw()
    assert _text(drawn) == _text((ROOT / "docs" / "check.svg").read_text(encoding="utf-8"))


def test_the_session_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    (session,) = re.findall(r"```console\n\$ (backproof check examples.*?)```", README, re.DOTALL)
    command, shown = session.split("\n", 1)
    monkeypatch.chdir(ROOT)
    run = subprocess.run(
        [sys.executable, "-m", *command.split()],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "96"},
    )
    assert run.returncode == 1
    assert re.sub(r" · [\d.]+ s\n", "\n", run.stdout) == shown


def test_the_component_that_adding_shows_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from backproof.checking.judge import judge
    from backproof.ops.catalogue import CATALOGUE
    from docs.generator.accuracy import measure
    from docs.generator.results import flags
    from tests.checking.planted import OpCandidate
    from tests.ops.examples import ROWS, of
    from tests.ops.results import assert_same, of_op, of_torch
    from tests.ops.true_values import TRUTHS

    page = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    made: dict[str, Any] = {}
    before = dict(CATALOGUE)
    try:
        for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
            exec(compile(block, "adding.md", "exec"), made)  # noqa: S102  # the examples of the page itself
        monkeypatch.setitem(ROWS, "Sine", made["SINE"])
        monkeypatch.setitem(TRUTHS, "Sine", made["SINE_TRUTH"])
        sine = CATALOGUE["Sine"]
        assert judge(OpCandidate(sine), like=None)
        for example in of(sine):
            assert_same(of_op(example), of_torch(example))
        assert not any(flags(row, 4.0) for row in measure("Sine", np.float64, 0))
    finally:
        CATALOGUE.clear()
        CATALOGUE.update(before)


def test_the_readme_counts_right() -> None:
    from backproof import ops, updates

    kinds = Counter(op.kind for op in ops.CATALOGUE.values())
    said = f"{kinds['activation']} activations, {kinds['loss']} losses, {kinds['layer']} layers"
    assert said in README
    assert f"{len(updates.CATALOGUE)} optimizers" in README


def test_the_examples_of_modules_run() -> None:
    results = doctest.testfile(str(ROOT / "docs" / "modules.md"), module_relative=False)
    assert results.attempted > 25
    assert not results.failed


PAGES = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/exercises/*.md"), ROOT / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_name_that_is_told_is_there(page: Path) -> None:
    told = set(re.findall(r"\bbp\.(\w+)", page.read_text(encoding="utf-8")))
    assert told <= {*bp.__all__}


def test_every_public_name_is_there() -> None:
    assert all(hasattr(bp, name) for name in bp.__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
