"""What pages show of graphs is what comes today: results, printed commands, derivations, pictures."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from docs.generator.sessions import PAGES, ROOT, alike, ran

EXERCISES = ROOT / "docs" / "exercises"
PICTURES = [*EXERCISES.glob("*.svg"), ROOT / "docs" / "graph.svg"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_what_comes_today(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert ran(text, tmp_path) == text, "run `make pages`"
    for drawn in filter(Path.is_file, tmp_path.rglob("*")):
        name = drawn.relative_to(tmp_path).as_posix()
        assert alike(drawn, page.parent / name), "run `make pages`"
        assert f"]({name})" in text


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_picture_is_saved_by_a_page(picture: Path) -> None:
    assert any(f'.save("{picture.name}")' in page.read_text(encoding="utf-8") for page in PAGES)


def test_every_exercise_is_listed_and_in_full() -> None:
    pages = {page.name for page in EXERCISES.glob("*.md")} - {"README.md"}
    listed = re.findall(r"\(([a-z-]+\.md)\):", (EXERCISES / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(pages)
    assert len(pages) == 11
    for name in pages:
        text = (EXERCISES / name).read_text(encoding="utf-8")
        assert "](" in text
        assert "g.check(" in text
        assert "| agrees |" in text


def test_what_is_not_so_is_written_anew(tmp_path: Path) -> None:
    page = """```python
>>> import backproof as bp
>>> g = bp.graph("x**2", x=3.0)
>>> g["x"].grad
7.0
>>> 1 / 3
0.333...
>>> g.check()
```

<!-- shown -->
<!-- /shown -->

```console
$ backproof graph "2x" x=1
nothing
```

```console
$ make test
```
"""
    made = ran(page, tmp_path)
    assert "\n6.0\n" in made
    assert "\n0.333...\n" in made
    assert "| `x` | 6 | 6 | 6 | 6 | agrees |" in made
    assert "nothing" not in made
    assert "a sign is missing" in made
    assert made.endswith("```console\n$ make test\n```\n")
    assert ran(made, tmp_path) == made


def test_an_error_on_a_page_is_not_written_down(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        ran("```python\n>>> 1/0\n```\n", tmp_path)


def test_a_fault_on_a_page_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "numpy.py").write_text("raise RuntimeError")
    with pytest.raises(RuntimeError, match="backproof graph x"):
        ran("```console\n$ backproof graph x x=1\n```\n", tmp_path)
