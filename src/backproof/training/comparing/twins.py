"""Copies of what is trained, and the same in PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from backproof import nn, optim
from backproof._names import said
from backproof.training.parts import is_torch

__all__ = ["Parts", "dtype_of", "like_those", "optimizer_like", "widened"]


@dataclass
class Parts:
    """What makes a training: a model, a loss and an optimizer."""

    model: Any
    loss: Any
    optimizer: Any

    def copied(self) -> Parts:
        """Give a copy in which the optimizer moves the copied model."""
        return copy.deepcopy(self)


def dtype_of(model: Any) -> np.dtype[Any]:
    """Give the dtype of the parameters of a model."""
    found = {str(each.data.dtype).removeprefix("torch."): None for each in model.parameters()}
    if not found:
        raise ValueError(
            f"expected a model with parameters, which can be trained; got {type(model).__name__}"
        )
    name, *others = found
    if others:  # which PyTorch's modules, other than ours, mostly refuse to bring together
        raise TypeError(
            f"expected parameters of one dtype; got {' and '.join(found)}: say model.float() or "
            "model.double() before"
        )
    if name == "bfloat16":
        raise TypeError(
            f"expected parameters of a dtype that NumPy has; got {name}: say model.float() before"
        )
    return np.dtype(name)


def widened(parts: Parts) -> Parts | None:
    """Give a copy that computes in float64; ``None`` where an optimizer of one's own keeps what it likes."""
    if not isinstance(parts.optimizer, (optim.Optimizer, torch.optim.Optimizer)):
        return None
    wide = parts.copied()
    for each in (wide.model, wide.loss):
        if hasattr(each, "double"):
            each.double()
    wide.optimizer.load_state_dict(wide.optimizer.state_dict())  # which gives it the dtype of the parameters
    return wide


def like_those(parts: Parts, like: Any, like_loss: Any, like_optimizer: Any) -> Callable[[], Parts]:
    """Give what makes the same in PyTorch, from the same numbers, as often as it is asked.

    Raises
    ------
    TypeError
        If something has no counterpart there by itself, and none was given.
    ValueError
        If a model that was given has other parameters.
    """
    state = _state(parts.model)
    loss = _loss(parts.loss, like_loss)

    def made() -> Parts:
        model = _model(parts.model, like, state)
        return Parts(model, copy.deepcopy(loss), optimizer_like(parts, model, like_optimizer))

    return made


def _state(model: Any) -> dict[str, torch.Tensor]:
    """Give a copy of the numbers of a model as tensors."""
    return {
        name: value.detach().clone() if is_torch(value) else torch.from_numpy(value.copy())
        for name, value in model.state_dict().items()
    }


def _model(model: Any, like: Any, state: dict[str, torch.Tensor]) -> torch.nn.Module:
    if like is None:
        return _counterpart(model, "like=, a torch.nn.Module with parameters of the same names and shapes")
    if not isinstance(like, torch.nn.Module):
        raise TypeError(f"expected like to be a torch.nn.Module; got like={like!r} ({type(like).__name__})")
    made: torch.nn.Module = copy.deepcopy(like).to(_dtype(model))
    mine = {name: tuple(each.data.shape) for name, each in model.named_parameters()}
    theirs = {name: tuple(each.shape) for name, each in made.named_parameters()}
    if mine != theirs:
        raise ValueError(
            "expected like to have the parameters of the model, of the same names and shapes; the model has "
            f"{mine}, like has {theirs}"
        )
    made.load_state_dict(state, strict=False)  # of the rest, such as running statistics, each has its own
    made.train(model.training)
    return made


def _dtype(model: Any) -> torch.dtype:
    found: torch.dtype = getattr(torch, str(dtype_of(model)))
    return found


def _counterpart(thing: Any, advice: str) -> torch.nn.Module:
    """Give the module of PyTorch's own that computes the same."""
    try:
        if isinstance(thing, nn.Module):
            return thing.to_torch()
        plain = nn.from_torch(thing).to_torch()
    except TypeError as error:
        raise TypeError(f"{error}; or pass {advice}") from error
    device = next((each.device for each in thing.parameters()), None)
    return plain.to(device) if device is not None else plain


def _loss(loss: Any, like: Any) -> Any:
    if like is not None:
        if isinstance(like, type) or not callable(like):
            raise TypeError(
                "expected like_loss to be a loss of PyTorch, such as torch.nn.MSELoss(); "
                f"got like_loss={said(like)}"
            )
        return like
    if isinstance(loss, (nn.Module, torch.nn.Module)):
        return _counterpart(loss, "like_loss=, a loss of PyTorch")
    if is_torch(loss) or not hasattr(loss, "backward"):
        return loss  # a function of tensors
    raise TypeError(
        f"expected a loss that has a counterpart in PyTorch; got {type(loss).__name__}: pass like_loss=, "
        "such as torch.nn.MSELoss()"
    )


def optimizer_like(parts: Parts, model: torch.nn.Module, like: Any) -> Any:
    """Give the optimizer of PyTorch that moves the model as the one of the parts moves theirs.

    Raises
    ------
    TypeError
        If there is none, and ``like`` makes none.
    ValueError
        If it moves what is no parameter of the model.
    """
    named = dict(model.named_parameters())
    if like is not None:
        made = like(list(named.values())) if callable(like) else None
        if not isinstance(made, torch.optim.Optimizer):
            raise TypeError(
                "expected like_optimizer to be a function that makes an optimizer of PyTorch of parameters, "
                "such as lambda parameters: torch.optim.Adam(parameters, lr=0.01); "
                f"got like_optimizer={said(like)}"
            )
        return made
    names = {id(parameter): name for name, parameter in parts.model.named_parameters()}
    moved = [each for group in parts.optimizer.param_groups for each in group["params"]]
    if not all(id(each) in names for each in moved):
        raise ValueError(
            "expected an optimizer of the model's parameters alone; got one that moves others too"
        )
    kind = _kind(parts.optimizer)
    twins = {id(each): named[names[id(each)]] for each in moved}
    if isinstance(parts.optimizer, optim.Optimizer):
        return parts.optimizer.to_torch([twins[id(each)] for each in moved])
    groups = [
        {**group, "params": [twins[id(each)] for each in group["params"]]}
        for group in parts.optimizer.param_groups
    ]
    found = kind(groups)
    found.load_state_dict(parts.optimizer.state_dict())
    return found


def _kind(optimizer: Any) -> Any:
    """Give PyTorch's optimizer of the name, or the one that it is derived from."""
    if isinstance(optimizer, optim.Optimizer):
        found = getattr(torch.optim, optimizer.rule.__name__, None)
    else:
        of_torch = (kind for kind in type(optimizer).__mro__ if kind.__module__.startswith("torch.optim."))
        found = next(of_torch, None)
    if found in (None, torch.optim.Optimizer):
        raise TypeError(
            f"expected an optimizer that has a counterpart in PyTorch; got {type(optimizer).__name__}: pass "
            "like_optimizer=, such as lambda parameters: torch.optim.SGD(parameters, lr=0.01)"
        )
    return found
