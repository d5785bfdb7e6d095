from __future__ import annotations

import os
from pathlib import Path

import pytest

from backproof.checking.findings import Problem
from backproof.checking.reading.targets import Target, collect


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.py",
        "a.ipynb",
        "notes.txt",
        "sub/z.py",
        "sub/A.PY",
        "sub/deeper/c.py",
        ".hidden/x.py",
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        ".venv/lib/y.py",
        "venv/y.py",
        "mine/lib/site-packages/numpy.py",
        "__pycache__/b.py",
        "environment/x.py",
        "build/x.py",
        "made/pyproject.toml",
        "made/build/lib/x.py",
        "made/dist/x.py",
        "made/src/x.py",
        "._b.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1")
    (tmp_path / "environment/pyvenv.cfg").touch()
    (tmp_path / "sub/__init__.py").touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*paths: str) -> list[str]:
    targets, problems = collect(paths)
    assert not problems
    assert not any(target.names for target in targets)
    return [target.file for target in targets]


def test_a_folder_gives_what_is_the_users_own_in_order(tree: Path) -> None:
    expected = [
        "a.ipynb", "b.py", "build/x.py", "made/src/x.py", "sub/A.PY", "sub/z.py", "sub/deeper/c.py",
    ]  # fmt: skip
    assert files(".") == expected
    assert files(str(tree)) == [str(tree / name) for name in expected]
    assert files(".hidden") == [".hidden/x.py"]


@pytest.mark.usefixtures("tree")
def test_each_file_comes_once_as_it_was_first_named() -> None:
    assert files("sub/z.py", ".", "./b.py")[:2] == ["sub/z.py", "a.ipynb"]
    assert len(files("sub/z.py", ".", "./b.py")) == 7
    assert files("notes.txt") == ["notes.txt"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["b.py::Tanh"], Target("b.py", ("Tanh",))),
        (["b.py::Tanh", "./b.py::ReLU", "b.py::Tanh"], Target("b.py", ("Tanh", "ReLU"))),
        (["b.py", "b.py::ReLU"], Target("b.py")),
        (["b.py::ReLU", "b.py"], Target("b.py")),
    ],
)
def test_names_within_a_file(paths: list[str], expected: Target) -> None:
    assert collect(paths) == ([expected], [])


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.py", "nowhere.py does not exist"),
        ("nowhere.py::Tanh", "nowhere.py does not exist"),
        ("sub::Tanh", "sub is a folder; FILE::Name needs a file"),
        ("b.py::", "expected FILE::Name with the name of a class or function, got name=''"),
        ("b.py::a b", "got name='a b'"),
        ("empty", "empty holds no .py or .ipynb file"),
        ("", "expected a path, got an empty one"),
        ("::Tanh", "expected a path, got an empty one"),
        ("\0.py", "does not exist"),
    ],
)
def test_a_path_that_is_none_is_told_and_the_others_are_taken(path: str, message: str) -> None:
    targets, (problem,) = collect([path, "b.py"])
    assert targets == [Target("b.py")]
    assert message in problem.message


def test_a_dangling_link_is_left_for_reading_to_report(tree: Path) -> None:
    (tree / "link.py").symlink_to(tree / "gone.py")
    assert "link.py" in files(".")
    assert files("link.py") == ["link.py"]


def test_a_folder_that_cannot_be_listed_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("deeper"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    targets, problems = collect(["sub"])
    assert [target.file for target in targets] == ["sub/A.PY", "sub/z.py"]
    assert problems == [Problem("sub/deeper", "sub/deeper cannot be listed: Permission denied")]


def test_a_link_to_itself_leaves_the_other_files(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    targets, _ = collect([str(tmp_path)])
    assert str(tmp_path / "good.py") in [target.file for target in targets]
