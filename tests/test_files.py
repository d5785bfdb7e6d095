"""Files that are written whole or not at all: bytes, too. Texts are tested where reports are."""

from __future__ import annotations

from pathlib import Path

from backproof._files import write_whole


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "image"
    write_whole(path, b"\r\n\x00\xff")
    assert path.read_bytes() == b"\r\n\x00\xff"
    assert [found.name for found in tmp_path.iterdir()] == ["image"]


def test_line_ends_of_a_text_stay(tmp_path: Path) -> None:
    write_whole(tmp_path / "text", "ä\n")
    assert (tmp_path / "text").read_bytes() == "ä\n".encode()
