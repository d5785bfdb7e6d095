"""What a run of the checker tells of while it runs, for who waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from backproof.checking.findings import Judgement

__all__ = ["Begun", "Event", "Opened"]


@dataclass(frozen=True)
class Begun:
    """A file is begun, one of so many."""

    file: str
    files: int


@dataclass(frozen=True)
class Opened:
    """A file was run, and so many candidates found in it that are wanted."""

    file: str
    candidates: int


Event: TypeAlias = Begun | Opened | Judgement
