"""What names are taken to mean, from tables of names that people use."""

from __future__ import annotations

import pytest

from backproof.checking.adapt.words import names
from backproof.checking.adapt.words.kinds import kind_of, looks_like_optimizer
from backproof.checking.adapt.words.pairing import find_pairs
from backproof.checking.adapt.words.signatures import Parameter

MEANINGS = {
    "in_features": ["in_features", "input_dim", "n_in", "in_dim", "input_size", "fan_in", "nin", "InputSize"],
    "out_features": ["out_features", "output_dim", "n_out", "out_dim", "output_size", "fan_out", "units"],
    "dim": ["dim", "axis"],
    "negative_slope": ["negative_slope", "alpha", "slope", "leak"],
    "average": ["average", "size_average"],
    "lr": ["lr", "learning_rate", "learningRate", "alpha", "eta", "step_size"],
    "momentum": ["momentum", "beta", "mu", "gamma"],
    "beta1": ["beta1", "beta_1", "b1"],
    "beta2": ["beta2", "beta_2", "b2"],
    "eps": ["eps", "epsilon"],
    "params": ["params", "parameters", "weights", "model_params"],
    "grads": ["grads", "gradients", "dw"],
    "weight": ["weight", "weights", "W", "w", "kernel"],
    "bias": ["bias", "biases", "b", "beta"],
}


@pytest.mark.parametrize(("meaning", "name"), [(m, n) for m, some in MEANINGS.items() for n in some])
def test_synonyms(meaning: str, name: str) -> None:
    assert names.means(name, meaning)


def test_the_same_name_wins_over_a_synonym() -> None:
    assert names.canonical("alpha", ["lr", "alpha"]) == "alpha"
    assert names.canonical("alpha", ["lr", "eps"]) == "lr"
    assert names.canonical("hidden", ["lr", "eps"]) is None


LOSSES = [
    ("y_pred", "y_true"),
    ("input", "target"),
    ("logits", "labels"),
    ("pred", "gt"),
    ("y_hat", "y"),
    ("out", "t"),
    ("predictions", "actual"),
    ("probs", "y"),
    ("x", "y"),
    ("y_p", "y"),
    ("output", "one_hot"),
    ("yp", "yt_true"),
]


@pytest.mark.parametrize(("prediction", "target"), LOSSES)
def test_the_target_of_a_loss_is_told_from_the_prediction(prediction: str, target: str) -> None:
    assert names.target_score(prediction) < names.target_score(target)


@pytest.mark.parametrize(
    "name",
    "grad_output grad g dout dy dA dZ dL_dy dLdy upstream delta in_gradient output_gradient dvalues gout "  # noqa: SIM905
    "upstream_grad prev_grad accum_grad gradient d_out dscores".split(),
)
def test_names_of_the_incoming_gradient(name: str) -> None:
    assert names.is_upstream(name)


@pytest.mark.parametrize(
    "name",
    ["x", "z", "input", "y", "out", "cache", "dim", "data", "dtype", "target", "weight", "y_pred", "depth"],
)
def test_names_of_anything_else(name: str) -> None:
    assert not names.is_upstream(name)


GRADIENTS = {
    "input": ["dx", "dX", "grad_input", "input_grad", "d_inputs", "dinputs", "grad_x", "dz"],
    "weight": [
        "dW",
        "grad_weight",
        "weight_grad",
        "dweights",
        "grad_W",
        "W_grad",
        "weights_gradient",
        "dL_dW",
    ],
    "bias": ["db", "grad_bias", "bias_grad", "dbiases", "b_grad"],
}


@pytest.mark.parametrize(("role", "name"), [(r, n) for r, some in GRADIENTS.items() for n in some])
def test_names_under_which_gradients_are_kept(role: str, name: str) -> None:
    assert names.normalise(name) in names.gradient_names(role)
    assert all(
        names.normalise(name) not in names.gradient_names(other) for other in GRADIENTS if other != role
    )


PAIRS = [
    ("tanh", "tanh_backward"),
    ("sigmoid", "sigmoid_grad"),
    ("relu", "d_relu"),
    ("relu", "drelu"),
    ("relu", "relu_prime"),
    ("relu", "relu_derivative"),
    ("softmax_forward", "softmax_backward"),
    ("sigmoid", "grad_sigmoid_manual"),
    ("mse_loss", "mse_loss_grad"),
    ("mse_loss", "mse_grad"),
    ("forward", "backward"),
    ("f", "df"),
    ("f", "f_prime"),
    ("f", "grad_f"),
    ("leakyReLU", "leakyReLUBackward"),
    ("my_tanh", "my_tanh_bwd"),
    ("tanh", "derivative_of_tanh"),
]


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
def test_functions_are_paired(forward: str, backward: str) -> None:
    found = find_pairs({backward: abs, "unrelated": abs, forward: abs}, {})
    assert [(pair.forward, pair.backward) for pair in found] == [(forward, backward)]


def test_the_explicit_forward_goes_with_the_explicit_backward() -> None:
    found = find_pairs(dict.fromkeys(["relu", "relu_forward", "relu_backward", "relu_prime"], abs), {})
    assert [(p.forward, p.backward) for p in found] == [
        ("relu_forward", "relu_backward"),
        ("relu", "relu_prime"),
    ]


@pytest.mark.parametrize(
    "name", ["zero_grad", "numerical_gradient", "check_grad", "plot_gradient", "conv_2d"]
)
def test_tools_are_no_backwards(name: str) -> None:
    assert (
        find_pairs({name: abs, "zero": abs, "numerical": abs, "check": abs, "plot": abs, "conv": abs}, {})
        == []
    )


def _some(*found: str) -> list[Parameter]:
    return [Parameter(name) for name in found]


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("MyTanh", ["x"], "activation"),
        ("L2Loss", ["a", "b"], "loss"),
        ("L2Loss", ["x"], "loss"),
        ("Tanh", ["a", "b"], "function"),
        ("Softmax", ["x", "dim"], "activation"),
        ("FocalLoss", ["inputs", "targets"], "loss"),
        ("Distance", ["y_pred", "y_true"], "loss"),
        ("GELUApprox", ["x"], "activation"),
        ("LinearLayer", ["x"], "layer"),
        ("matmul", ["x", "w"], "function"),
        ("RegressionModel", ["x"], "model"),
        ("cube", ["x"], "function"),
        ("multiply", ["a", "b"], "function"),
    ],
)
def test_kinds(name: str, arguments: list[str], kind: str) -> None:
    assert kind_of(name, _some(*arguments)) == kind


@pytest.mark.parametrize(
    ("name", "constructor", "step", "is_one"),
    [
        ("AdamOptimizer", ["params", "lr"], [], True),
        ("Momentum", ["lr"], ["w", "dw"], True),
        ("SGD", [], ["params", "grads"], True),
        ("Descent", ["params", "learning_rate"], [], True),
        ("StepLR", ["optimizer"], [], False),
        ("Environment", ["size"], ["action"], False),
        ("Trainer", ["params", "lr"], [], False),
        ("Counter", [], [], False),
    ],
)
def test_optimizers(name: str, constructor: list[str], step: list[str], is_one: bool) -> None:
    assert looks_like_optimizer(name, _some(*constructor), _some(*step)) is is_one
