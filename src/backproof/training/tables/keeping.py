"""The checkpoint of a training on a table: where it is, and when it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backproof.training.checkpoints import Files
from backproof.training.tables.errors import TableError
from backproof.training.tables.model_files import require_apart

__all__ = ["Keeping"]


class Keeping:
    """Where training is written down: beside the model that it is to become, unless another place is named.

    Beside the model it goes when the model is there. It stays in a place that was named.

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
        place = checkpoint
        if place is None and save is not None:
            place = save.with_name(f"{save.name}.checkpoint")
        if place is None and resume:
            raise TableError("--resume needs the file to go on from: --checkpoint FILE, or --save as before")
        if place is not None and place == save:
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
        """Give what `fit` is to know; if it is interrupted, say how to go on."""
        if self._files is None:
            yield {}
            return
        if not self._resume:
            self._files.remove()
        try:
            yield {"checkpoint": self._files.last, "resume": self._resume}
        except KeyboardInterrupt as stop:
            said = getattr(stop, "__notes__", [])[:1]
            how = ["the same command with --resume goes on"] if self._files.present else []
            raise KeyboardInterrupt("; ".join([*said, *how])) from None

    def end(self) -> None:
        """Remove what nobody needs any more."""
        if self._files is not None and not self._is_named:
            self._files.remove()
