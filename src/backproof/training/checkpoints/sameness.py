"""Whether a checkpoint is of the training that is to go on from it, and where not, what differs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from itertools import chain
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.checkpoints.telling import made, sum_of, told

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["described", "differences"]

#: So many differences are told, and no more.
_TOLD = 4
#: What says of PyTorch's optimizers how they compute, not what.
_COMPUTING = frozenset({"foreach", "fused", "capturable", "differentiable"})
#: Hyperparameters that some schedules move besides the rate.
_CYCLED = ("momentum", "betas")


def described(training: Training) -> dict[str, dict[str, Any]]:
    """Say what is trained, by what and on what, as it stays while training goes on.

    Raises
    ------
    TypeError
        If the optimizer cannot give its state and take it back.
    """
    _require_state(training.optimizer)
    model, optimizer = training.model, training.optimizer
    arrays = {name: parameter.data for name, parameter in model.named_parameters()}
    arrays |= dict(model.named_buffers())
    modules = {
        name or "itself": f"{type(each).__name__}({each.extra_repr()})"
        for name, each in model.named_modules()
    }
    apart = training.validation.batches if training.validation.is_apart else None
    return {
        "model": {**modules, **{name: _kind(array) for name, array in arrays.items()}},
        "optimizer": {"kind": type(optimizer).__name__, **_groups(optimizer, training.schedule)},
        "schedule": _schedule(training.schedule, optimizer),
        "data": _data(training.batches),
        "validation": _data(apart),
        "loss": made(training.loss),
        "metrics": {
            name: told(getattr(each, "function", each)) for name, each in training.validation.metrics.items()
        },
    }


def differences(there: Mapping[str, Mapping[str, Any]], here: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what differs between a checkpoint and what is here; nothing if they are the same.

    Examples
    --------
    >>> differences({"optimizer": {"lr": 0.1, "eps": 1e-8}}, {"optimizer": {"lr": 0.01, "eps": 1e-8}})
    'optimizer, lr: 0.1 in the checkpoint, 0.01 here'
    """
    found = list(_differences(there, here))
    more = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
    return "; ".join([*found[:_TOLD], *more])


def _differences(
    there: Mapping[str, Mapping[str, Any]], here: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for part in here:
        one, other = there.get(part, {}), here[part]
        for name in dict.fromkeys((*one, *other)):
            before, now = (_said(each[name]) if name in each else "absent" for each in (one, other))
            if before != now:
                yield f"{part}, {name}: {before} in the checkpoint, {now} here"


def _said(value: Any) -> str:
    return "none" if value is None else str(value)


def _kind(array: Any) -> str:
    return f"{str(array.dtype).removeprefix('torch.')} {tuple(array.shape)}"


def _require_state(optimizer: Any) -> None:
    if not all(hasattr(optimizer, name) for name in ("state_dict", "load_state_dict")):
        raise TypeError(
            "expected an optimizer with state_dict and load_state_dict for checkpoint=…; got optimizer="
            f"{type(optimizer).__name__}; let them give and take back what it remembers, or leave checkpoint "
            "out"
        )


def _groups(optimizer: Any, schedule: Any) -> dict[str, Any]:
    """Say how many parameters each group has, and with which hyperparameters it was made."""
    groups, found = optimizer.param_groups, dict[str, Any]()
    for number, group in enumerate(groups):
        found[f"parameters of group {number}"] = len(group["params"])
        for name in sorted(_hyperparameters(optimizer, group) - _COMPUTING):
            # What a schedule has moved is told as it was at first.
            is_moved = schedule is not None and (
                name == "lr" or ("max_momentum" in group and name in _CYCLED)
            )
            first = getattr(optimizer, "defaults", group) if is_moved else group
            value = group.get("initial_lr", first["lr"]) if name == "lr" else first[name]
            found[name if len(groups) == 1 else f"{name} of group {number}"] = told(value)
    return found


def _hyperparameters(optimizer: Any, group: Mapping[str, Any]) -> set[str]:
    """Give the names of those that a group has by itself; what else is in it a schedule has written."""
    return group.keys() & getattr(optimizer, "defaults", group).keys() - {"params", "initial_lr"}


def _schedule(schedule: Any, optimizer: Any) -> dict[str, Any]:
    """Say what a schedule was made with, as far as it keeps that, and what it has written into the groups."""
    if schedule is None:
        return {"kind": None}
    written = {
        f"{name} of group {number}": told(value)
        for number, group in enumerate(optimizer.param_groups)
        for name, value in group.items()
        if name not in ("params", "initial_lr", *_hyperparameters(optimizer, group))
    }
    return {**made(schedule), **written}


def _data(batches: Any) -> dict[str, Any]:
    """Say how much data there is and in which order, as far as it is known without going through it."""
    if batches is None:
        return {}
    loader = getattr(batches, "given", batches)
    dataset = getattr(loader, "dataset", None)
    found, sizes = dict[str, Any](), {"samples": dataset, "batches an epoch": loader}
    for name, sized in sizes.items():
        with contextlib.suppress(TypeError, NotImplementedError):
            found[name] = len(sized)
    found |= {name: getattr(loader, name, None) for name in ("batch_size", "shuffle", "seed")}
    found["content"] = sum_of(_arrays(loader if dataset is None else dataset))
    return {name: told(value) for name, value in found.items()}


def _arrays(data: Any) -> Iterator[Any]:
    """Give the arrays and tensors that a dataset, or batches in a list, are made of."""
    if isinstance(data, np.ndarray) or hasattr(data, "detach"):
        yield data
    elif isinstance(data, list | tuple):
        numbers = data and all(isinstance(each, Number) for each in data)
        yield from [np.asarray(data)] if numbers else chain.from_iterable(map(_arrays, data))
    else:
        for name in ("tensors", "datasets", "dataset", "indices"):
            yield from _arrays(getattr(data, name, ()))
