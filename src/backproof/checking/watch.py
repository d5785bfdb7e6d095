"""Watching files, to check each again when it is saved."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias

from backproof.checking.findings import Report
from backproof.checking.processes.remote import Start
from backproof.checking.processes.spare import Spare
from backproof.checking.reading.source import Unreadable, read
from backproof.checking.reading.targets import Target, collect
from backproof.checking.settings import Settings

__all__ = ["Check", "watch"]

#: Seconds between two looks at the files.
_PAUSE = 0.05
#: Looking takes no more than this part of the time, however many files there are.
_SHARE = 0.1
#: By which the contents of two files are told apart: an editor may write the file, or put another there.
_Stamp: TypeAlias = tuple[int, int, int]


class Check(Protocol):
    """Checks paths, with workers that ``start`` starts, and tells of it."""

    def __call__(self, paths: Sequence[str], settings: Settings, start: Start, /) -> Report:
        """Give the report."""


def watch(paths: Sequence[str], settings: Settings, check: Check) -> None:
    """Check the paths, then each file of theirs again whenever it was saved; an interrupt ends it.

    ``check`` gets ``paths`` first, then files, or parts of them as in ``FILE::Name``. A file that is
    not there is waited for. A worker is kept in reserve, so that a check begins at once.
    """
    torch = False
    # Of the references that were given for names, only the first check sees all names there are.
    later = replace(settings, expected=frozenset())
    with contextlib.suppress(KeyboardInterrupt), Spare(settings.seed) as spare:
        seen = _look(paths)
        parts = list(paths)
        while True:
            check(parts, settings if parts == list(paths) else later, spare)
            torch = torch or any(_imports_torch(target.file) for target in collect(parts)[0])
            spare.prepare(torch=torch)
            now = _settled(paths, seen)
            saved = [target for target, stamp in now.items() if seen.get(target) != stamp]
            parts = [path for target in saved for path in _paths(target)]
            # One that is missing may come back as it was: then there is nothing new in it.
            seen = {**seen, **now}


def _settled(paths: Sequence[str], seen: dict[Target, _Stamp]) -> dict[Target, _Stamp]:
    """Wait until files look other than they were ``seen`` last, and no longer change."""
    before = seen
    while True:
        began = time.monotonic()
        now = _look(paths)
        if now == before and any(seen.get(target) != stamp for target, stamp in now.items()):
            return now
        before = now
        time.sleep(max(_PAUSE, (time.monotonic() - began) / _SHARE))


def _look(paths: Sequence[str]) -> dict[Target, _Stamp]:
    found: dict[Target, _Stamp] = {}
    for target in collect(paths)[0]:
        try:
            status = Path(target.file).stat()
        except OSError:
            continue  # gone for the moment
        found[target] = status.st_mtime_ns, status.st_size, status.st_ino
    return found


def _imports_torch(file: str) -> bool:
    try:
        return read(file).imports_torch
    except Unreadable:
        return False


def _paths(target: Target) -> list[str]:
    return [f"{target.file}::{name}" for name in target.names] or [target.file]
