"""Signs of trouble in how the parts of a training go together: model, loss and optimizer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backproof.training.parts import loss_op
from backproof.training.watching.looks import Look
from backproof.training.watching.modules import called, leaves, overheard
from backproof.training.watching.signs import Sign
from backproof.training.watching.troubles import Trouble

__all__ = ["Frozen", "Squashed"]

#: What a loss takes, and the last modules that give something else.
_SCORES = (
    "scores of any size",
    "to leave it out: the loss has its own, and predictions are made with it",
)
_TAKES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "CrossEntropyLoss": (*_SCORES, ("Softmax", "Softmax2d", "Sigmoid")),
    "BCEWithLogitsLoss": (*_SCORES, ("Sigmoid", "Softmax", "ReLU", "ReLU6")),
    "NLLLoss": ("logarithms of probabilities", "LogSoftmax instead", ("Softmax", "Sigmoid", "LogSigmoid")),
}


class Frozen(Sign):
    """No parameter that moves."""

    explains = ("TooLow", "Gradients")

    def __init__(self) -> None:
        self.done = False

    def look(self, look: Look) -> Trouble | None:
        """See whether the optimizer has a parameter of the model that is learned."""
        if self.done:
            return None
        self.done = True
        own = {id(each) for each in look.training.model.parameters()}
        moved = [each for group in look.training.optimizer.param_groups for each in group["params"]]
        moved = [each for each in moved if id(each) in own]
        if any(each.requires_grad for each in moved):
            return None
        return Trouble(
            "nothing learned",
            0,
            "",
            f"all {len(moved)} parameters that the optimizer moves are frozen: requires_grad is False",
            "requires_grad = True for those that are to learn",
        )


class Squashed(Sign):
    """A last activation that gives the loss something else than it takes."""

    def __init__(self) -> None:
        self.done = False

    def look(self, look: Look) -> Trouble | None:
        """See whether it is the output of such a module that the loss is given."""
        if self.done:
            return None
        self.done = True
        op = loss_op(look.training.loss)
        takes, advice, others = _TAKES.get(op.name if op else "", ("", "", ()))
        model = look.training.model
        modules = {path: each for path, each in leaves(model).items() if type(each).__name__ in others}
        if not modules:
            return None
        with overheard(modules) as outputs:
            prediction = look.training.engine.predict(look.training.batch[0])
        last = next((path for path in outputs if np.array_equal(outputs[path], prediction)), None)
        if last is None:
            return None
        return Trouble(
            "activation before the loss",
            0,
            called(model, last),
            f"{op.name if op else 'the loss'} takes {takes}, and is given the output of "
            f"{type(modules[last]).__name__}",
            advice,
        )
