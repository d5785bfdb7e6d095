"""The manifest: what a good teacher would say of each component of the corpus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CORPUS", "DOORS", "KINDS", "Label", "load"]

CORPUS = Path(__file__).resolve().parent
KINDS = ("activation", "loss", "layer", "model", "optimizer")
DOORS = ("numpy", "function-pair", "torch-function", "torch-module", "torch-optim", "jax")


@dataclass(frozen=True, kw_only=True)
class Label:
    """What there is to be said of one component.

    Attributes
    ----------
    file
        Where it stands, from the folder of the corpus. A file under ``wrong`` may hold right components too.
    name
        The class or function; ``forward`` is that of a pair which is known by its backward.
    expect
        The diagnosis, or several that name the same mistake; none for what is right.
    both
        Whether there are two mistakes, and each of ``expect`` has to be said.
    notes
        What may be said besides: a convention, an edge. It is never the mistake.
    argument
        Whose gradient is wrong.
    why
        What a teacher would say, in a sentence.
    """

    file: str
    name: str
    expect: tuple[str, ...]
    kind: str
    door: str
    why: str
    forward: str | None = None
    both: bool = False
    notes: tuple[str, ...] = ()
    argument: str | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether there is a mistake in it."""
        return bool(self.expect)

    def __str__(self) -> str:
        return f"{self.file}::{self.name}"


def load(path: Path = CORPUS / "manifest.json") -> list[Label]:
    """Read the labels in the order of their files.

    Raises
    ------
    ValueError
        If a row is not a label.
    """
    labels = []
    for row in json.loads(path.read_text(encoding="utf-8")):
        try:
            labels.append(_label(row))
        except TypeError as error:
            raise ValueError(f"{path}: expected a label, got {row!r}: {error}") from None
    return labels


def _label(row: Mapping[str, Any]) -> Label:
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in row.items()}
    return Label(**values)
