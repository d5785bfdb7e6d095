"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["naming", "write_whole"]

_MODE = 0o666


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file that is written where that fails: the system names none, or the one beside it."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Put a text, or bytes, into a file, in one step: who reads it meanwhile sees the old content or the new.

    What is no regular file, ``/dev/stdout`` say, is simply written to.

    Raises
    ------
    OSError
        If it cannot be written; it names the file, which is then as it was.
    """
    with naming(path):
        _write(path, content)


def _write(path: Path, content: str | bytes) -> None:
    target, data = path.resolve(), content.encode() if isinstance(content, str) else content
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(_mode(target))
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _mode(target: Path) -> int:
    """Give the permissions that the file has, or that a new one gets."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return _MODE & ~mask
