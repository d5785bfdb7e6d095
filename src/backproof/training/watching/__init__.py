"""Watching a training for trouble: what is wrong, where, the number that shows it, and what to try."""

from backproof.training.watching.troubles import TrainingWarning, Trouble
from backproof.training.watching.watch import Watch

__all__ = ["TrainingWarning", "Trouble", "Watch"]
