"""The judge: each step by itself, from the same point, so that rounding cannot grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.training.comparing.following import Follower, ShakenFollower, filled
from backproof.training.comparing.rounding import (
    FACTOR,
    Arrays,
    differences,
    gaps,
    largest,
    size,
)
from backproof.training.comparing.twins import Parts
from backproof.training.engines.engine import Engine

__all__ = ["Judge", "Parting"]

#: How many shaken updates there are at each step; and how many losses and gradients, where they are needed.
_UPDATES, _GRADIENTS = 2, 8


@dataclass(frozen=True)
class Parting:
    """Where two trainings part.

    Attributes
    ----------
    step
        The step, from 1 on.
    kind
        What differs: the ``loss`` of the same parameters; their ``gradient``, where the loss agrees; or the
        ``parameter`` that the same gradients lead to.
    names
        The parameters of which it is so, in the order of the model.
    place
        Where in the last of them, the one nearest to the loss, they differ most.
    ours, theirs
        The numbers there.
    bound
        What rounding explains.
    dtype
        The dtype that was computed in.
    """

    step: int
    kind: str
    names: tuple[str, ...]
    place: tuple[int, ...]
    ours: float
    theirs: float
    bound: float
    dtype: str

    def __str__(self) -> str:
        where = f"[{', '.join(map(str, self.place))}]" if self.place else ""
        what, advice = _SAID[self.kind]
        others = f" (so do {', '.join(self.names[:-1])})" if len(self.names) > 1 else ""
        return (
            f"step {self.step}, in {self.dtype}: {what}{self.names[-1]}{where} differs{others}: ours "
            f"{self.ours:.10g}, PyTorch {self.theirs:.10g}; rounding explains {self.bound:.1g}. {advice}"
        )


#: How each kind is called, and what to look at.
_SAID = {
    "loss": ("the loss", "Look at a forward, or the loss."),
    "gradient": ("the gradient of ", "The loss agrees: look at a backward."),
    "parameter": ("", "The loss and the gradients agree: look at the update."),
}


class Judge:
    """Judges each step of a training by PyTorch, put where that was before it.

    Attributes
    ----------
    parting
        Where they part first; ``None`` so far.
    steps
        How many steps were judged.
    telling
        In how many of them a parameter has moved by more than rounding explains.
    share
        Of the last step, the largest difference as a share of what rounding explains.
    """

    def __init__(self, ours: Engine, twin: Callable[[], Parts], dtype: np.dtype[Any]) -> None:
        self.parting: Parting | None = None
        self.steps, self.telling, self.share = 0, 0, 0.0
        self._ours, self._dtype = ours, str(dtype)
        self._eps = float(np.finfo(dtype).eps)
        #: The parameters of ours before its next step.
        self._before = _copied(ours.parameters())
        parts = twin()
        self._follower = Follower(parts.model, parts.loss, parts.optimizer)
        copies = [twin() for _ in range(_UPDATES)]
        self._shaken = [
            ShakenFollower(each.model, each.loss, each.optimizer, seed) for seed, each in enumerate(copies)
        ]

    @property
    def optimizers(self) -> list[Any]:
        """The optimizers of PyTorch that the judge moves."""
        return [each.optimizer for each in (self._follower, *self._shaken)]

    def judge(self, loss: float, input: Any, target: Any) -> None:
        """Judge the step that ours has just made, with its loss."""
        before, self._before = self._before, _copied(self._ours.parameters())
        self.steps, self.share = self.steps + 1, 0.0
        with np.errstate(all="ignore"):
            self._judge_gradients(before, loss, input, target)
            if math.isfinite(loss):
                self._judge_update(before)

    def _judge_gradients(self, before: Arrays, loss: float, input: Any, target: Any) -> None:
        self._follower.load(before)
        reference, theirs = self._follower.look(input, target)
        runs: list[tuple[Arrays, Arrays]] = []

        def again(part: int) -> Iterator[Arrays]:
            for turn in range(_GRADIENTS):
                if turn == len(runs):
                    run = self._shaken[turn % _UPDATES]
                    run.load(before)
                    runs.append(run.look(input, target))
                yield runs[turn][part]

        self._note("loss", {"": np.asarray(loss)}, reference, lambda: again(0))
        if math.isfinite(loss):
            self._note("gradient", filled(self._ours.gradients(), before), theirs, lambda: again(1))

    def _judge_update(self, before: Arrays) -> None:
        gradients, ours = self._ours.gradients(), self._before
        theirs = self._follower.move(gradients)
        runs = []
        for run in self._shaken:
            run.load(before)
            runs.append(run.move(gradients))
        sizes = {name: max(size(before[name]), size(array)) for name, array in theirs.items()}
        self._note("parameter", ours, theirs, lambda: runs, sizes)
        self.telling += any(
            largest(gaps(array, before[name])) > FACTOR * self._eps * sizes[name]
            for name, array in theirs.items()
        )

    def _note(
        self,
        kind: str,
        ours: Arrays,
        theirs: Arrays,
        again: Callable[[], Iterable[Arrays]],
        sizes: Mapping[str, float] | None = None,
    ) -> None:
        """Compare, and remember what differs first."""
        if sizes is None:
            sizes = {name: size(array) for name, array in theirs.items()}
        if self.parting is not None:  # what differs first is told, and the rest not looked into
            again = tuple
        found = differences(ours, theirs, again, sizes, self._eps)
        self.share = max(self.share, found.share)
        if not found.unexplained or self.parting is not None:
            return
        names = tuple(found.unexplained)
        mine, other = np.asarray(ours[names[-1]], float), np.asarray(theirs[names[-1]], float)
        apart = gaps(mine, other)
        place = tuple(int(i) for i in np.unravel_index(int(apart.argmax()), apart.shape))
        self.parting = Parting(
            self.steps, kind, names, place, float(mine[place]), float(other[place]),
            found.unexplained[names[-1]], self._dtype,
        )  # fmt: skip


def _copied(arrays: Arrays) -> Arrays:
    return {name: np.array(array) for name, array in arrays.items()}
