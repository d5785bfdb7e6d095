"""Why a loss is no number any more: what in the batch, the parameters or the modules is not finite."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

import numpy as np

from backproof.training.data.arrays import first_wrong, where
from backproof.training.data.targets import are_classes, require_in_domain
from backproof.training.decisions import ignored_by
from backproof.training.parts import loss_op
from backproof.training.watching.keeping import Kept
from backproof.training.watching.measures import huge, layers_of
from backproof.training.watching.modules import called, leaves, overheard, owner
from backproof.training.watching.troubles import Trouble

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["in_batch", "not_finite"]

_LOWER = "a lower learning rate (bp.find_lr finds one)"


def in_batch(training: Training) -> Trouble | None:
    """Say what is wrong with the present batch: what is not finite, or targets that the loss is not for."""
    for array, name in zip(training.batch, ("input", "target"), strict=True):
        kind = getattr(getattr(array, "dtype", None), "kind", "")
        found = first_wrong(array, np.isfinite) if kind == "f" else None
        if found is not None:
            return Trouble(
                "data not finite",
                training.step,
                f"the {name} of the batch, {where(found, ())}",
                f"the {name} has {array[found]}",
                "to leave such samples out, or to put something in their place",
            )
    return _outside(training)


def _outside(training: Training) -> Trouble | None:
    """Say which target is not in the set that the loss is made for, or that none counts."""
    loss = training.loss
    op = loss_op(loss)
    given, target = training.batch
    if op is None or not isinstance(target, np.ndarray):
        return None
    ignored = ignored_by(loss)
    if ignored is not None and loss.reduction == "mean" and target.size and (target == ignored).all():
        says = f"all {target.size} are {ignored}, which {op.name} ignores, and the mean of none is no number"
        advice = "batches that have others, too: shuffle=True, a larger batch_size, or without such samples"
        return Trouble("targets", training.step, "the target of the batch", says, advice)
    shape = (len(given), *np.shape(training.engine.predict(given[:2]))[1:])
    classes = shape[1] if are_classes(op, shape, target) and len(shape) > 1 else None
    try:
        require_in_domain(op, loss, target, classes, "the target of the batch", ())
    except ValueError as error:
        says, _, advice = str(error).rpartition("; ")
        return Trouble("targets", training.step, "the target of the batch", says, f"this: {advice}")
    return None


def not_finite(training: Training, loss: float, kept: Kept) -> Trouble:
    """Say why a loss is NaN or infinite, by what was seen before and by what there is now."""
    found = in_batch(training)
    if found is not None:
        return found
    return (
        _in_first_gradients(training, loss, kept)
        or _in_parameters(training, loss)
        or _in_modules(training, loss, kept)
    )


def _in_first_gradients(training: Training, loss: float, kept: Kept) -> Trouble | None:
    """Say which gradients were very large from the start."""
    sizes = training.history.sizes
    if not sizes:
        return None
    roots = {name: float(np.sqrt(np.mean(array**2))) for name, array in kept.parameters.items()}
    parameters, gradients = layers_of(roots), layers_of(sizes[0].gradients)
    layer = huge(parameters, gradients)
    if layer is None:
        return None
    return Trouble(
        "exploding gradients",
        training.step,
        called(training.model, layer),
        f"the loss is {loss:g}; at step {sizes[0].step} the gradients there were {gradients[layer]:.2g}, "
        f"with parameters of {parameters[layer]:.2g} (root mean squares)",
        f"smaller parameters at the start, normalisation between the layers, or {_LOWER}",
    )


def _in_parameters(training: Training, loss: float) -> Trouble | None:
    """Say where parameters are not finite, if those behind them are: there a gradient was not."""
    finite: dict[str, bool] = {}
    for name, array in training.engine.parameters().items():
        finite[owner(name)] = finite.get(owner(name), True) and bool(np.isfinite(array).all())
    broken = [path for path, fine in finite.items() if not fine]
    if not broken or len(broken) == len(finite):
        return None
    paths = [*leaves(training.model)]
    behind = paths[paths.index(broken[-1]) + 1 :] if broken[-1] in paths else []
    after = f", which comes to it from {called(training.model, behind[0])}" if behind else ""
    return Trouble(
        "gradient not finite",
        training.step - 1,
        called(training.model, broken[-1]),
        f"the loss was finite, and the gradient{after} was not",
        "whether the input of what comes after is where it has no derivative, such as √0; bp.check tests a "
        "module of your own",
    )


def _in_modules(training: Training, loss: float, kept: Kept) -> Trouble:
    """Say which module's output is the first that is not finite, and how much its parameters have grown."""
    given, model = training.batch[0], training.model
    # What a module of somebody's own refuses was heard before it.
    with overheard(leaves(model)) as outputs, contextlib.suppress(ValueError, ArithmeticError):
        training.engine.predict(given)
    first = next((path for path, output in outputs.items() if not np.isfinite(output).all()), None)
    grown = _growth(training, kept)
    layer, ratio = max(grown.items(), key=lambda pair: pair[1], default=("", 1.0))
    says = f"the loss is {loss:g}"
    if first is not None and ratio < 10:
        says += f", and the output of {called(model, first)} is the first that is not finite"
        advice = f"whether its input is in its domain, or {_LOWER}"
        return Trouble("loss not finite", training.step, called(model, first), says, advice)
    if ratio >= 10:
        times = f"{ratio:.2g} times as large" if math.isfinite(ratio) else "infinite or NaN"
        says += f"; since step {kept.step} the parameters there have become {times}"
    return Trouble("loss not finite", training.step, called(model, layer), says, _LOWER)


def _growth(training: Training, kept: Kept) -> dict[str, float]:
    """Say how many times as large as they were the parameters of each layer are."""
    now: dict[str, float] = {}
    then: dict[str, float] = {}
    for name, array in training.engine.parameters().items():
        if array.size and name in kept.parameters:
            path = owner(name)
            size = float(np.abs(array).max())
            now[path] = max(now.get(path, 0.0), math.inf if math.isnan(size) else size)
            then[path] = max(then.get(path, 0.0), float(np.abs(kept.parameters[name]).max()))
    return {path: now[path] / max(then[path], 1e-3) for path in now}
