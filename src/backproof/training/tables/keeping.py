"""The checkpoint of a training on a table: where it is, and when it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backproof.training.checkpoints import Files
from backproof.training.tables.errors import TableError, listed
from backproof.training.tables.model_files import require_apart

__all__ = ["Keeping", "is_kept"]


def is_kept(checkpoint: Path | None, save: Path | None) -> bool:
    """Say whether there is a checkpoint to go on from."""
    place = _place(checkpoint, save)
    return place is not None and bool(Files(place).present)


def _place(checkpoint: Path | None, save: Path | None) -> Path | None:
    if checkpoint is None and save is not None:
        return save.with_name(f"{save.name}.checkpoint")
    return checkpoint


class Keeping:
    """Where training is written down: beside the model that it is to become, unless another place is named.

    Beside the model it goes when all is written and told. It stays in a place that was named.

    Parameters
    ----------
    checkpoint, save
        Where, and where the model goes; ``None`` if it was not said.
    data
        The table that is learned from; it is never written over.
    resume, overwrite
        Whether to go on from what is there, and whether to begin anew in its place.

    Raises
    ------
    TableError
        If there is something, and neither was asked for, or nothing to go on from could be.
    ValueError
        If it could not be written.
    """

    def __init__(
        self, checkpoint: Path | None, save: Path | None, data: str, *, resume: bool, overwrite: bool
    ) -> None:
        self._is_named, self._resume = checkpoint is not None, resume
        place = _place(checkpoint, save)
        if place is None and resume:
            raise TableError("--resume needs the file to go on from: --checkpoint FILE, or --save as before")
        if place is not None and save is not None and place.absolute() == save.absolute():
            raise TableError(f"expected --checkpoint and --save to be two files; got {place} for both")
        self._files = None if place is None else Files(place)
        if self._files is not None:
            self._files.require_writable()
            for path in (self._files.last, self._files.previous):
                require_apart("--checkpoint", path, data=data)
        present = None if self._files is None or resume else next(iter(self._files.present), None)
        if present is not None and not overwrite:
            raise TableError(
                f"{present} has a training written down; go on from it with --resume, or begin anew with "
                "--overwrite"
            )

    @contextmanager
    def during(self) -> Iterator[dict[str, Any]]:
        """Give what `fit` is to know; if it is interrupted, say how to go on.

        What nobody needs any more is removed when all went well: training, and what is done with it within.
        """
        if self._files is None:
            yield {}
            return
        if not self._resume:
            self._files.remove()
        try:
            yield {"checkpoint": self._files.last, "resume": self._resume}
        except KeyboardInterrupt as stop:
            said = getattr(stop, "__notes__", [])[:1]
            raise KeyboardInterrupt("; ".join([*said, *self._how])) from None
        if not self._is_named:
            self._files.remove()

    @contextmanager
    def writing(self) -> Iterator[list[str]]:
        """Give a list for the files that are written; if one cannot be, tell which were, and how to go on."""
        written: list[str] = []
        try:
            yield written
        except OSError as error:
            said = [f"written before: {listed(written)}"] if written else []
            raise OSError("; ".join([str(error), *said, *self._how])) from error

    @property
    def _how(self) -> list[str]:
        """How to go on, where one can."""
        if self._files is None or not self._files.present:
            return []
        return ["the same command with --resume goes on"]
