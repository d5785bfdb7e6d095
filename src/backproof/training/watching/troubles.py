"""What can be wrong with a training, and how it is said: once."""

from __future__ import annotations

import contextlib
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["TrainingWarning", "Trouble", "say", "warn"]

#: Frames of these are not what began a training.
_INSIDE = (str(Path(__file__).parents[2]), contextlib.__file__)


class TrainingWarning(UserWarning):
    """Something is wrong with a training."""


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong with a training.

    Attributes
    ----------
    kind
        What it is called.
    step
        After which step it was seen; 0 is before the first.
    where
        The module, with its path, or the columns of the data; empty if it is nowhere in particular.
    says
        What shows it, with its numbers.
    try_
        What may help.

    Examples
    --------
    >>> print(Trouble("dead units", 40, "1: ReLU()", "12 of 16 units are always 0", "a lower rate"))
    dead units (step 40, 1: ReLU()): 12 of 16 units are always 0; try a lower rate
    """

    kind: str
    step: int
    where: str
    says: str
    try_: str

    @property
    def seen(self) -> str:
        """What is wrong, without what may help."""
        return f"{self.kind} ({', '.join(filter(None, (f'step {self.step}', self.where)))}): {self.says}"

    def __str__(self) -> str:
        return f"{self.seen}; try {self.try_}"


def say(training: Training, trouble: Trouble) -> None:
    """Write a trouble down in the history, and warn of it, as of the line that began the training."""
    training.history.troubles.append(trouble)
    warn(str(trouble), TrainingWarning)


def warn(message: str, category: type[Warning]) -> None:
    """Warn, as of the line that called into this package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
