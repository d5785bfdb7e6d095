"""How modules are called and made: by position and by name, as in PyTorch, and what is said otherwise."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.nn import component
from tests.ops.examples import generator

X = generator("calls").standard_normal((5, 3))
Y = generator("called").standard_normal((5, 3))

#: The same call in two ways.
NAMED: dict[str, tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...], dict[str, Any]]] = {
    "layer": (lambda: nn.Linear(3, 2, rng=0), (X,), (), {"input": X}),
    "loss": (nn.MSELoss, (X, Y), (), {"target": Y, "input": X}),
    "loss, half": (nn.GaussianNLLLoss, (X, Y, np.ones((5, 1))), (X,), {"var": np.ones((5, 1)), "target": Y}),
    "triplet": (nn.TripletMarginLoss, (X, Y, 2 * X), (X,), {"negative": 2 * X, "positive": Y}),
    "cell": (lambda: nn.GRUCell(3, 3, rng=0), (X, Y), (X,), {"hx": Y}),
    "memory": (lambda: nn.LSTMCell(3, 3, rng=0), (X, (Y, X)), (X,), {"hx": (Y, X)}),
    "norm": (lambda: nn.BatchNorm1d(3), (X,), (), {"input": X}),
    "dropout": (lambda: nn.Dropout(rng=0), (X,), (), {"input": X}),
}


@pytest.mark.parametrize(("make", "places", "positional", "names"), NAMED.values(), ids=NAMED)
def test_inputs_by_name(make: Any, places: Any, positional: Any, names: Any) -> None:
    np.testing.assert_array_equal(make()(*positional, **names), make()(*places))


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "none": (nn.Linear(3, 3), r"^Linear takes \(input\); got 0 arrays$"),
    "two": (lambda: nn.ReLU()(X, X), r"^ReLU takes \(input\); got 2 arrays$"),
    "half of a loss": (lambda: nn.MSELoss()(X), r"^MSELoss takes \(input, target\); got 1 array$"),
    "another name": (
        lambda: nn.MSELoss()(X, y=X),
        r"^MSELoss takes \(input, target\); got 1 array and y$",
    ),
    "twice": (lambda: nn.Linear(3, 3)(X, input=X), r"^Linear takes \(input\); got 1 array and input$"),
    "of a layer's own forward": (nn.BatchNorm1d(3), r"BatchNorm1d\.forward\(\) missing .*'input'"),
    "no pair": (lambda: nn.LSTMCell(3, 3)(X, X), r"state as hx=\(h, c\); got hx of type ndarray"),
}


@pytest.mark.parametrize(("call", "said"), WRONG.values(), ids=WRONG)
def test_wrong_numbers_of_inputs(call: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call()


#: Constructors called by position, as PyTorch's are.
POSITIONAL = [
    ("TripletMarginLoss", (0.5, 3.0, 1e-5, True)),
    ("MultiMarginLoss", (2, 0.5)),
    ("PoissonNLLLoss", (False, True, None, 1e-3)),
    ("HuberLoss", ("sum", 0.5)),
    ("SmoothL1Loss", (None, None, "none", 0.25)),
    ("NLLLoss", (None, None, 1, None, "sum")),
    ("CrossEntropyLoss", (None, None, 1, None, "sum", 0.1)),
    ("KLDivLoss", (None, None, "sum", True)),
    ("LeakyReLU", (0.5, True)),
    ("Hardtanh", (-2.0, 3.0, True)),
    ("Threshold", (0.5, 2.0, False)),
    ("Dropout", (0.25, True)),
    ("MaxPool2d", (3, 2, 1, 1, False, True)),
    ("Linear", (3, 2, False, "cpu", None)),
]


@pytest.mark.parametrize(("name", "given"), POSITIONAL, ids=[name for name, _ in POSITIONAL])
def test_constructors_by_position(name: str, given: tuple[Any, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of its old arguments
        module, twin = getattr(nn, name)(*given), getattr(torch.nn, name)(*given)
    for option in (*module.op.options, "inplace"):
        if hasattr(twin, option):
            assert getattr(module, option) == getattr(twin, option)
    assert repr(module) == repr(twin)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "reduction": (lambda: nn.MSELoss(reduction="men"), ValueError, "MSELoss.*'sum'.*reduction='men'"),
    "delta": (lambda: nn.HuberLoss(delta=-1), ValueError, "HuberLoss is positive; got delta=-1"),
    "a text": (lambda: nn.SmoothL1Loss(beta="1"), TypeError, r"SmoothL1Loss\(beta='1'\)"),  # type: ignore[arg-type]  # that is what is wrong
    "smoothing": (lambda: nn.CrossEntropyLoss(label_smoothing=2), ValueError, "label_smoothing=2"),
    "approximate": (lambda: nn.GELU("erf"), ValueError, "GELU takes .*approximate='erf'"),
    "old argument": (lambda: nn.MSELoss(True), ValueError, "MSELoss for NumPy takes size_average=None alone"),
    "padding": (lambda: nn.Conv2d(3, 4, 2, padding="foo"), ValueError, "Conv2d expects .*padding='foo'"),
    "same": (lambda: nn.Conv1d(3, 4, 2, 2, "same"), ValueError, r"padding='same' with stride=\(2,\)"),
    "mode": (
        lambda: nn.Conv2d(3, 4, 2, padding_mode="reflect"),
        ValueError,
        "Conv2d for NumPy takes padding_mode='zeros' alone; got padding_mode='reflect'",
    ),
    "kernel": (lambda: nn.Conv2d(3, 4, 0), ValueError, "kernel_size=0"),
    "indices": (lambda: nn.MaxPool2d(2, return_indices=True), ValueError, "return_indices=True"),
    "stride": (lambda: nn.AvgPool2d(2, -1), ValueError, "stride=-1"),
    "norm": (lambda: nn.Embedding(3, 2, max_norm=1.0), ValueError, "Embedding for .*max_norm=1.0"),  # type: ignore[arg-type]  # that is what is wrong
    "nonlinearity": (lambda: nn.RNNCell(3, 2, True, "sig"), ValueError, "RNNCell expects .*='sig'"),
    "size": (
        lambda: nn.Linear(3.0, 2),  # type: ignore[arg-type]  # that is what is wrong
        TypeError,
        r"Linear expects in_features .* got in_features=3.0 \(float\)",
    ),
    "negative": (
        lambda: nn.BatchNorm1d(-1),
        ValueError,
        "num_features to be at least 0; got num_features=-1",
    ),
    "shape": (lambda: nn.LayerNorm((3, 2.0)), TypeError, "LayerNorm expects normalized_shape"),  # type: ignore[arg-type]  # that is what is wrong
    "device": (lambda: nn.GRUCell(3, 2, device="cuda"), ValueError, "None or 'cpu' alone; got device='cuda'"),
    "dtype": (lambda: nn.PReLU(dtype=int), ValueError, "PReLU expects a floating dtype; got dtype=int64"),
    "attention": (lambda: nn.MultiheadAttention(4, 2, 1.5), ValueError, "dropout to be a probability"),
    "no number": (lambda: nn.ELU("foo"), TypeError, r"^ELU\('foo'\): "),  # type: ignore[arg-type]  # that is what is wrong
    "no second number": (lambda: nn.Softplus(2, "a"), TypeError, r"^Softplus\(2, 'a'\): "),  # type: ignore[arg-type]  # that is what is wrong
    "sizes": (
        lambda: nn.Conv2d(3, 5, 2.0),  # type: ignore[arg-type]  # that is what is wrong
        TypeError,
        "Conv2d expects kernel_size to be a whole number; got kernel_size=2.0",
    ),
    "no name": (
        lambda: nn.Conv2d(foo=1),  # type: ignore[call-arg]  # that is what is wrong
        TypeError,
        r"^Conv2d.__init__\(\) got an unexpected keyword argument 'foo'",
    ),
    "a letter": (lambda: nn.Dropout("a"), TypeError, r"Dropout expects p to be a number; got p='a' \(str\)"),  # type: ignore[arg-type]  # that is what is wrong
    "momentum": (
        lambda: nn.BatchNorm1d(3, momentum="a"),  # type: ignore[arg-type]  # that is what is wrong
        TypeError,
        "BatchNorm1d expects momentum to be a number; got momentum='a'",
    ),
    "eps": (
        lambda: nn.BatchNorm1d(3, eps=-1),
        ValueError,
        "BatchNorm1d expects eps to be at least 0; got eps=-1",
    ),
    "bounds": (lambda: nn.Hardtanh(1, -1), ValueError, r"Hardtanh\(1, -1\): max_val is above min_val"),
    "divisor": (
        lambda: nn.AvgPool2d(2, divisor_override=1.5),  # type: ignore[arg-type]  # that is what is wrong
        TypeError,
        "AvgPool2d expects divisor_override to be a whole number",
    ),
    "required": (
        lambda: nn.Threshold(value=1.0),  # type: ignore[call-arg]  # that is what is wrong
        TypeError,
        r"Threshold\(value=1.0\): missing a required argument: 'threshold'",
    ),
}


@pytest.mark.parametrize(("make", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said_when_the_module_is_made(make: Any, kind: Any, said: str) -> None:
    with pytest.raises(kind, match=said):
        make()


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize("name", ["Softmax", "Softmin", "LogSoftmax"])
def test_without_an_axis_it_is_chosen_as_in_torch(name: str) -> None:
    module, twin = getattr(nn, name)(), getattr(torch.nn, name)()
    inputs = [generator("axis").standard_normal((3, 2, 5, 4)[:rank]) for rank in (1, 2, 3, 4)]
    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    outputs = [twin(leaf) for leaf in leaves]
    for x, expected in zip(inputs, outputs, strict=True):
        with pytest.warns(UserWarning, match=rf"{name}\(dim=None\) was made without dim.*of {x.ndim} axes"):
            np.testing.assert_allclose(module(x), expected.detach().numpy(), rtol=1e-12)
    for x, leaf, output in reversed([*zip(inputs, leaves, outputs, strict=True)]):
        output.backward(torch.tensor(x))
        np.testing.assert_allclose(module.backward(x), leaf.grad, rtol=1e-9, atol=1e-12)


# Which calls are kept.


def test_validation_in_training_mode_does_not_pile_up() -> None:
    model, loss = nn.Linear(3, 3, rng=0), nn.MSELoss()
    for _ in range(4):
        loss(model(X), Y)
        model.backward(loss.backward())
        model.update_parameters(0.1)
        for _ in range(3):
            loss(model(X), Y)
    assert len(model._calls) == len(loss._calls) == 3
    model.eval()
    for _ in range(3):
        loss(model(X), Y)
        loss.backward()
    assert len(model._calls) == 1
    loss(model(X), Y)
    assert len(loss._calls) == 1


def test_calls_that_wait_are_answered_the_latest_first() -> None:
    layer, upstream = nn.Linear(3, 2, rng=0), np.ones((5, 2))
    for x in (X, Y, 2 * X):
        layer(x)
    gradients = []
    for _ in range(3):
        layer.zero_grad()
        layer.backward(upstream)
        gradients.append(np.array(layer.grads["weight"]))
    for got, x in zip(gradients, (2 * X, Y, X), strict=True):
        np.testing.assert_allclose(got, upstream.T @ x, rtol=1e-5)


def test_a_backward_of_a_call_that_was_let_go_is_refused() -> None:
    layer, upstream = nn.Linear(3, 2, rng=0), np.ones((5, 2))
    layer(X)
    layer(X)
    layer.backward(upstream)
    layer(X)  # the first call was left behind
    layer.backward(upstream)
    with pytest.raises(RuntimeError, match="The first call after a backward lets go of those before it"):
        layer.backward(upstream)
    layer.eval()
    with pytest.raises(RuntimeError, match=r"in eval\(\) only the last call is kept; say train\(\)"):
        layer.backward(upstream)


def test_calls_that_take_too_much_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component, "LIMIT", 2**20)
    relu, x = nn.ReLU(), np.ones(2**14)
    for _ in range(4):
        relu(x)
    with pytest.warns(ResourceWarning, match=r"ReLU\(\) was called 4 times in training .* than 1 MiB"):
        relu(x)
    for _ in range(3):
        relu(x)  # said once
    assert len(relu._calls) == 4
    for _ in range(500):
        nn.ReLU()(np.ones(1))  # so few bytes that they may wait


def test_a_prediction_before_the_backward_is_named() -> None:
    model = nn.Linear(3, 2, rng=0)
    model(X)
    model(X[:2])
    with pytest.raises(ValueError, match=r"A prediction between a forward and its backward counts as a call"):
        model.backward(np.ones((5, 2)))
