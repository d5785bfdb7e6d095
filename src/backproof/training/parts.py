"""The parts of a training that may be given by name, and what goes with what."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from backproof import nn, optim
from backproof._names import meant, said
from backproof.nn.component import Component
from backproof.nn.losses import Loss
from backproof.ops import CATALOGUE, Op
from backproof.updates import CATALOGUE as UPDATES

__all__ = [
    "activation_named",
    "goes_by_loss",
    "is_torch",
    "loss_alone",
    "loss_for",
    "loss_named",
    "loss_op",
    "model_for",
    "one_number",
    "optimizer_for",
    "optimizer_named",
    "require_pair",
    "schedule_for",
]

#: A component's name, and the options that a name for it means.
_Meant: TypeAlias = tuple[str, Mapping[str, object]]
#: What several things are in.
_SEVERAL = (list, tuple, dict)


def is_torch(thing: object) -> bool:
    """Say whether a thing is PyTorch's, or derived from one; PyTorch is not imported for it."""
    return any(base.__module__.partition(".")[0] == "torch" for base in type(thing).__mro__)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def _losses() -> dict[str, _Meant]:
    """Give the losses by their names, without ``Loss`` at the end too, and by the other words for them."""
    named: dict[str, _Meant] = {}
    ops = [op for op in CATALOGUE.values() if op.kind == "loss" and len(_compared(op)) == 2]
    for op in ops:
        named |= {_plain(op.name): (op.name, {}), _plain(op.name.removesuffix("Loss")): (op.name, {})}
    for op in ops:
        for alias, options in op.aliases.items():
            named.setdefault(_plain(alias), (op.name, options))
    return named


@functools.cache
def _optimizers() -> dict[str, _Meant]:
    """Give the optimizers by their names, and by the other words for them."""
    named: dict[str, _Meant] = {_plain(name): (name, {}) for name in UPDATES}
    for name, rule in UPDATES.items():
        for alias, options in rule.aliases.items():
            named.setdefault(_plain(alias), (name, options))
    return named


@functools.cache
def _activations() -> dict[str, _Meant]:
    """Give the activations that act on each element alone by their names, and by the other words for them."""
    named: dict[str, _Meant] = {"identity": ("Identity", {})}
    for op in CATALOGUE.values():
        # Threshold has no numbers that it would have by itself.
        if op.kind == "activation" and op.elementwise and op.name != "Threshold":
            named |= {_plain(name): (op.name, meant) for name, meant in {op.name: {}, **op.aliases}.items()}
    return named


def _compared(op: Op) -> list[str]:
    """Give what a call of a loss takes: mostly a prediction and a target."""
    return [name for name, argument in op.arguments.items() if not argument.optional]


def _meant(what: str, name: str, named: Mapping[str, _Meant]) -> _Meant:
    found = named.get(_plain(name))
    if found is not None:
        return found
    known = {each: component for each, (component, _) in named.items()}
    hint = meant(_plain(name), known, f"there are {', '.join(sorted({*known.values()}))}")
    raise ValueError(f"expected the name of {what}; got {name!r}; {hint}")


def loss_named(name: str, *, home: Any = nn) -> Any:
    """Make the loss of a name: PyTorch's, with or without ``Loss``, or another word for it.

    ``home`` is where it is taken from: a module that has PyTorch's names.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> loss_named("mse"), loss_named("cross_entropy"), loss_named("BCEWithLogitsLoss")
    (MSELoss(), CrossEntropyLoss(), BCEWithLogitsLoss())
    >>> loss_named("mean squared eror")
    Traceback (most recent call last):
        ...
    ValueError: expected the name of a loss; got 'mean squared eror'; did you mean MSELoss?
    """
    component, options = _meant("a loss", name, _losses())
    return getattr(home, component)(**options)


def activation_named(name: str) -> nn.Module:
    """Make the activation of a name: of one that acts on each element alone.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> activation_named("leaky_relu"), activation_named("logistic"), activation_named("identity")
    (LeakyReLU(negative_slope=0.01), Sigmoid(), Identity())
    """
    component, options = _meant("an activation", str(name), _activations())
    made: nn.Module = getattr(nn, component)(**options)
    return made


def optimizer_named(name: str, parameters: Iterable[Any], *, home: Any = optim, **hyper: Any) -> Any:
    """Make the optimizer of a name, in capitals or not, or of another word for it.

    Parameters
    ----------
    name
        Such as ``"adam"`` or ``"momentum"``.
    parameters
        What it moves.
    home
        Where it is taken from: a module that has PyTorch's names.
    **hyper
        Its hyperparameters, such as ``lr``.

    Raises
    ------
    ValueError
        If there is none of that name, or a hyperparameter is out of its range.
    TypeError
        If it has no such hyperparameter.

    Examples
    --------
    >>> optimizer_named("adam", nn.Linear(1, 1).parameters(), lr=0.5).param_groups[0]["lr"]
    0.5
    """
    component, options = _meant("an optimizer", name, _optimizers())
    return getattr(home, component)(parameters, **{**options, **hyper})


def model_for(given: Any) -> Any:
    """Give a model, and refuse what is none.

    Raises
    ------
    TypeError
        If it is a class, or no module of ``backproof.nn`` or ``torch.nn``.
    """
    _refuse_class("model", given, "nn.Linear(1, 1)")
    if isinstance(given, nn.Module) or (is_torch(given) and hasattr(given, "parameters")):
        return given
    raise TypeError(
        "expected model to be a module of backproof.nn or of torch.nn, such as nn.Linear(1, 1); "
        f"got {said(given)}"
    )


def loss_op(loss: Any) -> Op | None:
    """Give the op of a loss, ours or PyTorch's; ``None`` for one of somebody's own."""
    own = getattr(loss, "op", None)
    op = own if isinstance(own, Op) else CATALOGUE.get(type(loss).__name__) if is_torch(loss) else None
    return op if op is not None and op.kind == "loss" else None


def loss_for(given: Any, model: Any) -> Any:
    """Give the loss for a model: itself, or the one of a name.

    Raises
    ------
    TypeError
        If it is a class, no loss, or one for models of another library.
    ValueError
        If there is none of that name, it does not compare a prediction with a target, or it gives more
        than one number.
    """
    if isinstance(given, str):
        return loss_named(given, home=importlib.import_module("torch.nn") if is_torch(model) else nn)
    _refuse_class("loss", given, "nn.MSELoss()")
    _require_one_library("loss", given, model, isinstance(given, nn.Module))
    if not callable(given) or not (is_torch(model) or hasattr(given, "backward")):
        raise TypeError(
            "expected loss to be a loss, such as nn.MSELoss(), a name, such as 'mse', or something of your "
            f"own that is called with prediction and target and has a backward(); got {said(given)}"
        )
    require_pair(given)
    return given


def loss_alone(loss: Any, prediction: Any, target: Any) -> float:
    """Give what a loss on NumPy comes to. Nobody goes back through the call: it is let go.

    Examples
    --------
    >>> loss_alone(nn.MSELoss(), [1.0, 2.0], [1.0, 4.0])
    2.0
    """
    if isinstance(loss, Loss):
        value = one_number("the loss", loss, loss(prediction, target))
        loss.accumulate()
        return value
    kept = [(each._calls, len(each._calls)) for each in _components(loss)]
    value = one_number("the loss", loss, loss(prediction, target))
    for calls, count in kept:
        del calls[count:]
    return value


def _components(loss: Any) -> Iterator[Component]:
    """Give what a loss of one's own has within that keeps its calls: attributes, and lists of them."""
    left, seen = [loss], set[int]()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Component):
            yield each
            continue
        if isinstance(each, nn.Module):
            left += each.modules()
        within = each if isinstance(each, dict) else getattr(each, "__dict__", {})
        found = each if isinstance(each, list | tuple) else within.values()
        left += [one for one in found if hasattr(one, "backward") or isinstance(one, _SEVERAL)]


def one_number(what: str, giver: Any, value: Any) -> float:
    """Give what something gave as a number; refuse what is not one.

    Raises
    ------
    TypeError
        If it is something else.
    """
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        name, shape = giver if isinstance(giver, str) else type(giver).__name__, getattr(value, "shape", None)
        got = said(value) if shape is None else f"{type(value).__name__} of shape {tuple(shape)}"
        raise TypeError(f"expected {what} {name} to give one number; got {got}") from error


def require_pair(loss: Any) -> None:
    """Refuse a loss that does not give one number for a prediction and a target.

    Raises
    ------
    ValueError
        If it is so.
    """
    op = loss_op(loss)
    if op is not None and len(_compared(op)) != 2:
        raise ValueError(
            f"expected a loss of a prediction and a target; got {op.name}, which takes "
            f"{', '.join(_compared(op))}: write the loop for it by hand"
        )
    if getattr(loss, "reduction", "mean") == "none":
        raise ValueError(
            f"expected a loss that is one number; got {loss!r} with reduction='none': say 'mean' or 'sum'"
        )


def optimizer_for(given: Any, model: Any, lr: float | None = None) -> Any:
    """Give the optimizer for a model: itself, or the one of a name, which then moves all parameters.

    Raises
    ------
    TypeError
        If it is a class, no optimizer, or one for models of another library.
    ValueError
        If there is none of that name, it moves none of the model's parameters, has a learning rate already,
        or none in its groups.
    """
    hyper = {} if lr is None else {"lr": lr}
    if isinstance(given, str):
        home = importlib.import_module("torch.optim") if is_torch(model) else optim
        return optimizer_named(given, model.parameters(), home=home, **hyper)
    _refuse_class("optimizer", given, "optim.Adam(model.parameters(), lr=0.01)")
    _require_one_library("optimizer", given, model, isinstance(given, optim.Optimizer))
    if not all(hasattr(given, name) for name in ("step", "zero_grad", "param_groups")):
        raise TypeError(
            "expected optimizer to be one, such as optim.Adam(model.parameters(), lr=0.01), or a name, such "
            f"as 'adam'; got {said(given)}"
        )
    if hyper:
        raise ValueError(
            f"lr goes with the name of an optimizer; got lr={lr!r} and {type(given).__name__}, which has its "
            "own: optimizer.param_groups[0]['lr']"
        )
    if not all("lr" in group for group in given.param_groups):
        raise ValueError(
            f"expected an optimizer that has its learning rate as 'lr' in each of its groups; got "
            f"{type(given).__name__} with groups without: put it there, where schedules and the history look"
        )
    moved = {id(parameter) for group in given.param_groups for parameter in group["params"]}
    if moved.isdisjoint(map(id, model.parameters())):
        raise ValueError(
            f"expected an optimizer of the model's parameters; got {type(given).__name__} that moves none of "
            "them: make it with model.parameters(), after the model"
        )
    return given


def schedule_for(given: Any, optimizer: Any) -> Any:
    """Give a schedule for an optimizer: itself, or ``None`` for none.

    Raises
    ------
    TypeError
        If it is no schedule.
    ValueError
        If it is one of another optimizer, or waits for more of what it is told, the loss.
    """
    if given is None:
        return None
    _refuse_class("schedule", given, "optim.lr_scheduler.StepLR(optimizer, step_size=30)")
    if not hasattr(given, "step"):
        raise TypeError(f"expected schedule to be one of optim.lr_scheduler; got {said(given)}")
    if getattr(given, "optimizer", optimizer) is not optimizer:
        raise ValueError(
            f"expected a schedule of the optimizer that is given; got {type(given).__name__} of another: "
            "make it with this optimizer, which then cannot be given by its name"
        )
    if goes_by_loss(given) and getattr(given, "mode", "min") != "min":
        raise ValueError(
            f"expected {type(given).__name__} to wait for less: fit tells it the loss; got "
            f"mode={given.mode!r}: make it with mode='min', or step it with a metric in a callback"
        )
    return given


def goes_by_loss(schedule: Any) -> bool:
    """Say whether a schedule is told the loss: one that waits for a plateau."""
    return any(base.__name__ == "ReduceLROnPlateau" for base in type(schedule).__mro__)


def _refuse_class(what: str, given: Any, example: str) -> None:
    if inspect.isclass(given):
        raise TypeError(f"expected {what} to be an object, such as {example}; got the class {given.__name__}")


def _require_one_library(what: str, given: Any, model: Any, ours: bool) -> None:
    """Refuse what would not see the model's arrays: PyTorch's with our model, and ours with PyTorch's."""
    if is_torch(given) if isinstance(model, nn.Module) else ours:
        mine, other = ("torch", "backproof") if is_torch(model) else ("backproof", "torch")
        home = "optim" if what == "optimizer" else "nn"
        raise TypeError(
            f"expected model and {what} of one library; got a model of {mine} with {what}="
            f"{type(given).__name__} of {other}: take it from {mine}.{home}"
        )
