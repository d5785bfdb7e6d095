"""The module that a file becomes, and the user's own modules beside a notebook."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from backproof.checking.processes.modules import own_modules
from backproof.checking.processes.remote import OpenedFile, open_file
from backproof.checking.reading.remarks import Remark
from tests.checking.files import notebook, script
from tests.checking.standin import DISCOVER


def run(path: Path | str) -> OpenedFile:
    with open_file(path, timeout=20, seed=0, discover=DISCOVER) as opened:
        return opened


def candidates(opened: OpenedFile) -> list[tuple[str, str, int | None, int]]:
    return [
        (d.name, d.file, d.cell, d.lines["definition"])
        for d in (found.description for found in opened.candidates)
    ]


DEFINITION = "class {}:\n    def forward(self, x): return x\n"


def test_a_notebook_brings_the_modules_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("from .inner import Inner")
    script(tmp_path, "\n" + DEFINITION.format("Inner"), "package/inner.py")
    script(
        tmp_path, "# backproof: like=mse\n" + DEFINITION.format("Loss") + "# backproof: what\n", "losses.py"
    )
    script(tmp_path, "from helper import *\n" + DEFINITION.format("Layer"), "layers.py")
    script(tmp_path, DEFINITION.format("Helper"), "helper.py")
    script(tmp_path, DEFINITION.format("Unused"), "unused.py")
    notebook(
        tmp_path,
        "import numpy as np\nimport layers as my_layers",
        "from losses import Loss\nfrom package import Inner\n" + DEFINITION.format("Own"),
        name="book.ipynb",
    )
    monkeypatch.chdir(tmp_path.parent)
    folder = tmp_path.name
    opened = run(f"{folder}/book.ipynb")
    assert not opened.units
    assert candidates(opened) == [
        ("Own", f"{folder}/book.ipynb", 1, 3),
        ("Layer", f"{folder}/layers.py", None, 2),
        ("Loss", f"{folder}/losses.py", None, 2),
        ("Inner", f"{folder}/package/inner.py", None, 2),
    ]
    assert opened.remarks == {"Loss": Remark("mse")}
    assert [complaint.split(":")[0] for complaint in opened.complaints] == [f"{folder}/losses.py, line 4"]
    with open_file(f"{folder}/book.ipynb", timeout=20, seed=0, discover=DISCOVER) as again:
        assert [found.reason for found in again.candidates] == [""] * 4


def test_what_is_installed_below_the_notebook_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "conda"))
    module = ModuleType("book_ipynb")
    for name, file in {
        "own": "own.py",
        "below": "src/below.py",
        "json": "conda/lib/python3.11/json/__init__.py",
        "numpy": "environment/lib/site-packages/numpy/__init__.py",
        "hidden": ".cache/hidden.py",
        "compiled": "compiled.so",
        "above": "../above.py",
        "builtin": None,
    }.items():
        imported = ModuleType(name)
        if file:
            imported.__file__ = str(tmp_path / file)
        setattr(module, name, imported)
    assert [found.__name__ for found in own_modules(module, str(tmp_path))] == ["own", "below"]


def test_a_script_does_not(tmp_path: Path) -> None:
    script(tmp_path, DEFINITION.format("Loss"), "losses.py")
    assert candidates(run(script(tmp_path, "from losses import Loss"))) == []


def test_the_notebooks_missing_modules_beside_it_make_its_cells_run(tmp_path: Path) -> None:
    book = notebook(tmp_path, "from losses import MSELoss", "loss = MSELoss()", name="x.ipynb")
    assert len(run(book).units) == 2
    script(tmp_path, DEFINITION.format("MSELoss"), "losses.py")
    opened = run(book)
    assert not opened.units
    assert [name for name, *_ in candidates(opened)] == ["MSELoss"]


def test_a_notebook_may_have_the_name_of_a_module_that_it_imports(tmp_path: Path) -> None:
    script(tmp_path, DEFINITION.format("Loss"), "losses.py")
    opened = run(notebook(tmp_path, "from losses import Loss", name="losses.ipynb"))
    assert not opened.units
    assert [name for name, *_ in candidates(opened)] == ["Loss"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("losses.py", "losses"),
        ("my losses-2.py", "my_losses_2_py"),
        ("2nd.py", "_2nd_py"),
        ("random.py", "_random_py"),
        ("numpy.py", "_numpy_py"),
        ("book 1.ipynb", "book_1_ipynb"),
        ("ünï.py", "ünï"),
    ],
)
def test_the_name_of_the_module(tmp_path: Path, name: str, expected: str) -> None:
    code = DEFINITION.format("A")
    path = script(tmp_path, code, name) if name.endswith(".py") else notebook(tmp_path, code, name=name)
    opened = run(path)
    assert not opened.units
    assert opened.candidates[0].description.promised == (expected,)


def test_a_file_of_a_package_is_a_module_of_it(tmp_path: Path) -> None:
    package = tmp_path / "mine" / "losses"
    package.mkdir(parents=True)
    # The package imports the file itself, and the file what the package's other modules hold.
    script(tmp_path, "from .losses.mse import MSE\n", "mine/__init__.py")
    script(tmp_path, "", "mine/losses/__init__.py")
    script(tmp_path, "class Base: pass", "mine/losses/base.py")
    script(tmp_path, "raise AssertionError('not this one')", "mine/losses/types.py")
    path = script(
        tmp_path,
        """
        import types, fractions
        from .base import Base
        from mine.losses import base
        import base as beside
        class MSE(Base):
            def forward(self, x): return x
        assert base.Base is Base
        """,
        "mine/losses/mse.py",
    )
    opened = run(path)
    assert not opened.units
    assert candidates(opened) == [("MSE", str(path), None, 6)]
    assert opened.candidates[0].description.promised == ("mine.losses.mse",)


def test_a_package_that_cannot_be_imported_is_the_relative_imports_failure(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    script(tmp_path, "1/0", "mine/__init__.py")
    path = script(tmp_path, "x = 1\nfrom . import other\n" + DEFINITION.format("A"), "mine/a.py")
    opened = run(path)
    assert [unit.finding.message for unit in opened.units] == [
        "ZeroDivisionError in line 2: division by zero"
    ]
    assert [name for name, *_ in candidates(opened)] == ["A"]
