"""Whether a checkpoint is of the training that is to go on from it, and where not, what differs."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.data.dataset import TensorDataset

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["described", "differences"]

#: So many differences are told, and no more.
_TOLD = 4
#: So many samples at the beginning and at the end are looked at, to tell data from other data.
_LOOKED_AT = 64
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
    schedule = training.schedule
    return {
        "model": {**modules, **{name: _kind(array) for name, array in arrays.items()}},
        "optimizer": {"kind": type(optimizer).__name__, **groups, **_plain(hyper)},
        "schedule": {"kind": None if schedule is None else type(schedule).__name__},
        "data": _data(training.batches),
        "training": {"loss": re.sub(r" at 0x\w+", "", str(training.history.about.get("loss")))},
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


def _data(batches: Any) -> dict[str, Any]:
    """Say how much data there is and in which order, as far as it is known without going through it."""
    loader = getattr(batches, "given", batches)
    dataset = getattr(loader, "dataset", None)
    found = {name: getattr(loader, name, None) for name in ("batch_size", "shuffle", "seed")}
    sizes: dict[str, Any] = {"batches an epoch": loader, "samples": dataset}
    for name, sized in sizes.items():
        with contextlib.suppress(TypeError, NotImplementedError):
            found[name] = len(sized)
    if isinstance(dataset, TensorDataset) and len(dataset):
        found["the first and last samples"] = _sum(dataset)
    return _plain(found)


def _sum(dataset: TensorDataset) -> str:
    """Compute a number from some samples, which is another one for others."""
    found = hashlib.sha256()
    for part in (slice(0, _LOOKED_AT), slice(max(0, len(dataset) - _LOOKED_AT), len(dataset))):
        for array in dataset.take(part):
            found.update(f"{array.dtype.str} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:8]
