"""The callbacks that write checkpoints, and go on from one."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from backproof._names import said
from backproof.training.callbacks import Callback
from backproof.training.checkpoints.coding import packed
from backproof.training.checkpoints.files import Files
from backproof.training.checkpoints.sameness import described, differences
from backproof.training.checkpoints.signals import Signals
from backproof.training.checkpoints.state import restore, restore_callbacks, state_of
from backproof.training.data.arguments import number

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["Checkpoints", "Resume"]


class Checkpoints(Callback):
    """Writes where training is: every so often, at its end, and when it is to end before.

    On Ctrl-C and SIGTERM the present step is finished and a checkpoint written; then the signal does what
    it does otherwise. It is the last of the callbacks, as it writes down what the others have done.

    Parameters
    ----------
    path
        The file. The checkpoint before it is kept as ``PATH.previous``.
    every
        Seconds from the end of one writing to the next.

    Raises
    ------
    TypeError, ValueError
        If the file could not be written, or the seconds are no number from 0 on.
    """

    by_engine = True

    def __init__(self, path: str | os.PathLike[str], *, every: float = 30.0) -> None:
        number("fit", 0, checkpoint_every=every)
        if not isinstance(path, str | os.PathLike):
            raise TypeError(
                f"fit expects checkpoint to be a file, such as 'run.safetensors'; got checkpoint={said(path)}"
            )
        self.files, self.every = Files(path), every
        self.files.require_writable()
        #: What callbacks remembered in the training that is gone on with.
        self.remembered: Mapping[str, Any] = {}
        #: Of which training they are, as it was before its first step.
        self.of: dict[str, Any] = {}
        self._signals = Signals()
        self._due = 0.0
        self._has_failed = False

    def on_start(self, training: Training) -> None:
        """Give callbacks back what they remembered, and begin to wait."""
        absent = restore_callbacks(training, self.remembered)
        if absent:
            _warn(
                f"{self.files.last} has the state of {', '.join(absent)}, which is not among the callbacks; "
                "training goes on without"
            )
        self.of = self.of or described(training)
        packed(state_of(training))  # what cannot be written is said before training
        self._signals.start()
        self._due = perf_counter() + self.every

    def on_step(self, training: Training, loss: float) -> None:
        """Write, if it is time or training is to end."""
        if self._signals.received or training.stopped or perf_counter() >= self._due:
            self._write(training)

    def on_epoch(self, training: Training) -> None:
        """Write, if it was the last one or training is to end."""
        if self._signals.received or training.stopped or training.epoch >= training.epochs:
            self._write(training)

    def on_end(self, training: Training) -> None:
        """Let signals do again what they did, and that which came what it would have done."""
        came = self._signals.received
        pass_on = self._signals.stop()
        if came:
            self._end(training, came, pass_on)

    def _end(self, training: Training, came: int, pass_on: Any) -> None:
        """Let a signal do what it would have done, and say how to go on."""
        said = f"stopped {_place(training)}, written down in {self.files.last}"
        how = ["resume=True goes on from there"]
        if self._has_failed:
            said, how = f"stopped {_place(training)}; that could not be written to {self.files.last}", []
        if came == signal.SIGTERM:
            _tell(f"SIGTERM: {said}")
        try:
            pass_on()
        except BaseException as error:
            for note in (said, *how):
                error.add_note(note)
            raise

    def _write(self, training: Training) -> None:
        """Write a checkpoint, and stop if a signal came. If it fails training goes on; it is tried again."""
        try:
            self.files.write({"of": self.of, **state_of(training)})
            self._has_failed = False
        except (OSError, TypeError) as error:
            if not self._has_failed:
                self._has_failed = True
                _warn(
                    f"no checkpoint could be written to {self.files.last}: {error}; training goes on, and it "
                    f"is tried again, every {self.every:g} s"
                )
        self._due = perf_counter() + self.every
        if self._signals.received:
            training.stop(f"{signal.Signals(self._signals.received).name} asked for it")


class Resume(Callback):
    """Puts a training where its last whole checkpoint was; it is the first of the callbacks.

    Parameters
    ----------
    checkpoints
        What goes on to write them.

    Raises
    ------
    ValueError
        From `on_start`, if a checkpoint is of another training, or none is whole.
    """

    by_engine = True

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints

    def on_start(self, training: Training) -> None:
        """Go on from it; if there is none, begin at the beginning."""
        files = self._checkpoints.files
        try:
            state, path, wrong = files.read_last()
        except FileNotFoundError:
            _tell(f"there is no checkpoint {files.last} yet: training starts from the beginning")
            return
        for each in wrong:
            _warn(f"{each}; training goes on from the one before, {path}")
        self._checkpoints.of = described(training)
        place = state["place"]
        if found := differences(state["of"], self._checkpoints.of):
            as_it_was = "make everything as it was"
            if "schedule, " in found and place["epochs"] != training.epochs:
                as_it_was += f", epochs={place['epochs']} too if the schedule is made for them"
            raise ValueError(
                f"{path} is of another training ({found}); {as_it_was}, name another checkpoint, or remove "
                "it to begin anew"
            )
        if (place["epoch"], bool(place["position"])) > (training.epochs, False):
            raise ValueError(
                f"{path} was written after {place['epoch']} epochs and {place['position']} steps more; got "
                f"epochs={training.epochs}, which are fewer: ask for more, or remove it to begin anew"
            )
        restore(training, state)
        self._checkpoints.remembered = state["callbacks"]
        has_ended = training.stopped or training.epoch >= training.epochs
        why = f" ({training.stopped})" if training.stopped else ""
        _tell(f"{path}: training {'had ended' if has_ended else 'goes on'} {_place(training)}{why}")


def _place(training: Training) -> str:
    done = f"after {training.epoch} of {training.epochs} epochs"
    many = "s" * (training.position != 1)
    return f"{done} and {training.position} step{many}" if training.position else done


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)
