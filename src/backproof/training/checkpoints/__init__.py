"""Checkpoints: what is written down of a training, so that it goes on as if it had never stopped."""

from __future__ import annotations

import os

from backproof.training.callbacks import Callback
from backproof.training.checkpoints.callback import Checkpoints, Resume
from backproof.training.checkpoints.files import Damaged, Files

__all__ = ["Checkpoints", "Damaged", "Files", "Resume", "keeping"]


def keeping(
    path: str | os.PathLike[str], *, resume: bool, every: float
) -> tuple[list[Callback], list[Callback]]:
    """Give the callbacks that are the first and the last of a training that is kept in a file.

    Raises
    ------
    FileExistsError
        If there is a checkpoint, and ``resume`` does not say that training goes on from it.
    ValueError
        If the file could not be written.
    """
    checkpoints = Checkpoints(path, every=every)
    if resume:
        return [Resume(checkpoints)], [checkpoints]
    if present := checkpoints.files.present:
        raise FileExistsError(
            f"there is a checkpoint already, {present[0]}: go on from it with resume=True, or remove it to "
            "begin anew"
        )
    return [], [checkpoints]
