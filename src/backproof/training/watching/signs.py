"""Signs of trouble: each looks now and then, and says what it sees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.data.arrays import names_of
from backproof.training.data.loader import DataLoader
from backproof.training.watching.ends import in_batch
from backproof.training.watching.keeping import Kept, loss_at
from backproof.training.watching.looks import Look
from backproof.training.watching.measures import dead_units, exploding, unscaled, vanishing
from backproof.training.watching.modules import RECTIFIERS, called, leaves, overheard
from backproof.training.watching.troubles import Trouble

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["DeadUnits", "Gradients", "Sign", "Targets", "TooHigh", "TooLow", "Unscaled"]

_BETTER = "ReLU or tanh instead of sigmoids, larger parameters at the start, or normalisation between layers"
_SMALLER = "smaller parameters at the start, or normalisation between layers"
_FINDER = "bp.find_lr finds one"
#: The looks that are at the first steps: 100 of them.
_EARLY = 5
#: How much longer steps are tried.
_TIMES = (1e3, 1e4, 1e5, 1e6)


class Sign:
    """Base of the signs: what has been said once is not looked for again.

    What an object has for attributes is its state: numbers, and copies of parameters.
    """

    #: The signs that are then to be expected, and no news.
    explains: tuple[str, ...] = ()

    def begin(self, training: Training) -> None:
        """Take up what there is before the first step."""

    def look(self, look: Look) -> Trouble | None:
        """Say what is wrong, if something is."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Give where it is."""
        return {
            name: value.state_dict() if isinstance(value, Kept) else value
            for name, value in vars(self).items()
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for name, value in state.items():
            if isinstance(value, dict):
                kept = Kept()
                kept.load_state_dict(value)
                value = kept  # noqa: PLW2901 - of which it was the state
            setattr(self, name, value)


class Unscaled(Sign):
    """Columns that are very large or small, or far from 0."""

    def __init__(self) -> None:
        self.done = False

    def look(self, look: Look) -> Trouble | None:
        """Judge the data once, by what is in memory or by the first batches."""
        if self.done:
            return None
        model = look.training.model
        first = next((each for each in leaves(model).values() if _has_state(each)), None)
        if not hasattr(first, "in_features"):
            self.done = True
            return None
        rows = look.rows.taken()
        if rows is None:
            return None
        self.done, inputs = True, rows[0]
        if inputs.ndim != 2 or inputs.dtype.kind != "f" or len(inputs) < 2:
            return None
        found = unscaled(inputs, names_of(look.training.history.trained.get("X")))
        if found is None:
            return None
        return Trouble(
            "unscaled features", 0, *found, "to subtract the mean of each column and divide by its deviation"
        )


def _has_state(module: Any) -> bool:
    return any(True for _ in module.parameters()) or any(True for _ in module.buffers())


class Targets(Sign):
    """Targets outside the loss's domain, where the data was not looked through before."""

    def look(self, look: Look) -> Trouble | None:
        """Look at the present batch."""
        if isinstance(look.training.batches, DataLoader) or not (look.number == 0 or look.is_probe):
            return None
        return in_batch(look.training)


class Gradients(Sign):
    """Gradients that fade, or grow, on their way back through the layers, while nothing is learned."""

    def __init__(self) -> None:
        self.before = math.inf
        self.faded = 0

    def look(self, look: Look) -> Trouble | None:
        """Compare the layers; where the loss falls all is well."""
        if not look.layers or not look.number:
            return None
        before, self.before = self.before, look.mean
        falls = look.mean < before - 0.01 * abs(before)
        ratio = vanishing(look.layers)
        self.faded = 0 if ratio is None or falls else self.faded + 1
        if ratio is not None and self.faded >= 3:
            return self._said(look, "vanishing gradients", ratio, _BETTER)
        stuck = look.mean >= 0.9 * look.first
        grown = exploding(look.layers) if stuck else None
        return None if grown is None else self._said(look, "exploding gradients", grown, _SMALLER)

    def _said(self, look: Look, kind: str, ratio: Any, advice: str) -> Trouble:
        model = look.training.model
        return Trouble(
            kind,
            look.step,
            called(model, ratio.layer),
            f"its gradients are {ratio.size:.2g}, and those of {called(model, ratio.other)} "
            f"{ratio.beside:.2g} (root mean squares); the loss, {look.mean:.4g}, does not fall",
            advice,
        )


class DeadUnits(Sign):
    """Rectifiers that give 0 for whatever comes: half of a layer twice in a row, or all of it."""

    explains = ("Gradients", "TooLow")

    def __init__(self) -> None:
        self.suspect = ""

    def look(self, look: Look) -> Trouble | None:
        """Compute what the rectifiers give for samples that were trained on."""
        if not (look.is_probe or self.suspect):
            return None
        training = look.training
        modules = {p: m for p, m in leaves(training.model).items() if type(m).__name__ in RECTIFIERS}
        rows = look.rows.taken() if modules else None
        if rows is None:
            return None
        with overheard(modules) as outputs:
            training.engine.predict(rows[0])
        counts = {path: dead_units(output) for path, output in outputs.items()}
        path = max(counts, key=lambda path: counts[path][0] / counts[path][1], default="")
        dead, units = counts.get(path, (0, 1))
        suspect, self.suspect = self.suspect, path if 2 * dead > units else ""
        if not (dead == units or (self.suspect and suspect == path)):
            return None
        return Trouble(
            "dead units",
            look.step,
            called(training.model, path),
            f"{dead} of its {units} units give 0 for each of {len(rows[0])} samples, and learn nothing",
            f"a lower learning rate ({_FINDER}), LeakyReLU, or biases that start at 0",
        )


class TooHigh(Sign):
    """A learning rate that makes the loss larger than it was, from the first steps on."""

    explains = ("DeadUnits", "Gradients", "TooLow")

    def __init__(self) -> None:
        self.worse = 0

    def look(self, look: Look) -> Trouble | None:
        """See whether the loss of what was just trained on is larger than with the parameters before."""
        self.worse = self.worse + 1 if look.grown is not None and look.grown > 0.2 else 0
        if self.worse < 3 or look.number - self.worse > _EARLY:
            return None
        lr = look.training.lr
        return Trouble(
            "learning rate too high",
            look.step,
            "",
            f"with lr={lr:.3g} the loss is {look.loss:.4g}, larger than with the parameters of step "
            f"{look.kept.step}, and so it was at the looks before",
            f"lr={lr / 10:.2g} ({_FINDER})",
        )


class TooLow(Sign):
    """A learning rate with which the loss hardly moves, where steps in the same direction bring it down.

    Those are tried: steps that are from 1000 to a million times as long.
    """

    def __init__(self) -> None:
        self.level = math.inf
        self.lr = math.inf
        self.start: Kept | None = Kept()

    def begin(self, training: Training) -> None:
        """Keep the parameters that there are before the first step."""
        if self.start is not None and self.start.step < 0:
            self.start.take(training)

    def look(self, look: Look) -> Trouble | None:
        """Try longer steps, if the loss has not fallen."""
        start, training = self.start, look.training
        if start is None or not look.number:
            return None
        lr, self.lr = self.lr, training.lr
        self.level = max(look.first, look.mean) if look.number == 1 else self.level
        if look.mean < self.level - 0.02 * abs(self.level) or start.step > 0:
            self.start = None
            return None
        rows = look.rows.taken()
        if look.step < 100 or training.share < 0.1 or training.lr > lr or rows is None:
            return None
        self.start = None
        before, now = start.parameters, training.engine.parameters()
        moved = {name: now[name] - before[name] for name in before}
        still = not any(each.any() for each in moved.values())
        if still:
            moved = _downhill(training)
        present, least, times = math.inf, math.inf, 0.0
        for longer in _TIMES:
            steps = {name: before[name] + longer * each for name, each in moved.items()}
            present, tried = loss_at(training, rows, steps)
            if not tried < least:
                break
            least, times = tried, longer
        if not least < present - (1e-4 if still else 0.01) * abs(present):
            return None
        lr = training.lr
        says = f"with steps {times:,.0f} times as long {least:.4g}"
        if still:
            says = f"{least:.4g} a little downhill: the steps are lost in rounding"
        return Trouble(
            "learning rate too low",
            look.step,
            "",
            f"with lr={lr:.3g} the loss has hardly changed; of {len(rows[0])} samples it is {present:.4g}, "
            f"and {says}",
            f"another ({_FINDER})" if still else f"lr={lr * times:.1g} ({_FINDER})",
        )


def _downhill(training: Training) -> dict[str, Any]:
    """Give a small step against the gradients: a millionth of the parameters."""
    gradients = {name: each for name, each in training.engine.gradients().items() if each is not None}
    length = math.sqrt(sum(float(np.vdot(each, each)) for each in gradients.values()))
    size = math.sqrt(sum(float(np.vdot(each, each)) for each in training.engine.parameters().values()))
    factor = 1e-6 * max(size, 1.0) / length if length else 0.0
    return {name: -factor * each for name, each in gradients.items()}
