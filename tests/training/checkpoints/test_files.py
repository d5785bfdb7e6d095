"""Whatever happens to a checkpoint on the disk, the last whole one is found."""

from __future__ import annotations

import errno
import io
import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from backproof.training.checkpoints import Damaged, Files

RNG = np.random.default_rng(0)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "run.safetensors")


def state(number: int) -> dict[str, Any]:
    return {"number": number, "array": np.full(50, number, np.float32), "loss": float("nan")}


def test_anybody_can_read_the_arrays(files: Files) -> None:
    files.write({"model": {"0.weight": np.eye(3)}})
    np.testing.assert_array_equal(load_file(files.last)["model.0.weight"], np.eye(3))


def test_two_are_kept(files: Files) -> None:
    for number in range(4):
        files.write(state(number))
    assert [files.read(path)["number"] for path in files.present] == [3, 2]
    assert sorted(files.last.parent.iterdir()) == sorted(files.present)
    files.remove()
    assert not list(files.last.parent.iterdir())


def test_every_bit_counts(files: Files) -> None:
    """Any bit may flip but those of the spaces with which safetensors fills up its header."""
    files.write(state(1))
    content = files.last.read_bytes()
    places = {*range(16), *RNG.integers(0, len(content), 300).tolist(), len(content) - 1}
    for place in places:
        bad = bytearray(content)
        bad[place] ^= 1 << int(RNG.integers(8))
        if content[place] == ord(" "):
            continue
        files.last.write_bytes(bad)
        with pytest.raises((Damaged, ValueError), match=r"is damaged|is no checkpoint"):
            files.read(files.last)


def test_every_length_but_its_own_is_damage(files: Files) -> None:
    files.write(state(1))
    content = files.last.read_bytes()
    for length in {*range(0, len(content), 17), len(content) - 1}:
        files.last.write_bytes(content[:length])
        with pytest.raises(Damaged, match="is damaged"):
            files.read(files.last)
    files.last.write_bytes(content + b"\0")
    with pytest.raises(Damaged, match="is damaged"):
        files.read(files.last)


def test_a_damaged_one_is_passed_over_and_not_kept(files: Files) -> None:
    files.write(state(1))
    files.write(state(2))
    files.last.write_bytes(b"")
    again = Files(files.last)
    found, path, wrong = again.read_last()
    assert (found["number"], path, len(wrong)) == (1, files.previous, 1)
    again.write(state(3))
    assert [again.read(each)["number"] for each in again.present] == [3, 1]
    again.write(state(4))
    assert [again.read(each)["number"] for each in again.present] == [4, 3]


def test_none_and_none_that_is_whole(files: Files) -> None:
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        files.read_last()
    files.last.write_bytes(b"x")
    files.previous.write_bytes(b"")
    with pytest.raises(Damaged, match=r"is damaged.*previous is damaged.*remove what there is"):
        files.read_last()


def test_another_file_and_another_version_are_refused(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file({"a": np.zeros(3)}, files.last)
    with pytest.raises(ValueError, match="is no checkpoint, but another file of safetensors"):
        files.read_last()
    monkeypatch.setattr("backproof.training.checkpoints.files._SCHEMA", 99)
    files.write(state(1))
    monkeypatch.undo()
    with pytest.raises(ValueError, match="was written in the form 99, and this version of backproof reads 1"):
        files.read(files.last)


# What fails on the way.


class Half(io.FileIO):
    """A file that takes half of what is written to it, as on a disk that is full."""

    error: BaseException

    def write(self, content: Any) -> int:
        super().write(content[: len(content) // 2])
        raise self.error


def _half(path: Path, mode: str) -> Half:
    return Half(path, mode)


CALLS = ["open", "write", "fsync", "replace", "replace again"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_whole_one_is_left_whatever_fails(
    files: Files, call: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(state(1))
    files.write(state(2))
    count = itertools.count(1)

    def fail(*_: Any) -> None:
        raise error

    def fail_later(self: Path, target: Path) -> None:
        if next(count) == 2:
            raise error
        self.rename(target)

    with monkeypatch.context() as broken:
        if call == "fsync":
            broken.setattr(os, "fsync", fail)
        elif call == "write":
            broken.setattr(Half, "error", error, raising=False)
            broken.setattr(Path, "open", _half)
        else:
            broken.setattr(Path, call.split(maxsplit=1)[0], fail_later if "again" in call else fail)
        with pytest.raises(type(error)) as raised:
            files.write(state(3))
    assert raised.value is error
    found, _, wrong = Files(files.last).read_last()
    assert (found["number"], wrong) == (2, [])
    assert all(path in (files.last, files.previous) for path in files.last.parent.iterdir())
    files.write(state(4))
    assert files.read_last()[0]["number"] == 4


def test_what_a_killed_process_left_is_no_obstacle_and_does_not_stay(files: Files) -> None:
    left, other = (files.last.with_name(f".{files.last.name}.{name}.part") for name in ("0a1b", "2c3d"))
    files.write(state(1))
    left.write_bytes(b"half")
    other.write_bytes(b"another process is writing it")
    os.utime(left, (0, 0))
    assert files.read_last()[0]["number"] == 1
    files.write(state(2))
    assert (left.exists(), other.exists()) == (False, True)
    files.last.unlink()  # it was killed between the two names
    assert files.read_last()[0]["number"] == 1
    files.remove()
    assert not list(files.last.parent.iterdir())


def test_another_process_may_write_there(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one has written its file, and not yet given it its name, another writes its own."""
    wait, other = os.fsync, Files(files.last)

    def meanwhile(descriptor: int) -> None:
        wait(descriptor)
        monkeypatch.setattr(os, "fsync", wait)
        other.write(state(2))

    monkeypatch.setattr(os, "fsync", meanwhile)
    files.write(state(1))
    assert [files.read(path)["number"] for path in files.present] == [1, 2]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run.safetensors"
    link.symlink_to(tmp_path / "disk" / "run.safetensors")
    for number in range(2):
        Files(link).write(state(number))
    assert link.is_symlink()
    assert [Files(link).read(each)["number"] for each in Files(link).present] == [1, 0]
    assert len(list(tmp_path.iterdir())) == 2
