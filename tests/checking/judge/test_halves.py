"""Half precision and devices: judged as if in full, and where a module's parameters are."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import backproof as bp
from backproof.checking.adapt.libraries import library, on_device_of


class _Sigmoid(torch.autograd.Function):
    slope = staticmethod(lambda y: y * (1 - y))

    @classmethod
    def forward(cls, ctx: Any, x: Any) -> Any:
        y = torch.sigmoid(x)
        ctx.save_for_backward(y)
        return y

    @classmethod
    def backward(cls, ctx: Any, grad_output: Any) -> Any:
        (y,) = ctx.saved_tensors
        return grad_output * cls.slope(y)


class _Lost(_Sigmoid):
    slope = staticmethod(lambda y: y)


CASTS = {
    "to": lambda x: x.to(torch.bfloat16),
    "by name": lambda x: x.bfloat16(),
    "half": lambda x: x.half(),
    "dtype=": lambda x: x.to(dtype=torch.float16),
}


def sigmoid(function: Any, cast: str) -> torch.nn.Module:
    class Sigmoid(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return function.apply(CASTS[cast](x)).to(x.dtype)

    return Sigmoid()


@pytest.mark.parametrize("cast", CASTS)
def test_what_computes_in_half_precision_is_judged_as_if_in_full(cast: str) -> None:
    right = bp.check(sigmoid(_Sigmoid, cast))
    assert right.verdict == "pass"
    assert not right.findings
    assert right.reason.startswith("it computes in half precision")
    wrong = bp.check(sigmoid(_Lost, cast))
    assert wrong.verdict == "fail"
    assert "inner-derivative-missing" in [finding.diagnosis for finding in wrong.findings] or [
        finding.evidence["derivative"] for finding in wrong.findings
    ] == ["f(x)"]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_parameters_in_half_precision(dtype: torch.dtype) -> None:
    class Linear(torch.nn.Linear):
        def forward(self, x: Any) -> Any:
            return x @ self.weight.T + self.bias

    layer = Linear(3, 2).to(dtype)
    assert bp.check(layer)
    assert layer.weight.dtype == dtype  # the user's own stays as it is


def test_tensors_are_given_where_the_parameters_are() -> None:
    layer, torch_library = torch.nn.Linear(3, 2, device="meta"), library("torch")
    with on_device_of(layer):
        assert torch_library.give(layer.weight.new_zeros(2, device="cpu").numpy()).device.type == "meta"
    assert torch_library.device == "cpu"


def test_parameters_without_numbers_are_a_reason_to_skip() -> None:
    judged = bp.check(torch.nn.Linear(3, 2, device="meta"))
    assert judged.verdict == "skipped"
    assert "the device meta, which holds no numbers" in judged.reason
