"""Checkpoints on the disk: one file, written beside the last one, and that is kept until the next."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backproof.training.checkpoints.coding import packed, unpacked
from backproof.training.checksums import SUM, checksum

__all__ = ["Damaged", "Files"]

#: The number of the form in which checkpoints are written.
_SCHEMA = 1
#: Under which name the metadata has the state.
_KEY = "backproof.checkpoint"
#: What nobody has written to for so many seconds is of a process that was killed on the way.
_LEFT = 3600.0


class Damaged(ValueError):
    """A checkpoint that is not as it was written."""


class Files:
    """The last checkpoint, and the one before it.

    A new one is written under a name of its own, ``.PATH.….part``; only when it is whole on the disk does
    the last become the previous, and the new one the last. Whatever happens in between, and whoever else
    writes there, there is a whole one.

    Parameters
    ----------
    path
        The last checkpoint; ``PATH.previous`` is the one before it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = Files(Path(folder) / "checkpoint.safetensors")
    ...     files.write({"step": 1})
    ...     files.write({"step": 2})
    ...     (files.read(files.last), files.read(files.previous))
    ({'step': 2}, {'step': 1})
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        path = Path(path)
        self.last = path.resolve() if path.is_symlink() else path  # a link stays one
        self.previous = self.last.parent / f"{self.last.name}.previous"
        #: Whether what has the name of the last one is worth keeping.
        self._is_whole = True

    @property
    def present(self) -> list[Path]:
        """What there is of the two, the last one first."""
        return [path for path in (self.last, self.previous) if path.exists()]

    def require_writable(self) -> None:
        """Refuse a place where nothing could be written.

        Raises
        ------
        ValueError
            If the folder is not there or cannot be written to, or the path is one.
        """
        folder = self.last.parent
        if self.last.is_dir():
            raise ValueError(f"{self.last} is a folder; name a file in it for the checkpoint")
        if not folder.is_dir():
            raise ValueError(f"there is no folder {folder} for the checkpoint; make it, or name another")
        if not os.access(folder, os.W_OK):
            raise ValueError(f"the folder {folder} cannot be written to; name another for the checkpoint")

    def remove(self) -> None:
        """Remove the checkpoints."""
        self._clear(0.0)
        for path in (self.previous, self.last):
            path.unlink(missing_ok=True)

    def _clear(self, seconds: float) -> None:
        """Remove what was begun, and not written to for some seconds."""
        for path in self.last.parent.glob(glob.escape(f".{self.last.name}.") + "*.part"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime >= seconds:
                    path.unlink()

    # Writing.

    def write(self, state: Mapping[str, Any]) -> None:
        """Write a state as the last checkpoint.

        Raises
        ------
        OSError
            If it cannot be written; those that there were are as they were.
        TypeError
            If there is something in the state that is no number, text, array, list or dictionary.
        """
        content = _content(state)
        part = self.last.parent / f".{self.last.name}.{secrets.token_hex(4)}.part"
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if self._is_whole and self.last.exists():
                self.last.replace(self.previous)
            part.replace(self.last)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
        self._is_whole = True
        self._clear(_LEFT)
        _settle(self.last.parent)

    # Reading.

    def read_last(self) -> tuple[Any, Path, list[str]]:
        """Give the state of the last whole checkpoint, where it was, and what is wrong with the others.

        Raises
        ------
        FileNotFoundError
            If there is none.
        Damaged
            If none of them is whole.
        ValueError
            If a file is something else than a checkpoint, or is of another version.
        """
        wrong: list[str] = []
        for path in self.present:
            try:
                state = self.read(path)
            except Damaged as error:
                wrong.append(str(error))
                continue
            self._is_whole = path == self.last
            return state, path, wrong
        if wrong:
            raise Damaged(
                f"{'; '.join(wrong)}: there is no whole checkpoint to go on from; remove what there is to "
                "begin anew"
            )
        raise FileNotFoundError(f"there is no checkpoint {self.last}")

    def read(self, path: Path) -> Any:
        """Read a checkpoint, and see that it is whole.

        Raises
        ------
        Damaged
            If it is not.
        ValueError
            If it is something else, or of another version.
        PermissionError
            If it cannot be read.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except PermissionError:
            raise
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path} is damaged ({' '.join(str(error).split())})") from error
        if _KEY not in metadata and SUM not in metadata:
            raise ValueError(
                f"{path} is no checkpoint, but another file of safetensors; name another for the checkpoint"
            )
        text = metadata.get(_KEY, "")
        if metadata.get(SUM) != checksum(text, arrays):
            raise Damaged(f"{path} is damaged (its content is not what was written)")
        saved = json.loads(text)
        if saved["schema"] != _SCHEMA:
            raise ValueError(
                f"{path} was written in the form {saved['schema']!r}, and this version of backproof reads "
                f"{_SCHEMA}; go on with the version that wrote it, or begin anew"
            )
        return unpacked(saved["state"], arrays)


def _content(state: Mapping[str, Any]) -> bytes:
    """Give a state as the bytes of a file."""
    from safetensors.numpy import save

    form, arrays = packed(state)
    text = json.dumps({"schema": _SCHEMA, "state": form}, separators=(",", ":"))
    return save(arrays, {_KEY: text, SUM: checksum(text, arrays)})


def _settle(folder: Path) -> None:
    """Have the names of files on the disk, where the system can say so."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
