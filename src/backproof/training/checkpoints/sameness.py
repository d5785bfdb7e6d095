"""Whether a checkpoint is of the training that is to go on from it, and where not, what differs."""

from __future__ import annotations

import contextlib
import inspect
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from numbers import Number
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.data.arrays import array_of
from backproof.training.data.reading import is_mapped, row_bytes

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["described", "differences"]

#: So many differences are told, and no more.
_TOLD = 4
#: Data is told from other data by all of an array that has at most so many bytes, or so many where it lies in
#: a file; of a larger one by so many rows, spread evenly.
_IN_MEMORY, _IN_FILES, _ROWS = 2**28, 2**24, 64
#: What says of PyTorch's optimizers how they compute, not what.
_COMPUTING = frozenset({"foreach", "fused", "capturable", "differentiable"})


def described(training: Training) -> dict[str, dict[str, Any]]:
    """Say what is trained, by what and on what, as it stays while training goes on."""
    model, optimizer = training.model, training.optimizer
    arrays = {name: parameter.data for name, parameter in model.named_parameters()}
    arrays |= dict(model.named_buffers())
    modules = {
        name or "itself": f"{type(each).__name__}({each.extra_repr()})"
        for name, each in model.named_modules()
    }
    groups = {
        f"parameters of group {number}": len(group["params"])
        for number, group in enumerate(optimizer.param_groups)
    }
    hyper = {name: value for name, value in optimizer.defaults.items() if name not in _COMPUTING}
    apart = training.validation.batches if training.validation.is_apart else None
    return {
        "model": {**modules, **{name: _kind(array) for name, array in arrays.items()}},
        "optimizer": {"kind": type(optimizer).__name__, **groups, **_plain(hyper)},
        "schedule": _schedule(training.schedule, optimizer),
        "data": _data(training.batches),
        "validation": _data(apart),
        "training": {
            "loss": re.sub(r" at 0x\w+", "", str(training.history.about.get("loss"))),
            "metrics": ", ".join(sorted(training.validation.metrics)) or None,
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


def _plain(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Give numbers and texts; what else there is says nothing that stays."""
    known = int, float, str, tuple, bool, np.generic
    return {
        name: None if value is None else str(value)
        for name, value in values.items()
        if value is None or isinstance(value, known)
    }


def _schedule(schedule: Any, optimizer: Any) -> dict[str, Any]:
    """Say what a schedule was made with, as far as it keeps that, and what it has written into the groups."""
    if schedule is None:
        return {"kind": None}
    written = {
        f"{name} of group {number}": _staying(value)
        for number, group in enumerate(optimizer.param_groups)
        for name, value in group.items()
        if name not in ("params", *optimizer.defaults)
    }
    return {"kind": type(schedule).__name__, **_made_with(schedule), **written}


def _made_with(schedule: Any) -> dict[str, str | None]:
    own, named = vars(schedule), inspect.signature(type(schedule)).parameters.keys()
    # It may be kept for each group, or for itself.
    kept = [each for name in named - {"optimizer", "last_epoch"} for each in (name, f"{name}s", f"_{name}")]
    return {name: _staying(own[name]) for name in sorted(kept) if name in own}


def _staying(value: Any) -> str | None:
    """Say what a value is, in words that are the same in every process: a function by its code."""
    if isinstance(value, Mapping):
        value = sorted(value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(str(_staying(each)) for each in value)}]"
    if hasattr(value, "get_last_lr"):  # a schedule of schedules
        return f"{type(value).__name__} {_made_with(value)}"
    if isinstance(code := getattr(value, "__code__", None), CodeType):
        return f"{value.__name__} of code {zlib.crc32(repr(_instructions(code)).encode()):08x}"
    return _plain({"value": value}).get("value", type(value).__name__)


def _instructions(code: CodeType) -> list[Any]:
    within = [_instructions(each) if isinstance(each, CodeType) else each for each in code.co_consts]
    return [code.co_code, code.co_names, within]


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
    return _plain({**found, "content": _sum(_arrays(loader if dataset is None else dataset))})


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


def _sum(arrays: Iterable[Any]) -> str | None:
    """Compute a number from arrays, which is another one for others; ``None`` if there are none."""
    found = None
    for given in arrays:
        with contextlib.suppress(TypeError, ValueError):  # what holds no numbers says nothing
            array = np.ascontiguousarray(array_of(_some(given), "data"))
            found = zlib.crc32(f"{array.dtype.str} {array.shape}".encode(), found or 0)
            found = zlib.crc32(array.reshape(-1).view(np.uint8).data, found)
    return None if found is None else f"sum {found:08x}"


def _some(array: Any) -> Any:
    """Give an array, or rows of it if it is large."""
    is_in_file = isinstance(array, np.ndarray) and is_mapped(array)
    if array.nbytes <= (_IN_FILES if is_in_file else _IN_MEMORY):
        return array
    count = max(1, min(len(array), _ROWS, _IN_FILES // row_bytes(array)))
    return array[np.linspace(0, len(array) - 1, count).astype(np.int64)]
