"""The front door: the names of torch.nn, and modules that behave as PyTorch's in a program."""

from __future__ import annotations

import copy
import importlib
import pickle
from typing import Any

import pytest
import torch

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.classes import MODULES, make


def test_every_op_that_torch_has_a_class_for_has_a_module() -> None:
    expected = {name for name, op in CATALOGUE.items() if op.kind != "elementary"}
    assert MODULES.keys() == expected
    for name, cls in MODULES.items():
        assert getattr(nn, name) is cls
        assert issubclass(cls, getattr(torch.nn, name))
        assert pickle.loads(pickle.dumps(cls)) is cls  # noqa: S301 - our own
        assert (cls.__doc__ or "").startswith((CATALOGUE[name].__doc__ or "").partition("\n")[0])


def test_every_other_name_is_pytorchs() -> None:
    for name in dir(torch.nn):
        if name not in MODULES and not name.startswith("_"):
            assert getattr(nn, name) is getattr(torch.nn, name)
    assert {name for name in dir(torch.nn) if not name.startswith("_")} <= set(nn.__all__)
    assert dir(nn) == list(nn.__all__)
    with pytest.raises(AttributeError, match="has the name 'Lineal'"):
        nn.Lineal  # noqa: B018
    starred: dict[str, Any] = {}
    exec("from backproof.torch.nn import *", starred)  # noqa: S102 - what a star brings
    assert starred["Tanh"] is MODULES["Tanh"]
    assert starred["Sequential"] is torch.nn.Sequential


def test_our_files_hide_no_name_of_torch_nn() -> None:
    for name in ("asking", "attending", "autocast", "checks", "classes", "forwards", "function", "namespace"):
        importlib.import_module(f"backproof.torch.nn.{name}")
        assert not hasattr(torch.nn, name)


def test_an_op_that_torch_has_no_class_for() -> None:
    with pytest.raises(TypeError, match="got op='Nonesuch'"):
        make(CATALOGUE["Tanh"].replace(name="Nonesuch"))


def test_subclasses_hooks_and_copies() -> None:
    class Twice(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(input)

    torch.manual_seed(0)
    model = nn.Sequential(Twice(5, 3), nn.Tanh())
    seen: list[Any] = []

    def backward(module: torch.nn.Module, given: Any, upstream: Any) -> None:
        seen.append(upstream[0].shape)

    model[1].register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
    model[1].register_full_backward_hook(backward)
    x = torch.randn(7, 5)
    model(x).sum().backward()
    assert seen == [(7, 3), (7, 3)]
    torch.testing.assert_close(copy.deepcopy(model)(x), model(x))
    state = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    assert not torch.func.functional_call(model, state, x).any()


def test_parametrized_weights() -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Linear(5, 3))
    layer(torch.randn(7, 5)).sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


# --- In place ------------------------------------------------------------------------------------

INPLACE = (
    "ReLU",
    "ReLU6",
    "LeakyReLU",
    "ELU",
    "SELU",
    "CELU",
    "SiLU",
    "Mish",
    "Hardtanh",
    "Hardswish",
    "Dropout",
)


@pytest.mark.parametrize("name", INPLACE)
def test_inplace_is_the_input_itself(name: str) -> None:
    x = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(9, dtype=torch.float64)
    results = []
    for cls in (getattr(nn, name), getattr(torch.nn, name)):
        torch.manual_seed(0)
        given = 2 * x
        output = cls(inplace=True)(given)
        assert output is given
        assert given._version == 1
        results.append((output, *torch.autograd.grad(output, x, upstream)))
    torch.testing.assert_close(*results)


def test_a_leaf_is_not_written_over() -> None:
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        nn.ReLU(inplace=True)(torch.ones(3, requires_grad=True))


def test_what_is_written_over_is_seen_to_be() -> None:
    x = torch.linspace(-2, 2, 5, requires_grad=True)
    output = nn.Tanh()(x)
    output.add_(1)  # the rule of tanh looks at it
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


# --- What stays PyTorch's ------------------------------------------------------------------------


def test_integers_complex_and_sparse_numbers_stay_pytorchs() -> None:
    assert nn.ReLU()(torch.tensor([-1, 2])).tolist() == [0, 2]
    z = torch.tensor([1 + 1j], requires_grad=True)
    nn.Tanh()(z).abs().sum().backward()
    w = torch.tensor([1 + 1j], requires_grad=True)
    torch.nn.Tanh()(w).abs().sum().backward()
    torch.testing.assert_close(z.grad, w.grad)
    assert nn.ReLU()(torch.eye(3).to_sparse()).is_sparse


@pytest.mark.parametrize(
    "options",
    [{"max_norm": 0.5}, {"scale_grad_by_freq": True}, {"sparse": True}],
    ids=lambda o: next(iter(o)),
)
def test_options_of_embedding_that_stay_pytorchs(options: dict[str, Any]) -> None:
    results = []
    for cls in (nn.Embedding, torch.nn.Embedding):
        torch.manual_seed(0)
        layer = cls(5, 3, **options)
        output = layer(torch.tensor([1, 1, 4]))
        output.sum().backward()
        assert layer.weight.grad is not None
        results.append((output, layer.weight.grad.to_dense(), layer.weight))
    torch.testing.assert_close(*results)


def test_pooling_with_indices_stays_pytorchs() -> None:
    x = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(
        nn.MaxPool2d(2, return_indices=True)(x), torch.nn.MaxPool2d(2, return_indices=True)(x)
    )


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Softmin"])
def test_an_axis_that_is_guessed(name: str) -> None:
    x = torch.randn(2, 3, 5)
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        got = getattr(nn, name)()(x)
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        expected = getattr(torch.nn, name)()(x)
    torch.testing.assert_close(got, expected)
