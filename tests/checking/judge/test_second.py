"""The second derivative of a Function: right, silently zero, or said not to be there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.autograd.function import once_differentiable

import backproof as bp


class _Saved(torch.autograd.Function):
    """Right: the slope is computed from what is saved, within the graph."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> Any:
        (y,) = ctx.saved_tensors
        return grad_output * (1 - y**2)


class _Constant(_Saved):
    """Wrong: the slope is a constant to autograd."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        y = torch.tanh(x)
        ctx.slope = 1 - y**2
        return y

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> Any:
        return grad_output * ctx.slope


class _Marked(_Constant):
    """The same, and it says so."""

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: torch.Tensor) -> Any:
        return grad_output * ctx.slope


class _ThroughNumPy(_Saved):
    """Wrong: what NumPy computes is outside the graph."""

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> Any:
        (y,) = ctx.saved_tensors
        return torch.as_tensor(grad_output.detach().numpy() * (1 - y.detach().numpy() ** 2))


@pytest.mark.parametrize(
    ("function", "found"),
    [(_Saved, []), (_Marked, []), (_Constant, ["double-backward"]), (_ThroughNumPy, ["double-backward"])],
)
def test_a_second_derivative_is_judged_unless_the_backward_is_marked(
    function: type[torch.autograd.Function], found: list[str]
) -> None:
    judgement = bp.check(function, like="Tanh")
    assert [f.diagnosis for f in judgement.findings] == found, f"{judgement}"


def test_a_marked_function_inside_a_module_is_not_accused() -> None:
    class Tanh(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            made: Any = _Marked
            return made.apply(x * 1.0) * 1.0

    assert bp.check(Tanh).findings == []


def test_compiled_code_is_not_accused() -> None:
    @torch.compile(backend="aot_eager")
    def mish(x: torch.Tensor) -> torch.Tensor:
        return x * torch.tanh(torch.nn.functional.softplus(x))

    assert bp.check(mish).findings == []
