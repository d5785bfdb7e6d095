"""What a training is at one moment: taken, and put back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.history import Epoch, History, Sizes
from backproof.training.parts import is_torch
from backproof.training.watching.troubles import Trouble

if TYPE_CHECKING:
    from backproof.training.callbacks import Callback
    from backproof.training.training import Training

__all__ = ["restore", "restore_callbacks", "state_of"]

#: Where a training is.
_PLACE = ("epochs", "epoch", "position", "step", "stopped", "total", "samples", "seconds")
#: The columns of a history that are of epochs, besides their metrics.
_COLUMNS = tuple(name for name in Epoch._fields if name != "metrics")
_METRIC = "metric "


def state_of(training: Training) -> dict[str, Any]:
    """Give all that decides how a training goes on, in arrays, numbers and texts."""
    training.engine.sync()
    remembering = {"engine": training.engine, "schedule": training.schedule}
    return {
        "place": {name: getattr(training, name) for name in _PLACE},
        "model": _arrays(training.model),
        "modes": _modes(training.model),
        "random": {name: _random(each) for name, each in _generators(training.model)},
        "optimizer": training.optimizer.state_dict(),
        **{name: part.state_dict() for name, part in remembering.items() if hasattr(part, "state_dict")},
        "history": _of_history(training.history),
        "callbacks": {name: each.state_dict() for name, each in _with_state(training.callbacks).items()},
    }


def restore(training: Training, state: Mapping[str, Any]) -> None:
    """Put a training where another one of the same parts was; its callbacks are not told."""
    place = dict(state["place"])
    if training.epochs > place.pop("epochs"):
        place["stopped"] = ""  # more is asked for
    for name, value in place.items():
        setattr(training, name, value)
    training.engine.sync()
    for name, array in _arrays(training.model).items():
        _copy(array, state["model"][name])
    _set_modes(training.model, state["modes"])
    for name, generator in _generators(training.model):
        if name in state["random"]:
            _set_random(generator, state["random"][name])
    training.optimizer.load_state_dict(state["optimizer"])
    remembering: dict[str, Any] = {"schedule": training.schedule, "engine": training.engine}
    for name, part in remembering.items():
        if name in state:
            part.load_state_dict(state[name])
    _set_history(training.history, state["history"])


def restore_callbacks(training: Training, saved: Mapping[str, Any]) -> list[str]:
    """Give callbacks back what they remembered; give the names of those that are not there any more."""
    present = _with_state(training.callbacks)
    for name in saved.keys() & present.keys():
        present[name].load_state_dict(saved[name])
    return sorted(saved.keys() - present.keys())


def _with_state(callbacks: Sequence[Callback]) -> dict[str, Any]:
    """Give the callbacks that have something to remember, by the names of their classes."""
    found: dict[str, Any] = {}
    for each in callbacks:
        if hasattr(each, "state_dict") and hasattr(each, "load_state_dict"):
            name = kind = type(each).__name__
            while name in found:
                name = f"{kind} {len(found)}"
            found[name] = each
    return found


# The model: ours, or one of PyTorch, which has the same names.


def _arrays(model: Any) -> dict[str, Any]:
    """Give the parameters and buffers by their paths, those too that no file of the model has."""
    parameters = {name: parameter.data for name, parameter in model.named_parameters()}
    return parameters | dict(model.named_buffers())


def _copy(array: Any, value: Any) -> None:
    if isinstance(array, np.ndarray):
        array[...] = value
    else:
        array.copy_(value)


def _modes(model: Any) -> dict[str, Any]:
    """Say which modules are being trained, and which parameters are learned."""
    return {
        "training": {name: bool(module.training) for name, module in model.named_modules()},
        "learned": {name: bool(parameter.requires_grad) for name, parameter in model.named_parameters()},
    }


def _set_modes(model: Any, modes: Mapping[str, Any]) -> None:
    for name, module in model.named_modules():
        module.training = modes["training"][name]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = modes["learned"][name]


def _generators(model: Any) -> Iterator[tuple[str, Any]]:
    """Give the random generators that modules have, by their paths."""
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            of_torch = type(value).__name__ == "Generator" and is_torch(value)
            if of_torch or isinstance(value, np.random.Generator | np.random.RandomState):
                yield f"{path}.{name}", value


def _random(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.get_state()


def _set_random(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)


# The history: tables, for there may be a million epochs.


def _of_history(history: History) -> dict[str, Any]:
    rows = [
        {name: getattr(each, name) for name in _COLUMNS}
        | {f"{_METRIC}{name}": value for name, value in each.metrics.items()}
        for each in history.epochs
    ]
    sizes = history.sizes
    return {
        "epochs": _table(rows),
        "sizes": {
            "step": np.array([each.step for each in sizes], np.int64),
            "parameters": _table([each.parameters for each in sizes]),
            "gradients": _table([each.gradients for each in sizes]),
        },
        "troubles": [asdict(each) for each in history.troubles],
    }


def _set_history(history: History, saved: Mapping[str, Any]) -> None:
    history.epochs[:] = [_epoch(row) for row in _rows(saved["epochs"])]
    sizes = saved["sizes"]
    tables = _rows(sizes["parameters"]), _rows(sizes["gradients"])
    history.sizes[:] = [Sizes(*row) for row in zip(sizes["step"].tolist(), *tables, strict=True)]
    history.troubles[:] = [Trouble(**each) for each in saved["troubles"]]


def _epoch(row: Mapping[str, float]) -> Epoch:
    metrics = {name.removeprefix(_METRIC): value for name, value in row.items() if name.startswith(_METRIC)}
    numbers: dict[str, Any] = {name: value for name, value in row.items() if not name.startswith(_METRIC)}
    numbers |= {name: int(numbers[name]) for name in ("epoch", "step")}
    return Epoch(**numbers, metrics=metrics)


def _table(rows: Sequence[Mapping[str, float | None]]) -> dict[str, Any]:
    """Give rows as an array, with a column for each name, and which numbers there are."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = [[row.get(name) for name in names] for row in rows]
    numbers = [[math.nan if value is None else value for value in row] for row in found]
    shape = len(rows), len(names)
    return {
        "names": names,
        "numbers": np.array(numbers, np.float64).reshape(shape),
        "there": np.array([[value is not None for value in row] for row in found], bool).reshape(shape),
    }


def _rows(table: Mapping[str, Any]) -> list[dict[str, float]]:
    """Give the rows that `_table` was given, without what was not there."""
    names = table["names"]
    pairs = zip(table["numbers"].tolist(), table["there"].tolist(), strict=True)
    return [
        {name: value for name, value, there in zip(names, row, known, strict=True) if there}
        for row, known in pairs
    ]
