"""The pictures and examples in the documentation are what the code makes today."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

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


def test_the_component_that_adding_shows_is_right() -> None:
    import numpy as np

    from backproof.ops.op import CATALOGUE
    from tests.checking.planted import OpCandidate

    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adding.md").read_text(), re.DOTALL)
    before = dict(CATALOGUE)
    try:
        exec(compile(code, "adding.md", "exec"), {})  # noqa: S102  # the example of the page itself
        softsign = CATALOGUE["Softsign"]
        from backproof.checking.judge import judge

        assert judge(OpCandidate(softsign), like=None)
        assert softsign.evaluate(np, (np.array([1.0]),)).output.tolist() == [0.5]
    finally:
        CATALOGUE.clear()
        CATALOGUE.update(before)


@pytest.mark.parametrize("page", [*ROOT.glob("docs/*.md"), ROOT / "README.md"], ids=lambda p: p.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
