"""Files that are written whole or not at all: bytes, too. Texts are tested where reports are."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backproof import nn
from backproof._files import write_whole


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "image"
    write_whole(path, b"\r\n\x00\xff")
    assert path.read_bytes() == b"\r\n\x00\xff"
    assert [found.name for found in tmp_path.iterdir()] == ["image"]


def test_line_ends_of_a_text_stay(tmp_path: Path) -> None:
    write_whole(tmp_path / "text", "ä\n")
    assert (tmp_path / "text").read_bytes() == "ä\n".encode()


@pytest.mark.parametrize(
    "write", [lambda path: write_whole(path, "a"), lambda path: nn.save({"a": np.zeros(1)}, path)]
)
@pytest.mark.parametrize(("number", "kind"), [(errno.EFBIG, OSError), (errno.EACCES, PermissionError)])
def test_a_failure_names_the_file(
    write: Callable[[Path], None],
    number: int,
    kind: type[OSError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(number, "why", str(self), None, str(target))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(kind) as caught:
        write(tmp_path / "model")
    assert str(caught.value) == f"[Errno {number}] why: {str(tmp_path / 'model')!r}"
    assert caught.value.errno == number
    assert list(tmp_path.iterdir()) == []
