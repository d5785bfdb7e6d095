"""The callback that watches for trouble, and ends a training before its parameters are lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.callbacks import Callback
from backproof.training.recording import SizesEvery
from backproof.training.watching.ends import not_finite
from backproof.training.watching.keeping import Kept, loss_at
from backproof.training.watching.looks import Look, Rows, mean_of
from backproof.training.watching.measures import layers_of
from backproof.training.watching.modules import called
from backproof.training.watching.signs import (
    DeadUnits,
    Gradients,
    Sign,
    Targets,
    TooHigh,
    TooLow,
    Unscaled,
)
from backproof.training.watching.together import Frozen, Squashed
from backproof.training.watching.troubles import Trouble, say

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["Watch"]

#: What is looked for, in this order.
_SIGNS = (Frozen, Squashed, Unscaled, Targets, TooHigh, TooLow, DeadUnits, Gradients)

#: Of the first steps that are recorded each is looked at, of later ones one of so many.
_CLOSE, _APART = 10, 5
#: A loss that is so many times that of the last good parameters, at so many looks in a row, does not return.
_TIMES, _LOOKS = 100.0, 3
#: Looks to wait, at most, after one that found a larger loss to be chance.
_LONGEST = 32
#: By which share a loss may be larger.
_SLACK = 0.2


class Watch(Callback):
    """Watches for trouble: says each once, in ``history.troubles`` and as a `TrainingWarning`.

    It looks after the first step and every 20, and from step 200 on every 100, or more rarely. Parameters
    that are good are then copied; that they are, the loss of the next step shows. When the loss is NaN or
    infinite, or for long a hundred times what it was, training ends, and the model gets the last good ones
    back; the optimizer's state, which led away from there, begins anew. ``history.stopped`` says why.

    Which steps are looked at depends on their numbers alone, and what is done does not change training: it
    goes the same way, to the last bit, as without.

    Examples
    --------
    >>> import warnings
    >>> from backproof import fit, nn, optim
    >>> x = np.linspace(-1, 1, 20)
    >>> model = nn.Linear(1, 1, dtype=np.float64, rng=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     history = fit(model, x, 3 * x, loss="mse", optimizer="sgd", lr=1e3, epochs=500)
    >>> history.troubles[-1].kind, bool(np.isfinite(model.weight).all())
    ('loss not finite', True)
    """

    by_engine = True

    def __init__(self) -> None:
        self._sizes = SizesEvery()
        self._signs: dict[str, Sign] = {sign.__name__: sign() for sign in _SIGNS}
        self._rows = Rows()
        #: The last good parameters; those that the next loss will tell of; and whether it has.
        self._kept, self._next = Kept(), Kept()
        self._waiting, self._calm = False, True
        self._due, self._level = 1, math.inf
        self._records, self._number, self._worse = 0, 0, 0
        #: Looks to wait before losses are compared again, and how many it will be then.
        self._rest, self._pause = 0, 1
        self._first, self._best = math.nan, math.inf

    def on_start(self, training: Training) -> None:
        """Keep what there is, and let NumPy not warn of what will be said better."""
        training.quiet()
        self._sizes.on_start(training)
        if self._kept.step < 0:
            self._kept.take(training)
        self._rows.begin(training)
        for sign in self._signs.values():
            sign.begin(training)
        self._due = training.step + 1 if self._waiting else self._sizes.due

    def on_step(self, training: Training, loss: float) -> None:
        """Look, if it is time, or if the loss is not finite."""
        if training.step < self._due and -math.inf < loss < math.inf:
            return
        with np.errstate(all="ignore"):
            self._see(training, training.per_sample(loss, len(training.batch[0])))

    def _see(self, training: Training, loss: float) -> None:
        if not math.isfinite(loss):
            self._end(training, not_finite(training, loss, self._kept))
            return
        if self._waiting:
            self._settle(training, loss)
        if training.step >= self._sizes.due:
            self._sizes.on_step(training, loss)
            if self._records <= _CLOSE or self._records % _APART == 0 or self._worse:
                self._look(training, loss)
            self._records += 1
        self._due = training.step + 1 if self._waiting else self._sizes.due

    def on_end(self, training: Training) -> None:
        """See that the last step left good parameters."""
        if self._kept.step < 0:  # it never began
            return
        parameters = training.engine.parameters().values()
        if not training.stopped and training.step and not all(np.isfinite(each).all() for each in parameters):
            with np.errstate(all="ignore"):
                self._end(training, not_finite(training, math.nan, self._kept))

    def _look(self, training: Training, loss: float) -> None:
        """Let each sign look, and keep the parameters if they are good."""
        self._rows.add(training.batch)
        if not self._number:
            self._first = loss
        look = self._made(training, loss)
        for name in list(self._signs):
            sign = self._signs.get(name)
            found = None if sign is None else sign.look(look)
            if sign is not None and found is not None:
                for told in (name, *sign.explains):
                    self._signs.pop(told, None)
                say(training, found)
        self._number += 1
        self._best = min(self._best, look.mean)
        self._worse = self._worse + 1 if look.grown is not None and look.grown >= _TIMES else 0
        if self._worse >= _LOOKS:
            self._end(training, _exploded(look))
        elif self._is_good(look):
            self._next.take(training)
            self._waiting, self._level = True, max(abs(look.mean), abs(loss), 1e-3 * abs(self._first))

    def _is_good(self, look: Look) -> bool:
        """Say whether it is time to keep the parameters, and they are no worse than those that are kept.

        Those of the first step are not kept: one batch is too little to tell whether they are good.
        """
        if not self._records or (self._records > 2 and self._records % _APART):
            return False
        return self._calm or (look.grown is not None and look.grown < _SLACK)

    def _made(self, training: Training, loss: float) -> Look:
        last, mean = training.history.sizes[-1], mean_of(training, loss)
        return Look(
            training,
            self._number,
            loss,
            mean,
            self._first,
            self._best,
            layers_of(last.gradients) if last.step == training.step else {},
            self._rows,
            self._kept,
            self._grown(training, loss, mean),
        )

    def _grown(self, training: Training, loss: float, mean: float) -> float | None:
        """Compare the loss of the present batch with what it is with the last good parameters.

        That is done if the losses so far give reason to, and less and less often if it was for nothing.
        """
        early = self._number <= 5
        seen, usual = (max(loss, mean), self._first) if early else (mean, self._best)
        self._calm = not seen - usual > (_SLACK if early else 1.0) * abs(usual)
        if self._calm:
            self._rest, self._pause = 0, 1
            return None
        if self._rest:
            self._rest -= 1
            return None
        now, then = loss_at(training, training.batch, self._kept.parameters)
        grown = (now - then) / max(abs(then), 1e-3 * abs(self._first), 1e-300)
        grown = math.inf if math.isnan(grown) else grown
        if grown < _SLACK:
            self._rest, self._pause = self._pause, min(2 * self._pause, _LONGEST)
        return grown

    def _settle(self, training: Training, loss: float) -> None:
        """Keep the parameters of the last step, if with them the loss is as it was.

        Where it is larger than at first, it may not be larger than with those that are kept.
        """
        self._waiting = False
        if not loss <= 10 * self._level:
            return
        if loss > self._first:
            copies = self._next.parameters, self._kept.parameters
            _, later, earlier = loss_at(training, training.batch, *copies)
            if not later <= earlier:
                return
        self._kept, self._next = self._next, self._kept

    def _end(self, training: Training, trouble: Trouble) -> None:
        """Put the last good parameters back, and end training."""
        self._waiting = False
        self._kept.put_back(training)
        training.engine.sync()
        state = getattr(training.optimizer, "state", None)
        if isinstance(state, MutableMapping):
            state.clear()
        training.stop(f"{trouble.seen}; the parameters are those of step {self._kept.step}")
        say(training, trouble)

    # What a checkpoint has of it.

    _NUMBERS = (
        "_waiting",
        "_records",
        "_due",
        "_number",
        "_worse",
        "_rest",
        "_pause",
        "_first",
        "_best",
        "_level",
    )

    def state_dict(self) -> dict[str, Any]:
        """Give where it is, with the last good parameters."""
        return {
            "numbers": {name: getattr(self, name) for name in self._NUMBERS},
            "kept": self._kept.state_dict(),
            "next": self._next.state_dict(),
            "signs": {name: sign.state_dict() for name, sign in self._signs.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        for name in self._NUMBERS:
            setattr(self, name, state["numbers"][name])
        self._kept.load_state_dict(state["kept"])
        self._next.load_state_dict(state["next"])
        self._signs = {name: sign for name, sign in self._signs.items() if name in state["signs"]}
        for name, sign in self._signs.items():
            sign.load_state_dict(state["signs"][name])


def _exploded(look: Look) -> Trouble:
    """Say that the loss will not come back."""
    layers = look.layers
    layer = max(layers, key=lambda name: layers[name], default="")
    gradients = f", and the gradients there are {layers[layer]:.2g}" if layers else ""
    return Trouble(
        "exploding loss",
        look.step,
        called(look.training.model, layer),
        f"the loss is {look.loss:.4g}, {look.grown:.3g} times larger than with the parameters of step "
        f"{look.kept.step}{gradients}",
        f"a lower learning rate than {look.training.lr:.3g} (bp.find_lr finds one), or clipped gradients",
    )
