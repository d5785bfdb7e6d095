"""Narrower precision and devices: judged as if in full, and where a module's parameters are."""

from __future__ import annotations

from typing import Any

import numpy as np
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
    "to float32": lambda x: x.to(torch.float32),
    "float": lambda x: x.float(),
    "type": lambda x: x.type(torch.float32),
    "changed in place": lambda x: x.float().mul_(2).div_(2),
}
SINGLE = list(CASTS)[4:]


def sigmoid(function: Any, cast: str) -> torch.nn.Module:
    class Sigmoid(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return function.apply(CASTS[cast](x)).to(x.dtype)

    return Sigmoid()


@pytest.mark.parametrize("cast", CASTS)
def test_what_computes_in_narrower_precision_is_judged_as_if_in_full(cast: str) -> None:
    right = bp.check(sigmoid(_Sigmoid, cast))
    assert right.verdict == "pass"
    assert not right.findings
    assert right.reason.startswith(f"it computes in {'single' if cast in SINGLE else 'half'} precision")
    wrong = bp.check(sigmoid(_Lost, cast))
    assert wrong.verdict == "fail"
    assert "inner-derivative-missing" in [finding.diagnosis for finding in wrong.findings] or [
        finding.evidence["derivative"] for finding in wrong.findings
    ] == ["f(x)"]


class _Llama(torch.nn.Module):
    power = 2

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.eps = torch.nn.Parameter(torch.ones(dim)), eps

    def forward(self, x: Any) -> Any:
        h = x.float()
        return (h * torch.rsqrt(h.abs().pow(self.power).mean(-1, keepdim=True) + self.eps)).to(
            x.dtype
        ) * self.weight


class _Cut(_Llama):
    def forward(self, x: Any) -> Any:
        h = x.float()
        variance = h.detach().pow(2).mean(-1, keepdim=True)
        return self.weight * (h * torch.rsqrt(variance + self.eps)).to(x.dtype)


class _T5(_Llama):
    """Only the statistics are computed in float32."""

    def forward(self, x: Any) -> Any:
        return self.weight * x * torch.rsqrt(x.to(torch.float32).pow(2).mean(-1, keepdim=True) + self.eps)


class _Absolute(_Llama):
    power = 1


class _Softmax(torch.nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.softmax(x, dim=-1, dtype=torch.float32).to(x.dtype)


class _Rounding(torch.nn.Module):
    def forward(self, x: Any) -> Any:
        h = x.float()
        return (h + (torch.round(h * 10) / 10 - h).detach()).to(x.dtype)


class _Stays(torch.nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.tanh(x.float())


@pytest.mark.parametrize(
    ("candidate", "like", "found"),
    [
        (_Llama, "RMSNorm", []),
        (_T5, "RMSNorm", []),
        (_Cut, "RMSNorm", ["statistics-constant"]),
        (_Absolute, "RMSNorm", ["forward-value"]),
        (_Softmax, "Softmax", []),
        (_Rounding, None, ["gradient-value"]),
        (_Stays, "tanh", ["forward-dtype"]),
    ],
)
def test_modules_that_compute_in_float32(candidate: type, like: str | None, found: list[str]) -> None:
    assert [finding.diagnosis for finding in bp.check(candidate, like=like).findings] == found


def _normalized(x: Any) -> Any:
    y = x.astype(np.float32)
    return ((y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-5)).astype(x.dtype)


def _normalized_back(factor: float) -> Any:
    def backward(g: Any, x: Any) -> Any:
        y = x.astype(np.float32)
        inv = 1 / np.sqrt(y.var(-1, keepdims=True) + 1e-5)
        h = (y - y.mean(-1, keepdims=True)) * inv
        mean = g.mean(-1, keepdims=True) + factor * h * (g * h).mean(-1, keepdims=True)
        return (inv * (g - mean)).astype(x.dtype)

    return backward


@pytest.mark.parametrize(("factor", "found"), [(1.0, []), (0.0, ["statistics-constant"])])
def test_arrays_that_are_computed_in_float32(factor: float, found: list[str]) -> None:
    judged = bp.check((_normalized, _normalized_back(factor)), like=None)
    assert [finding.diagnosis for finding in judged.findings] == found


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
