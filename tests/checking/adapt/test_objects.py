"""One object at a time, as `backproof.check` is given it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from backproof.checking.candidate import Signature
from backproof.checking.discover import NotACandidate, adapt


class _Sine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grads[0] * torch.cos(x)


class _Identity:
    def forward(self, x: Any) -> Any:
        return x

    def backward(self, g: Any) -> Any:
        return g


class _Descent:
    def __init__(self, params: Any, lr: float) -> None:
        self.params, self.lr = params, lr

    def step(self) -> None:
        with torch.no_grad():
            for p in self.params:
                p.sub_(self.lr * p.grad)


@pytest.mark.parametrize(
    ("obj", "style"),
    [
        (_Sine, "torch-autograd-function"),
        (_Identity, "numpy-class"),
        (_Identity(), "numpy-class"),
        (torch.nn.ReLU(), "torch-module"),
        (torch.nn.Softmax, "torch-module"),
        ((np.tanh, lambda g, x: g / np.cosh(x) ** 2), "function-pair"),
        ([np.tanh, np.cosh], "function-pair"),
        (_Descent, "torch-optimizer"),
        (torch.optim.SGD, "torch-optimizer"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_one_object_is_adapted(obj: object, style: str) -> None:
    assert adapt(obj).description.style == style


def test_an_instance_made_of_modules_is_a_model() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(11, 4), torch.nn.Tanh())
    candidate = adapt(model)
    assert candidate.description.kind == "model"
    (convention,) = candidate.conventions(Signature("elementary", {"input": (7, 5)}))
    assert convention["shapes"]["input"] == [3, 11]
    assert model[0].weight.dtype == torch.float32


def test_a_name_can_be_given() -> None:
    assert adapt(_Identity, name="Tanh").description.name == "Tanh"
    assert adapt((np.tanh, np.cosh)).description.name == "tanh"
    assert adapt((np.tanh, np.cosh), name="mine").description.name == "mine"
    assert adapt(_Identity, name="Tanh").description.kind == "activation"


class _Locked(_Identity):
    def __init__(self) -> None:
        self.lock = threading.Lock()


def _not_candidates() -> Iterator[tuple[object, str]]:
    class OnlyForward:
        def forward(self, x: Any) -> Any:
            return x

    class Sigmoid(OnlyForward):
        pass

    yield 3, "int"
    yield "tanh", "str"
    yield None, "NoneType"
    yield OnlyForward, "which has forward"
    yield Sigmoid, "no backward or grad method"
    yield np.tanh, "ufunc"
    yield (lambda x: x), "alone"
    yield len, "function len alone"
    yield (np.tanh,), "pair of functions"
    yield (np.tanh, 3), "pair of functions"
    yield (np.tanh, np.cosh, np.sinh), "pair of functions"
    yield _Descent([], 0.1), "give _Descent itself"
    yield _Locked(), "cannot pickle"


@pytest.mark.parametrize(("obj", "said"), list(_not_candidates()), ids=lambda value: type(value).__name__)
def test_anything_else_is_refused_with_what_was_expected(obj: object, said: str) -> None:
    with pytest.raises(NotACandidate, match="expected") as error:
        adapt(obj)
    assert said in str(error.value)
    assert isinstance(error.value, TypeError)
