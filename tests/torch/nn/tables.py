"""PyTorch's own table of modules, `module_db`: constructor arguments and inputs for each class.

The classes that it lacks have rows here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch.testing._internal.common_modules import FunctionInput, ModuleInfo, ModuleInput, module_db

from backproof.torch.nn.classes import MODULES


@dataclass(frozen=True)
class Case:
    """A row of the table: how to make the module, and what to call it with."""

    info: ModuleInfo
    training: bool
    index: int
    what: str

    def __str__(self) -> str:
        mode = "" if self.training else "-eval"
        return f"{self.name}-{self.index}{'-' if self.what else ''}{self.what}{mode}"

    @property
    def name(self) -> str:
        return str(self.info.module_cls.__name__)

    @property
    def classes(self) -> tuple[type[torch.nn.Module], type[torch.nn.Module]]:
        """Ours, and PyTorch's."""
        return MODULES[self.name], self.info.module_cls

    def row(self, dtype: torch.dtype) -> Any:
        """Give the row; its tensors are for all who ask, and copied for each call."""
        return _rows(self.info, dtype, self.training)[self.index]

    def make(self, cls: type[torch.nn.Module], dtype: torch.dtype, row: Any) -> torch.nn.Module:
        """Make the module, always with the same initial numbers."""
        torch.default_generator.manual_seed(0)
        arguments = fresh(row.constructor_input.args), fresh(row.constructor_input.kwargs)
        return cls(*arguments[0], **arguments[1]).to(dtype).train(self.training)

    def call(self, module: torch.nn.Module, row: Any, change: Callable[[Any], Any] | None = None) -> Any:
        """Call the module on copies of the inputs, with the same random numbers; give both."""
        memo: dict[int, Any] = {}
        arguments = fresh(row.forward_input.args, memo, change)
        named = fresh(row.forward_input.kwargs, memo, change)
        torch.default_generator.manual_seed(1)
        return module(*arguments, **named), flat((arguments, named))


@functools.cache
def _rows(info: ModuleInfo, dtype: torch.dtype, training: bool) -> list[Any]:
    torch.default_generator.manual_seed(0)
    made = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
    return list(made)


def _drawn(shape: tuple[int, ...], dtype: torch.dtype, requires_grad: bool) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype).mul_(2).requires_grad_(requires_grad)


def _plain(*shapes: tuple[int, ...], options: tuple[dict[str, Any], ...] = ({},)) -> Callable[..., list[Any]]:
    """Give the rows of a class: for each options of its constructor, inputs of the shapes."""

    def rows(
        info: ModuleInfo, device: str, dtype: torch.dtype, requires_grad: bool, training: bool, **_: Any
    ) -> list[Any]:
        return [
            _row(
                constructor_input=_call(**given),
                forward_input=_call(*(_drawn(shape, dtype, requires_grad) for shape in shapes)),
            )
            for given in options
        ]

    return rows


#: PyTorch's, which have no annotations.
_info, _row, _call = cast("Any", ModuleInfo), cast("Any", ModuleInput), cast("Any", FunctionInput)
#: What PyTorch's table lacks.
LACKING = [
    _info(
        torch.nn.Dropout,
        module_inputs_func=_plain((4, 5), options=({}, {"p": 0.3}, {"p": 0.0})),
        train_and_eval_differ=True,
    ),
    _info(
        torch.nn.Flatten, module_inputs_func=_plain((2, 3, 5), options=({}, {"start_dim": 0}, {"end_dim": 1}))
    ),
    _info(torch.nn.Hardsigmoid, module_inputs_func=_plain((4, 5))),
    _info(
        torch.nn.TripletMarginLoss,
        module_inputs_func=_plain(
            *[(4, 5)] * 3, options=({}, {"p": 1.0}, {"swap": True, "margin": 3.0}, {"reduction": "none"})
        ),
    ),
]


def cases() -> Iterator[Case]:
    """Give the rows of every class that is ours."""
    for info in (*module_db, *LACKING):
        cls = info.module_cls
        if MODULES.get(cls.__name__) is None or getattr(torch.nn, cls.__name__, None) is not cls:
            continue
        for training in (True, False) if info.train_and_eval_differ else (True,):
            for index, row in enumerate(_rows(info, torch.float32, training)):
                yield Case(info, training, index, row.desc)


def fresh(part: Any, memo: dict[int, Any] | None = None, change: Callable[[Any], Any] | None = None) -> Any:
    """Copy tensors in any nesting; what is one tensor in two places stays one."""
    memo = {} if memo is None else memo
    if isinstance(part, torch.Tensor):
        if id(part) not in memo:
            copy = part.detach().clone()
            memo[id(part)] = (change(copy) if change else copy).requires_grad_(part.requires_grad)
        return memo[id(part)]
    if isinstance(part, tuple | list):
        return type(part)(fresh(each, memo, change) for each in part)
    if isinstance(part, dict):
        return {name: fresh(each, memo, change) for name, each in part.items()}
    return part


def flat(part: Any) -> list[torch.Tensor]:
    """Give the tensors in any nesting."""
    if isinstance(part, torch.Tensor):
        return [part]
    if isinstance(part, dict):
        part = list(part.values())
    return [tensor for each in part for tensor in flat(each)] if isinstance(part, tuple | list) else []
