"""A report in a file: whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from backproof.checking.report.files import write_whole


def test_it_is_written_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    for text in ("ε ≥ 1\n", "again\n"):
        write_whole(path, text)
        assert path.read_text(encoding="utf-8") == text
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_permissions_are_those_of_any_file(tmp_path: Path) -> None:
    path, other = tmp_path / "report", tmp_path / "other"
    other.write_text("")
    write_whole(path, "")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
    path.chmod(0o640)
    write_whole(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there")
    write_whole(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "report", "text")


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="a device of POSIX")
def test_a_device_is_written_to() -> None:
    write_whole(Path("/dev/null"), "text")
    assert not Path("/dev/null").is_file()
